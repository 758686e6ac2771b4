"""What is over goes, in each table; what is young, needed or under way stays."""

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.ops.retention import DAY, Retention
from bot.storage.forgetting import ALL_DURATIONS as MOST
from bot.storage.store import Store

NOW = 1000 * DAY
DAYS = 90.0
OLD, YOUNG = NOW - 91 * DAY, NOW - 89 * DAY


class Books:
    """The database as somebody else writes it: whatever rows a test needs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, table: str, **values: Any) -> int:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - ours
            number = connection.execute(sql, tuple(values.values())).lastrowid
            connection.commit()
        assert number is not None
        return number

    def put_all(self, into: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Many rows at once: `into` names table and columns."""
        marks = ", ".join("?" * (into.count(",") + 1))
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            connection.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608 - ours
            connection.commit()

    def old_tasks(self, count: int) -> None:
        columns = "provider, account, kind, external_id, snapshot, ending, created_at, changed_at, deadline"
        rows = (("p", 0, "video", f"t{number}", "x" * 3000, "done", 1, 1, 1) for number in range(count))
        self.put_all(f"tasks ({columns})", rows)

    def get(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self._path, timeout=30)) as connection:
            return [row[0] for row in connection.execute(sql)]

    def task(self, name: str, changed_at: float, ending: str | None = "done") -> int:
        """A task, and one row in each table that hangs on it."""
        times = {"created_at": changed_at, "changed_at": changed_at, "deadline": changed_at}
        number = self.put("tasks", provider="p", account=0, kind="video", external_id=name, ending=ending, **times)
        self.put("events", task_id=number, at=changed_at, what="asked")
        self.put("files", task_id=number, output=0, form="video", file_id="f")
        self.put("hints", task_id=number, digest="d")
        return number

    def follow(self, task_id: int, chat_id: int = 7, created_at: float = OLD, **more: Any) -> int:
        number = self.put("subscriptions", task_id=task_id, chat_id=chat_id, user_id=7, created_at=created_at, **more)
        self.row(number, "card", "sent", created_at, chat_id)
        return number

    def row(self, subscription: int | None, kind: str, state: str, created_at: float, chat_id: int = 7) -> int:
        values = {"subscription_id": subscription, "kind": kind, "state": state, "created_at": created_at}
        return self.put("outbox", chat_id=chat_id, **values)

    def names(self) -> list[str]:
        return self.get("SELECT external_id FROM tasks ORDER BY external_id")


@pytest.fixture
def books(store: Store, tmp_path: Path) -> Books:  # noqa: ARG001 - it makes the file
    return Books(tmp_path / "rushes.db")


async def clean(store: Store, days: float = DAYS) -> None:
    await Retention(store, lambda: NOW, days).clean()


async def test_tasks_go_when_nothing_about_them_is_young_or_under_way(store: Store, books: Books) -> None:
    for name, ending in (("done", "done"), ("given up", "deadline"), ("unknown", "not_found")):
        books.follow(books.task(f"gone: {name}", OLD, ending))
    books.task("gone: nobody follows it", OLD, None)
    books.follow(books.task("gone: everybody has stopped", OLD, None), stopped=1)
    for state in ("sent", "dead"):
        books.row(books.follow(books.task(f"gone: {state}", OLD)), "result", state, OLD)

    books.follow(books.task("kept: ended lately", YOUNG))
    books.follow(books.task("kept: goes on", OLD, None))
    books.follow(books.task("kept: somebody came lately", OLD), created_at=YOUNG)
    books.row(books.follow(books.task("kept: sent again lately", OLD)), "result", "sent", YOUNG)
    for state in ("pending", "sending", "doubt"):
        books.row(books.follow(books.task(f"kept: {state}", OLD)), "result", state, OLD)

    await clean(store)
    assert [name for name in books.names() if not name.startswith("kept")] == []
    assert len(books.names()) == 7
    for table in ("events", "files", "hints", "subscriptions"):
        assert len(books.get(f"SELECT 1 FROM {table}")) == 7, table  # noqa: S608 - ours
    assert len(books.get("SELECT 1 FROM outbox")) == 7 + 4
    assert books.get("PRAGMA foreign_key_check") == []


async def test_without_a_bound_tasks_and_chats_are_kept_for_ever(store: Store, books: Books) -> None:
    books.follow(books.task("v1", 0.0))
    books.put("chats", chat_id=5, language="zh", heard_at=0.0)
    await clean(store, days=0.0)
    assert books.names() == ["v1"]
    assert books.get("SELECT chat_id FROM chats") == [5]


async def test_a_chat_is_remembered_while_it_speaks_or_something_of_it_is_left(store: Store, books: Books) -> None:
    silent, speaking, following, programs = 1, 2, 3, 4
    for chat_id in (silent, speaking, following, programs):
        books.put("chats", chat_id=chat_id, language="zh", heard_at=YOUNG if chat_id == speaking else OLD)
        books.put("choices", chat_id=chat_id, thread_id=chat_id, spoiler=1)
    books.follow(books.task("v1", YOUNG), following)
    books.put("tokens", digest="d", seed="", chat_id=programs, user_id=7, created_at=OLD)
    await clean(store)
    for table in ("chats", "choices"):
        assert books.get(f"SELECT chat_id FROM {table} ORDER BY 1") == [speaking, following, programs]  # noqa: S608
    assert store.chats_changed.is_set()


async def test_what_is_heard_keeps_a_chat_whatever_its_language(store: Store, books: Books) -> None:
    async with store.transaction() as tx:
        await tx.hear(7, "zh", OLD)
        await tx.hear(-7, "zh", OLD)
        await tx.hear(8, None, YOUNG)
    async with store.transaction() as tx:
        await tx.hear(7, None, YOUNG)
        await tx.hear(-7, "en", YOUNG)
    await clean(store)
    assert books.get("SELECT chat_id FROM chats ORDER BY 1") == [-7, 7, 8]
    assert [(await store.choices(chat, 0)).language for chat in (-7, 7, 8)] == ["zh", "zh", None]


async def test_leftovers_go_however_long_tasks_are_kept(store: Store, books: Books) -> None:
    books.row(None, "reply", "dead", NOW - 2 * DAY)
    answers = [books.row(None, "reply", "dead", NOW - 10), books.row(None, "notice", "pending", OLD)]
    for digest, uses, expires_at in (("over", 1, NOW - 1), ("used", 0, NOW + 9), ("good", 1, NOW + 9)):
        books.put("invites", digest=digest, uses_left=uses, expires_at=expires_at, made_by=7)
    for ident, verdict, since in ((1, "asked", OLD), (2, "asked", NOW - DAY), (3, "denied", OLD), (4, "allowed", OLD)):
        books.put("guests", id=ident, verdict=verdict, since=since)
    for chat_id, until in ((1, NOW - 1), (2, NOW + 1)):
        books.put("pauses", chat_id=chat_id, until=until)
    books.put_all("durations (provider, model, seconds)", (("p", f"m{number}", 1) for number in range(MOST + 2)))
    await clean(store, days=0.0)
    assert books.get("SELECT id FROM outbox") == answers
    assert books.get("SELECT digest FROM invites") == ["good"]
    assert books.get("SELECT id FROM guests") == [2, 3, 4]
    assert books.get("SELECT chat_id FROM pauses") == [2]
    assert books.get("SELECT min(id) FROM durations") == [3]


async def test_the_room_is_used_again_and_the_log_is_cut_off(store: Store, books: Books, tmp_path: Path) -> None:
    sizes = []
    for _ in range(3):
        books.old_tasks(100)
        await clean(store)
        assert books.names() == []
        assert (tmp_path / "rushes.db-wal").stat().st_size == 0
        sizes.append((tmp_path / "rushes.db").stat().st_size)
    assert sizes[1:] == sizes[:2]


async def test_others_write_while_it_goes_on(store: Store, books: Books) -> None:
    books.old_tasks(100)
    written = 0
    cleaning = asyncio.create_task(clean(store))
    while not cleaning.done():
        async with store.transaction() as tx:
            await tx.note_told("what", str(written))
        written += 1
        await asyncio.sleep(0)
    await cleaning
    assert written > 20
    assert books.names() == []


async def test_a_file_of_a_task_that_is_gone_is_not_remembered(store: Store, books: Books) -> None:
    async with store.transaction() as tx:
        await tx.remember_file(99, 0, "video", "A")
    assert books.get("SELECT 1 FROM files") == []
