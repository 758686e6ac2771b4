"""Changes of many tasks in one transaction: each stands or falls by itself, none is lost, none is half there."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.polling.recorder import AT_ONCE, Recorder
from bot.storage.sqlite import DatabaseError, DatabaseUnavailable
from bot.storage.store import Store
from bot.tracking.lifecycle import decide
from bot.tracking.model import Subscription, Task
from providers.base import Output, OutputKind, Snapshot, State

NOW = 1000.0
RUNNING = Snapshot(State.RUNNING, "processing", progress=10, model="m")
DONE = Snapshot(State.SUCCEEDED, "completed", outputs=(Output(OutputKind.VIDEO, "https://cdn.example/v.mp4"),))


@pytest.fixture
def recorder(store: Store) -> Recorder:
    return Recorder(store, time.monotonic)


async def followed(store: Store, tasks: int, answer: Snapshot = RUNNING) -> list[Task]:
    """So many tasks as they are after that answer, which is not stored yet."""
    async with store.transaction() as tx:
        found = [await tx.add_task(f"v{number}", "", "", NOW, NOW + 100) for number in range(tasks)]
        for task in found:
            await tx.subscribe(task, Subscription(0, 0, 7 + task.id, 0, 70, 3), NOW)
    while not store.tasks_changed.empty():
        store.tasks_changed.get_nowait()
    placed = [replace(task, provider="token360", account=0, kind="video") for task in found]
    store.outbox_changed.clear()
    return [decide(task, answer, NOW).task for task in placed]


async def trace(store: Store) -> list[str]:
    """What the connection that writes is told from now on."""
    statements: list[str] = []
    await store._database._writer.set_trace_callback(statements.append)
    return statements


async def record_all(recorder: Recorder, tasks: list[Task]) -> list[BaseException | None]:
    return await asyncio.gather(*(recorder.record(task, NOW) for task in tasks), return_exceptions=True)


def look(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def stored(path: Path) -> set[int]:
    """The tasks whose change is there; what it brought their chats must be there with it, or nothing of either."""
    cards = "SELECT s.task_id FROM outbox o JOIN subscriptions s ON s.id = o.subscription_id"
    has = (
        "t.snapshot IS NOT NULL",
        f"t.id IN ({cards} WHERE o.kind = 'card' AND o.wanted > 0)",
        "t.id IN (SELECT task_id FROM events WHERE what <> 'asked')",
    )
    parts = [{row[0] for row in look(path, f"SELECT t.id FROM tasks t WHERE {part}")} for part in has]  # noqa: S608
    assert all(part == parts[0] for part in parts), "something is half there"
    return parts[0]


async def test_what_changes_side_by_side_is_one_transaction(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    tasks = await followed(store, AT_ONCE, DONE)
    statements = await trace(store)
    assert set(await record_all(recorder, tasks)) == {None}
    assert 1 <= statements.count("COMMIT") <= 8, "time may be up, but not as often as that"
    assert len(stored(tmp_path / "rushes.db")) == AT_ONCE
    assert look(tmp_path / "rushes.db", "SELECT count(*) FROM outbox WHERE kind = 'result'") == [(AT_ONCE,)]
    assert store.outbox_changed.is_set()


async def test_what_comes_alone_waits_for_nobody(store: Store, recorder: Recorder) -> None:
    tasks = await followed(store, 2)
    statements = await trace(store)
    for task in tasks:
        await recorder.record(task, NOW)
    assert statements.count("COMMIT") == 2


async def test_only_so_many_are_taken_at_once(store: Store) -> None:
    tasks = await followed(store, 2 * AT_ONCE + 1)
    statements = await trace(store)
    still = Recorder(store, lambda: 0.0)
    assert set(await record_all(still, tasks)) == {None}
    assert statements.count("COMMIT") == 3


async def test_when_time_is_up_others_may_write(store: Store) -> None:
    tasks = await followed(store, 5)
    statements = await trace(store)
    ticks = count(step=0.02)
    hasty = Recorder(store, lambda: next(ticks))

    async def speak() -> int:
        async with store.transaction() as tx:
            await tx.keep_updates([(1, "{}")], NOW)
        return statements.count("COMMIT")

    first = asyncio.create_task(record_all(hasty, tasks))
    await asyncio.sleep(0)
    assert await speak() <= 2, "it had to wait for all of them"
    assert set(await first) == {None}
    assert statements.count("COMMIT") == 6


def _unfit(task: Task) -> Task:
    return replace(task, provider=None)  # type: ignore[arg-type]


def _unwritable(task: Task) -> Task:
    return replace(task, snapshot="nonsense")  # type: ignore[arg-type]


@pytest.mark.parametrize(("spoil", "error"), [(_unfit, DatabaseError), (_unwritable, Exception)])
async def test_one_that_can_not_be_stored_is_alone_with_that(
    store: Store, recorder: Recorder, tmp_path: Path, spoil: Callable[[Task], Task], error: type[Exception]
) -> None:
    tasks = await followed(store, 9)
    tasks[4] = spoil(tasks[4])
    found = await record_all(recorder, tasks)
    assert isinstance(found.pop(4), error)
    assert bool(store.refusal) is (error is DatabaseError)
    assert set(found) == {None}
    assert stored(tmp_path / "rushes.db") == {task.id for task in tasks} - {tasks[4].id}
    await recorder.record(decide(replace(tasks[4], provider="token360", snapshot=None), RUNNING, NOW).task, NOW)


async def test_a_full_disk_takes_what_fits_and_all_of_that(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    tasks = await followed(store, 100, DONE)
    path = tmp_path / "rushes.db"
    ((pages,),) = look(path, "PRAGMA page_count")
    await store._database._writer.execute(f"PRAGMA max_page_count = {pages + 4}")
    found = await record_all(recorder, tasks)
    assert {type(error) for error in found} == {type(None), DatabaseUnavailable}
    assert stored(path) == {task.id for task, error in zip(tasks, found, strict=True) if error is None}
    assert "full" in store.refusal
    await store._database._writer.execute(f"PRAGMA max_page_count = {4 * pages}")
    assert set(await record_all(recorder, tasks)) == {None}
    assert len(stored(path)) == 100
    assert not store.refusal


async def test_while_the_file_is_locked_everybody_hears_it_at_once(
    store: Store, recorder: Recorder, tmp_path: Path
) -> None:
    tasks = await followed(store, 50)
    await store._database._writer.execute("PRAGMA busy_timeout = 50")
    statements = await trace(store)
    with closing(sqlite3.connect(tmp_path / "rushes.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = await record_all(recorder, tasks)
    assert {type(error) for error in found} == {DatabaseUnavailable}
    assert len(statements) <= 2, "each waited for itself"
    assert stored(tmp_path / "rushes.db") == set()
    assert set(await record_all(recorder, tasks)) == {None}
    assert len(stored(tmp_path / "rushes.db")) == 50


async def test_who_gives_up_takes_nothing_of_the_others(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "rushes.db"
    tasks = await followed(store, 40)
    for turns in range(10):
        four, tasks = tasks[:4], tasks[4:]
        polls = [asyncio.create_task(recorder.record(task, NOW)) for task in four]
        for _ in range(turns):
            await asyncio.sleep(0.0005 if turns > 5 else 0)
        polls[1].cancel()
        found = await asyncio.gather(*polls, return_exceptions=True)
        assert [error for place, error in enumerate(found) if place != 1] == [None] * 3
        await store.check_writable()
        assert stored(path) >= {task.id for place, task in enumerate(four) if place != 1}
    last = asyncio.create_task(recorder.record(four[1], NOW))
    await asyncio.sleep(0)
    last.cancel()
    await asyncio.gather(last, return_exceptions=True)
    await recorder.record(four[2], NOW)


async def test_changes_of_one_task_keep_their_order(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    (task,) = await followed(store, 1)
    steps = [task]
    for progress in range(20, 100, 10):
        steps.append(decide(steps[-1], replace(RUNNING, progress=progress), NOW).task)
    assert set(await record_all(recorder, steps)) == {None}
    sql = "SELECT version, json_extract(snapshot, '$.progress') FROM tasks"
    assert look(tmp_path / "rushes.db", sql) == [(steps[-1].version, 90)]


async def test_two_questions_that_mean_one_task_become_one(store: Store, recorder: Recorder, tmp_path: Path) -> None:
    async with store.transaction() as tx:
        for chat, kind in ((7, ""), (8, "video")):
            task = await tx.add_task("v1", "", kind, NOW, NOW + 100)
            await tx.subscribe(task, Subscription(0, 0, chat, 0, 70, 3), NOW)
    tasks = [replace(task, provider="token360", account=0, kind="video") for task in await store.open_tasks()]
    while not store.tasks_changed.empty():
        store.tasks_changed.get_nowait()
    assert await record_all(recorder, [decide(task, RUNNING, NOW).task for task in tasks]) == [None, None]
    path = tmp_path / "rushes.db"
    assert look(path, "SELECT task_id, chat_id FROM subscriptions ORDER BY chat_id") == [
        (tasks[0].id, chat) for chat in (7, 8)
    ]
    assert {store.tasks_changed.get_nowait() for _ in range(2)} == {task.id for task in tasks}


async def test_a_change_asks_nobody_but_the_database(store: Store) -> None:
    async def dawdle(_: object) -> None:
        await asyncio.sleep(0)

    (error,) = await store.together([dawdle])
    assert isinstance(error, RuntimeError)
    await store.check_writable()


async def test_a_small_change_tells_what_came_of_it(store: Store, tmp_path: Path) -> None:
    (task,) = await followed(store, 1)
    assert await store.at_once(lambda tx: tx.mark_sending(1))
    assert not await store.at_once(lambda tx: tx.mark_sending(99))
    with pytest.raises(DatabaseError):
        await store.at_once(lambda tx: tx.record(_unfit(task), NOW))
    assert stored(tmp_path / "rushes.db") == set()
