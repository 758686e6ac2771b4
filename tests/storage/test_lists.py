"""A chat's tasks, a page at a time."""

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bot.storage.store import Store
from bot.tracking.lists import Page, Which
from bot.tracking.model import Ending, Subscription
from providers.base import Output, OutputKind, Snapshot, State

VIDEO = (Output(OutputKind.VIDEO, "https://cdn.example/v.mp4"),)
STATES = {
    "open": (Snapshot(State.RUNNING), None),
    "done": (Snapshot(State.SUCCEEDED, outputs=VIDEO), Ending.DONE),
    "failed": (Snapshot(State.FAILED), Ending.DONE),
    "given_up": (Snapshot(State.RUNNING), Ending.DEADLINE),
    "lost": (None, Ending.NOT_FOUND),
}


async def follow(store: Store, *names: str, chat_id: int = 7, thread_id: int = 0, account: int = 0) -> None:
    """Tasks whose IDs begin with what became of them."""
    async with store.transaction() as tx:
        for name in names:
            task = await tx.add_task(name, "", "", 0.0, 1e9)
            await tx.subscribe(task, Subscription(0, 0, chat_id, thread_id, 70, 3), 0.0)
            snapshot, ending = STATES[name.rpartition("-")[0]]
            located = replace(task, provider="token360", account=account, kind="video")
            await tx.record(replace(located, snapshot=snapshot, ending=ending), 0.0)


async def page(store: Store, which: Which = Which.ALL, number: int = 1, *, chat_id: int = 7, thread: int = 0) -> Page:
    return await store.followed_in(chat_id, thread, which, number)


def ids(shown: Page) -> list[str]:
    return [task.external_id for _, task in shown.entries]


async def test_open_tasks_come_first_and_then_the_newest(store: Store) -> None:
    await follow(store, "done-1", "open-1", "failed-1", "open-2")
    shown = await page(store)
    assert ids(shown) == ["open-2", "open-1", "failed-1", "done-1"]
    assert (shown.number, shown.pages, shown.count) == (1, 1, 4)


async def test_pages_beyond_the_end_are_the_last_one(store: Store) -> None:
    await follow(store, *[f"open-{number}" for number in range(12)])
    assert ids(await page(store, number=2)) == [f"open-{number}" for number in range(6, 1, -1)]
    for number in (3, 4, 999_999):
        last = await page(store, number=number)
        assert ids(last) == ["open-1", "open-0"]
        assert (last.number, last.pages, last.count) == (3, 3, 12)


async def test_each_filter_shows_its_own(store: Store) -> None:
    names = ["open-1", "done-1", "failed-1", "given_up-1", "lost-1"]
    await follow(store, *names)
    found = {which: set(ids(await page(store, which))) for which in Which}
    assert found[Which.ALL] == set(names)
    assert found[Which.OPEN] == {"open-1"}
    assert found[Which.DONE] == {"done-1"}
    assert found[Which.FAILED] == {"failed-1", "given_up-1", "lost-1"}


async def test_what_is_stopped_unknown_or_elsewhere_is_not_listed(store: Store) -> None:
    await follow(store, "open-1", "open-2")
    await follow(store, "lost-1", account=-1)
    await follow(store, "open-3", chat_id=8)
    await follow(store, "open-4", thread_id=4)
    async with store.transaction() as tx:
        (known,) = await tx.followed_as(7, 0, "open-2")
        await tx.stop(known)
    assert ids(await page(store)) == ["open-1"]
    assert ids(await page(store, thread=4)) == ["open-4"]
    nothing = await page(store, chat_id=9)
    assert (nothing.entries, nothing.number, nothing.pages, nothing.count) == ((), 1, 1, 0)


async def test_of_a_panel_that_is_turned_on_and_on_only_the_last_page_is_due(store: Store) -> None:
    async with store.transaction() as tx:
        for chat_id, number, panel in ((7, 1, ""), (7, 2, "5"), (7, 3, "5"), (7, 2, "6"), (8, 2, "5"), (7, 4, "5")):
            facts = {"say": "list", "page": str(number), **({"panel": panel} if panel else {})}
            await tx.reply(Subscription(0, 0, chat_id, 0, 70, 3), facts, 0.0)
    due = [(row.chat_id, row.facts["page"], row.facts.get("panel")) for row in await store.due_deliveries(1.0, 9, 9)]
    assert due == [(7, "1", None), (7, "2", "6"), (8, "2", "5"), (7, "4", "5")]


MANY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
INSERT INTO tasks (provider, account, kind, external_id, snapshot, ending, created_at, changed_at, deadline)
SELECT 'x', 0, 'video', 'v' || i, snapshot, CASE i % 2 WHEN 0 THEN 'done' END, 0, 0, 1e9 FROM n, tasks;
INSERT INTO subscriptions (task_id, chat_id, user_id, created_at)
SELECT id, 7, 70, 0 FROM tasks WHERE id NOT IN (SELECT task_id FROM subscriptions);
"""


async def test_a_page_of_ten_thousand_is_made_at_once(store: Store, tmp_path: Path) -> None:
    await follow(store, "done-1")
    with closing(sqlite3.connect(tmp_path / "rushes.db")) as connection:
        connection.executescript(MANY)
    for which, count in {Which.ALL: 10_000, Which.OPEN: 5000, Which.DONE: 5000, Which.FAILED: 0}.items():
        for number in (1, 700, 2000):
            times = []
            for _ in range(5):
                began = time.process_time()
                assert (await page(store, which, number)).count == count
                times.append(time.process_time() - began)
            assert min(times) < 0.02  # seconds of the processor, whatever else the machine does
