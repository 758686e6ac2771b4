"""A chat that wants to be forgotten: what goes with it, what is not its own, and that no byte of it stays behind."""

import json
import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.storage.store import Store
from bot.tracking.guests import Verdict
from bot.tracking.lifecycle import decide
from bot.tracking.model import Subscription, Task
from providers.base import Output, OutputKind, Snapshot, State

NOW = 1000.0
SOMEBODY, FRIEND, GROUP = 7_123_456_789_012, 7_123_456_789_345, -1_001_234_567_890


async def follow(store: Store, name: str, chat_id: int, user_id: int = SOMEBODY) -> Task:
    async with store.transaction() as tx:
        task = await tx.find_task(name, "", "") or await tx.add_task(name, "", "", NOW, NOW + 100)
        await tx.subscribe(task, Subscription(0, 0, chat_id, 0, user_id, 5), NOW)
    return task


async def end(store: Store, task: Task, prompt: str = "") -> None:
    output = Output(OutputKind.VIDEO, f"https://cdn.example/{task.external_id}.mp4")
    snapshot = Snapshot(State.SUCCEEDED, "done", model="m", prompt=prompt, outputs=(output,))
    decision = decide(replace(task, provider="token360", account=0, kind="video"), snapshot, NOW)
    async with store.transaction() as tx:
        await tx.record(decision.task, NOW)
        await tx.remember_file(task.id, 0, "video", f"file of {task.external_id}")


async def forget(store: Store, chat_id: int, query_id: str = "q") -> None:
    async with store.transaction() as tx:
        await tx.forget_chat(chat_id, query_id)


def asked(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "rushes.db", timeout=5)) as connection:
        return connection.execute(sql).fetchall()


def in_files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_no_byte_of_what_is_forgotten_stays_behind(store: Store, tmp_path: Path) -> None:
    """Rows of all lengths, so that pages are split and merged: whatever SQLite moves, it leaves no copy."""
    chance = random.Random(1)  # noqa: S311 - no secret
    chats = {SOMEBODY + number: f"mark{number:03d}" for number in range(24)}
    for chat_id, mark in chats.items():
        for number in range(chance.randint(1, 5)):
            task = await follow(store, f"{mark}x{number}" + "y" * chance.randint(0, 200), chat_id, chat_id)
            await end(store, task, f"{mark} " + "p" * chance.randint(0, 6000))
            async with store.transaction() as tx:
                await tx.reply(Subscription(0, 0, chat_id, 0, 0, 0), {"say": "x", "id": mark}, NOW)
        async with store.transaction() as tx:
            await tx.hear(chat_id, "zh", NOW)
            await tx.choose(chat_id, 0, "spoiler", True)
            await tx.judge(chat_id, Verdict.ASKED, mark, NOW)
    for chat_id in list(chats)[::2]:
        await forget(store, chat_id)
    assert await store.empty_log()
    held = in_files(tmp_path)
    found = {mark: mark.encode() in held or chat.to_bytes(6, "big") in held for chat, mark in chats.items()}
    assert found == {mark: bool(number % 2) for number, mark in enumerate(chats.values())}
    assert asked(tmp_path, "PRAGMA foreign_key_check") == []


async def test_what_others_have_stays_theirs(store: Store, tmp_path: Path) -> None:
    shared, own = await follow(store, "shared", SOMEBODY), await follow(store, "own", SOMEBODY)
    await follow(store, "shared", FRIEND, FRIEND)
    in_group = await follow(store, "in the group", GROUP)
    await end(store, shared)
    while not store.tasks_changed.empty():
        store.tasks_changed.get_nowait()
    await forget(store, SOMEBODY)
    assert asked(tmp_path, "SELECT external_id FROM tasks ORDER BY id") == [("shared",), ("in the group",)]
    assert asked(tmp_path, "SELECT chat_id, user_id FROM subscriptions ORDER BY id") == [(FRIEND, FRIEND), (GROUP, 0)]
    assert await store.file_of(shared.id, 0) is not None
    assert {row.chat_id for row in await store.due_deliveries(NOW, 9, 99)} == {FRIEND, GROUP}
    woken = {store.tasks_changed.get_nowait() for _ in range(store.tasks_changed.qsize())}
    assert woken == {shared.id, own.id}
    assert [task.id for task in await store.open_tasks()] == [in_group.id]


async def test_a_verdict_stays_without_the_name_and_a_request_goes(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.judge(SOMEBODY, Verdict.DENIED, "Mallory", NOW)
        await tx.judge(FRIEND, Verdict.ASKED, "Trudy", NOW)
    await forget(store, SOMEBODY)
    await forget(store, FRIEND)
    async with store.transaction() as tx:
        known = await tx.guest(SOMEBODY)
        assert known is not None
        assert (known.verdict, known.name) == (Verdict.DENIED, "")
        assert await tx.guest(FRIEND) is None


async def test_tokens_and_invitations_go_with_whoever_made_them(store: Store, tmp_path: Path) -> None:
    async with store.transaction() as tx:
        await tx.add_invite("mine", 1, NOW + 9, SOMEBODY, NOW)
        await tx.add_invite("theirs", 1, NOW + 9, FRIEND, NOW)
    with closing(sqlite3.connect(tmp_path / "rushes.db")) as connection:
        rows = [(1, SOMEBODY, SOMEBODY), (2, GROUP, SOMEBODY), (3, GROUP, FRIEND)]
        for row in rows:
            connection.execute(
                "INSERT INTO tokens (digest, seed, chat_id, user_id, created_at) VALUES (?, '', ?, ?, 1)", row
            )
        connection.commit()
    await forget(store, SOMEBODY)
    assert asked(tmp_path, "SELECT digest FROM invites") == [("theirs",)]
    assert asked(tmp_path, "SELECT digest FROM tokens") == [("3",)]
    await forget(store, GROUP)
    assert asked(tmp_path, "SELECT digest FROM tokens") == []


async def test_what_was_said_before_goes_and_what_is_said_after_is_handled(store: Store) -> None:
    said = {"message": {"chat": {"id": SOMEBODY}}}
    pressed = {"callback_query": {"id": "q", "message": {"chat": {"id": SOMEBODY}}}}
    other = {"message": {"chat": {"id": FRIEND}}}
    bodies = [(number, json.dumps(body)) for number, body in enumerate((said, other, pressed, said), start=1)]
    async with store.transaction() as tx:
        await tx.keep_updates(bodies, NOW)
    await forget(store, SOMEBODY)
    assert [number for number, _ in await store.waiting_updates()] == [2, 3, 4]


async def test_who_forgets_is_known_until_it_has_been_said(store: Store) -> None:
    assert not await store.is_saying_goodbye()
    store.chat_forgotten.clear()
    async with store.transaction() as tx:
        await tx.forget_chat(SOMEBODY, "q")
        await tx.reply(Subscription(0, 0, SOMEBODY, 0, 0, 0), {"say": "forgotten"}, NOW)
    assert store.chat_forgotten.is_set()
    assert await store.is_saying_goodbye()
    (row,) = await store.due_deliveries(NOW, 9, 9)
    async with store.transaction() as tx:
        await tx.drop_goodbyes()
    assert await store.is_saying_goodbye()
    async with store.transaction() as tx:
        await tx.bury(row.id, "the message is gone")
        await tx.drop_goodbyes()
    assert not await store.is_saying_goodbye()
