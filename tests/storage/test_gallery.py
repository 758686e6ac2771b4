"""Somebody's own finished media: what is found, and what is nobody else's business."""

from dataclasses import replace

import pytest

from bot.storage.store import Store
from bot.tracking.gallery import Place
from bot.tracking.model import Ending, Subscription
from providers.base import Output, OutputKind, Snapshot, State

TWO = (Output(OutputKind.IMAGE, "https://cdn.example/1.png"), Output(OutputKind.IMAGE, "https://cdn.example/2.png"))
ME = 70


async def track(store: Store, name: str, **where: int) -> None:
    """A task with two pictures, `<prompt>/<model>/<ID>` its name, that has ended; Telegram holds both."""
    prompt, model, external_id = name.split("/")
    place = (where.get("chat_id", ME), where.get("thread_id", 0), where.get("user_id", ME))
    async with store.transaction() as tx:
        task = await tx.find_task(external_id, "", "") or await tx.add_task(external_id, "", "", 0.0, 1e9)
        await tx.subscribe(task, Subscription(0, 0, *place, 3), 0.0)
        snapshot = Snapshot(State.SUCCEEDED, outputs=TWO, prompt=prompt, model=model)
        located = replace(task, provider="token360", account=0, kind="image", ending=Ending.DONE, snapshot=snapshot)
        await tx.record(located, 0.0)
        for output in (0, 1):
            await tx.remember_file(task.id, output, "photo", f"{external_id}.{output}")


async def deliver(store: Store) -> None:
    while rows := await store.due_deliveries(10.0, 99, 99):
        for row in rows:
            async with store.transaction() as tx:
                await tx.note_messages(row, [1] * max(1, len(row.outputs)))
                await tx.finish(row)


async def found(
    store: Store, text: str = "", *, user_id: int = ME, after: Place | None = None, limit: int = 9
) -> list[str]:
    return [find.file_id for find in await store.media_of(user_id, text, after, limit)]


async def test_the_newest_first_and_each_output_in_its_place(store: Store) -> None:
    for name in ("a cat/m/t1", "a dog/m/t2"):
        await track(store, name)
    assert await found(store) == []
    await deliver(store)
    everything = ["t2.0", "t2.1", "t1.0", "t1.1"]
    assert await found(store) == everything
    first, *_ = await store.media_of(ME, "", None, 1)
    assert (first.task.external_id, first.form, first.place.output) == ("t2", "photo", 0)
    pages, after = [], None
    while page := await store.media_of(ME, "", after, 1):
        pages += [find.file_id for find in page]
        after = page[-1].place
    assert pages == everything


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["t3", "t2", "t1"]),
        ("cat", ["t1"]),
        ("  CAT seedance ", ["t1"]),
        ("cat kling", []),
        ("щенок", ["t2"]),
        ("ЩЕН", ["t2"]),
        ("猫", ["t3"]),
        ("token360", ["t3", "t2", "t1"]),
        ("T2", ["t2"]),
        ("100%", ["t1"]),
        ("%", ["t1"]),
        ("_", []),
        ("'; --", []),
    ],
)
async def test_every_word_is_looked_for_in_whatever_case(store: Store, text: str, names: list[str]) -> None:
    for name in ("A Cat, 100% real/Seedance-2/t1", "Щенок/kling/t2", "一只猫//t3"):
        await track(store, name)
    await deliver(store)
    assert await found(store, text) == [f"{name}.{output}" for name in names for output in (0, 1)]


async def test_nobody_finds_what_others_track(store: Store) -> None:
    await track(store, "a cat/m/mine", chat_id=-5)
    await track(store, "a cat/m/theirs", chat_id=-5, user_id=71)
    await deliver(store)
    assert await found(store) == ["mine.0", "mine.1"]
    assert await found(store, user_id=71) == ["theirs.0", "theirs.1"]
    assert await found(store, user_id=72) == []


async def test_what_came_to_somebody_else_only_is_not_found(store: Store) -> None:
    await track(store, "a cat/m/t1", chat_id=71, user_id=71)
    await deliver(store)
    await track(store, "a cat/m/t1")  # Telegram holds it, but it has not come here yet
    assert await found(store) == []
    await deliver(store)
    assert await found(store) == ["t1.0", "t1.1"]
    async with store.transaction() as tx:
        (known,) = await tx.followed_as(ME, 0, "t1")
        await tx.stop(known)
    assert await found(store) == []


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({}, ["topic", "group", "own"]),
        ({(-5, 0): 1}, ["own"]),
        ({(-5, 4): 1}, ["group", "own"]),
        ({(-5, 0): 1, (-5, 4): 0}, ["topic", "own"]),
        ({(-5, 0): None, (ME, 0): 1}, ["topic", "group"]),
    ],
)
async def test_what_is_protected_stays_where_it_is(
    store: Store, chosen: dict[tuple[int, int], int | None], names: list[str]
) -> None:
    await track(store, "a cat/m/own")
    await track(store, "a cat/m/group", chat_id=-5)
    await track(store, "a cat/m/topic", chat_id=-5, thread_id=4)
    await deliver(store)
    async with store.transaction() as tx:
        for (chat_id, thread_id), protect in chosen.items():
            sql = "INSERT INTO choices (chat_id, thread_id, protect) VALUES (?, ?, ?)"
            await tx._change(sql, (chat_id, thread_id, protect))
    assert await found(store) == [f"{name}.{output}" for name in names for output in (0, 1)]


async def test_of_two_forms_the_one_that_shows_is_found(store: Store) -> None:
    await track(store, "a cat/m/t1")
    await deliver(store)
    async with store.transaction() as tx:
        await tx._change("INSERT INTO files SELECT task_id, output, 'document', 'document', 'file', '' FROM files")
        await tx._change("DELETE FROM files WHERE wish = 'media' AND output = 1")
    assert await found(store) == ["t1.0", "file"]
