"""What the store does while it can not write, and after the clock was set back between two lives."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.storage.sqlite import DatabaseError, DatabaseUnavailable
from bot.storage.store import Store
from bot.tracking.model import OutboxState, Subscription

NOW, HOUR = 10_000.0, 3600.0
HERE = Subscription(0, 0, 7, 0, 70, 3)


async def twice(store: Store) -> None:
    async with store.transaction() as tx:
        for _ in range(2):
            await tx.add_task("v1", "p", "video", NOW, NOW)


async def test_only_what_may_work_later_is_unavailable(store: Store, tmp_path: Path) -> None:
    async with store.transaction() as tx:
        await tx.keep_updates([(1, "{}")], NOW)
    with pytest.raises(DatabaseError) as found:
        await twice(store)
    assert not isinstance(found.value, DatabaseUnavailable)
    with closing(sqlite3.connect(tmp_path / "rushes.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable):
            await store.check_writable()


async def test_where_the_clock_was_set_back_nothing_waits_for_it(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.keep_updates([(1, "{}")], NOW)
        for number in range(3):
            await tx.reply(HERE, {"say": "help", "number": str(number)}, NOW)
    first, second, third = await store.due_deliveries(NOW, 9, 9)
    async with store.transaction() as tx:
        await tx.postpone(first.id, OutboxState.PENDING, NOW + 5, "")
        await tx.postpone(second.id, OutboxState.DOUBT, NOW + 2 * HOUR, "")
        await tx.postpone(third.id, OutboxState.PENDING, NOW - 5, "")
        await tx.keep_pauses({7: NOW + 300})
    now = NOW - HOUR
    async with store.transaction() as tx:
        await tx.keep_waits_short(now, 60.0, 900.0)
    assert await store.pauses() == {7: now + 300}
    assert [row.id for row in await store.due_deliveries(now + 5, 9, 9)] == [first.id, third.id]
    assert [row.id for row in await store.due_deliveries(now + 60, 9, 9)] == [first.id, second.id, third.id]


async def test_time_in_which_nobody_watched_ends_no_task(store: Store) -> None:
    async with store.transaction() as tx:
        for name, created, deadline in (
            ("old", NOW - 86_400, NOW - 1),
            ("short", NOW - 99, NOW - 69),
            ("young", NOW, NOW + 86_400),
        ):
            task = await tx.add_task(name, "p", "video", created, deadline)
            await tx.subscribe(task, HERE, NOW)
    async with store.transaction() as tx:
        await tx.grant_time(NOW, HOUR)
    deadlines = {task.external_id: task.deadline for task in await store.open_tasks()}
    assert deadlines == {"old": NOW + HOUR, "short": NOW + 30, "young": NOW + 86_400}
