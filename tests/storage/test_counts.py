"""What is counted, from the stages' tally to the numbers of the last day."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.ops.bookkeeping import Bookkeeping
from bot.storage.store import Store
from bot.tracking.model import Subscription
from bot.tracking.stats import HOUR, HOURS, Hourly, Share
from bot.tracking.tally import Tally
from tests.acceptance.world import until

NOON = 500_000 * HOUR * 1.0


async def books(store: Store) -> list[tuple[int, str, str, int]]:
    return await store._all("SELECT hour, what, provider, count FROM counts ORDER BY hour, what, provider")


def test_what_is_counted_while_the_books_are_written_stays() -> None:
    tally = Tally()
    tally.count("poll", "ok", "apipod")
    written = tally.pending()
    tally.count("poll", "ok", "apipod")
    tally.count("result", "sent")
    tally.settle(written)
    assert tally.pending() == {("poll:ok", "apipod"): 1, ("result:sent", ""): 1}
    tally.settle(tally.pending())
    assert tally.pending() == {}


async def test_the_books_add_up_and_forget_after_eight_days(store: Store) -> None:
    store.tally.count("poll", "ok", "apipod")
    await store.keep_books(NOON)
    store.tally.count("poll", "ok", "apipod")
    await store.keep_books(NOON + HOUR - 1)
    assert await books(store) == [(500_000, "poll:ok", "apipod", 2)]
    await store.keep_books(NOON + 9 * HOURS * HOUR)  # nothing was counted: nothing is written
    assert len(await books(store)) == 1
    store.tally.count("result", "sent")
    await store.keep_books(NOON + 9 * HOURS * HOUR)
    assert await books(store) == [(500_000 + 9 * HOURS, "result:sent", "", 1)]


async def test_the_numbers_of_the_last_day(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.add_counts({("poll:ok", "apipod"): 1000}, NOON - HOURS * HOUR)
        await tx.add_counts({("poll:ok", "apipod"): 8, ("result:sent", ""): 2}, NOON - HOUR)
        await tx.add_counts({("poll:not_found", "apipod"): 2, ("poll:transient", "token360"): 3}, NOON)
        await tx.add_counts({("message:sent", ""): 4, ("message:given_up", ""): 1}, NOON)
        task = await tx.add_task("v1", "apipod", "video", NOON, NOON + 99)
        await tx.subscribe(task, Subscription(0, 0, 7, 0, 7, 3), NOON)
        await tx.add_task("nobody's", "apipod", "video", NOON, NOON + 99)
        await tx.reply(Subscription(0, 0, 7, 0, 7, 3), {"say": "stats"}, NOON)
    store.tally.count("poll", "ok", "apipod")
    (asking,) = [row for row in await store.due_deliveries(NOON, 9, 9) if row.facts]
    stats = await store.stats(NOON + HOUR / 4, besides=asking.id)
    assert stats.activity.polls == Hourly((0,) * 22 + (8, 6), 0.25)
    assert (stats.activity.polls.total, stats.activity.polls.lately) == (14, 12)
    assert stats.activity.deliveries.counts[-2:] == (2, 4)
    assert stats.activity.errors == {"apipod": Share(0, 11), "token360": Share(3, 3)}
    assert (stats.activity.results, stats.activity.given_up) == (2, 1)
    assert (stats.open_tasks, stats.waiting, stats.troubles) == ({"apipod": 1}, 1, ())
    assert replace(stats.activity.polls, elapsed=1.0).lately == 6


async def test_books_are_kept_now_and_then_and_at_the_end(store: Store) -> None:
    async with Bookkeeping(store, lambda: NOON, every=0.01):
        store.tally.count("poll", "ok", "a")
        await until(partial(books, store))
        store.tally.count("poll", "ok", "b")
    assert [provider for _, _, provider, _ in await books(store)] == ["a", "b"]


async def test_what_can_not_be_written_down_stays_counted(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def complained() -> bool:
        return "did not take a change" in caplog.text

    store.tally.count("poll", "ok", "a")
    with closing(sqlite3.connect(tmp_path / "rushes.db")) as other:
        other.execute("ALTER TABLE counts RENAME TO hidden")
        async with Bookkeeping(store, lambda: NOON, every=0.01):
            await until(complained)
        other.execute("ALTER TABLE hidden RENAME TO counts")
    assert store.tally.pending() == {("poll:ok", "a"): 1}
    await store.keep_books(NOON)
    assert await books(store) == [(500_000, "poll:ok", "a", 1)]
