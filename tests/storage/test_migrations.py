"""A database of each earlier version comes to be like a new one and loses nothing, or stays as it was."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.storage import sqlite as sqlite_module
from bot.storage.sqlite import Database, DatabaseError, known_schema
from bot.storage.store import Store
from bot.tracking.guests import Guest, Verdict
from bot.tracking.model import OutboxState

SCRIPTS = [path.read_text() for path in sorted((Path(sqlite_module.__file__).parent / "migrations").glob("*.sql"))]
VERSIONS = range(1, len(SCRIPTS) + 1)
TASK = (
    "INSERT INTO tasks (id, provider, account, kind, external_id, snapshot, ending, created_at, changed_at, deadline)"
)
SUBSCRIPTION = "INSERT INTO subscriptions (task_id, chat_id, thread_id, user_id, card_message_id, stopped, created_at)"
DELIVERY = "INSERT INTO outbox (subscription_id, chat_id, kind, part, message_ids, state, created_at)"
ENDINGS = (None, "done", "deadline", "not_found")

# What stands in the tables of each version, beside tasks and what hangs on them.
ROWS: dict[int, list[tuple[str, tuple[Any, ...]]]] = {
    1: [
        ("INSERT INTO inbox (update_id, body, received_at) VALUES (?, ?, 1)", (5, '{"update_id": 5}')),
        ("INSERT INTO inbox (update_id, body, received_at) VALUES (?, ?, 1)", (4, None)),
        ("INSERT INTO troubles VALUES ('p', 0, 'auth', 1)", ()),
        ("INSERT INTO chats (chat_id, language) VALUES (7, 'zh')", ()),
        ("INSERT INTO chats (chat_id, language) VALUES (8, NULL)", ()),
    ],
    2: [("INSERT INTO pauses VALUES (7, 99)", ())],
    3: [
        ("INSERT OR REPLACE INTO choices (chat_id, thread_id, language, spoiler) VALUES (7, 0, 'zh', 1)", ()),
        ("INSERT INTO choices (chat_id, thread_id, notify) VALUES (-9, 4, 'silent')", ()),
        ("INSERT INTO guests VALUES (11, 'allowed', 'Ada', 1)", ()),
        ("INSERT INTO invites VALUES ('i', 1, 99, 7)", ()),
        ("INSERT INTO durations (provider, model, seconds) VALUES ('p', 'm', 60)", ()),
        ("INSERT INTO events (task_id, at, what) VALUES (1, 1, 'asked')", ()),
        ("INSERT INTO counts VALUES (1, 'poll ok', 'p', 3)", ()),
        ("INSERT INTO told VALUES ('commands', 'd')", ()),
    ],
    4: [("INSERT INTO hints VALUES (1, 'h')", ())],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of each version, as it might have been left behind: `1.db`, `2.db`, ..."""
    made = tmp_path_factory.mktemp("versions")
    for version in VERSIONS:
        with closing(sqlite3.connect(made / f"{version}.db")) as connection:
            connection.executescript("".join(SCRIPTS[:version]))
            for sql, values in filled(version):
                connection.execute(sql, values)
            connection.execute(f"PRAGMA user_version = {version}")
            connection.commit()
    return made


def filled(version: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Tasks in every ending, each with deliveries in every state, and a row or two in every other table."""
    states = [state for state in OutboxState if version >= 3 or state is not OutboxState.RESTING]
    for number, ending in enumerate(ENDINGS, start=1):
        snapshot = '{"state": "running", "status": "x"}'
        yield f"{TASK} VALUES (?, 'p', 0, 'video', ?, ?, ?, 1, 2, 3)", (number, f"v{number}", snapshot, ending)
        yield "INSERT INTO files (task_id, output, form, file_id) VALUES (?, 0, 'video', 'F')", (number,)
        for chat_id, thread_id, stopped in ((7, 0, 0), (-9, 4, 1)):
            yield f"{SUBSCRIPTION} VALUES (?, ?, ?, 7, 55, ?, 1)", (number, chat_id, thread_id, stopped)
    for part, state in enumerate(states):
        yield f"{DELIVERY} VALUES (1, 7, 'result', ?, '[1]', ?, 1)", (part, state)
        yield "INSERT INTO outbox (chat_id, kind, state, created_at) VALUES (7, 'reply', ?, 1)", (state,)
    for number in range(1, version + 1):
        yield from ROWS.get(number, [])


def schema(path: Path) -> dict[str, str]:
    """Every table and index as it was asked for; spaces, comments and the order of columns' words do not count."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        columns = {name: repr(connection.execute(f"PRAGMA table_xinfo({name})").fetchall()) for name, _ in found}
    return {name: re.sub(r"--[^\n]*|\s+|\"", "", sql) + columns[name] for name, sql in found}


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchall())]


def opened(folder: Path, version: int, place: Path) -> Path:
    """A copy of the database of that version."""
    path = place / "rushes.db"
    shutil.copy(folder / f"{version}.db", path)
    return path


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_every_earlier_version_held_is_there_afterwards(folder: Path, version: int, tmp_path: Path) -> None:
    path = opened(folder, version, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        tables = ("tasks", "subscriptions", "outbox", "troubles", "inbox")
        columns = {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables}
        columns["inbox"] = ["update_id", "body", "received_at"]
        asking = {table: f"SELECT {', '.join(columns[table])} FROM {table} ORDER BY 1" for table in tables}  # noqa: S608
        before = {table: connection.execute(sql).fetchall() for table, sql in asking.items()}
    store = await Store.open(path)
    try:
        assert await store.file_of(1, 0) == ("video", "F", "")
        assert [task.external_id for task in await store.open_tasks()] == ["v1"]
        assert await store.waiting_updates() == [(5, '{"update_id": 5}')]
        assert await store.pauses() == ({7: 99.0} if version >= 2 else {})
        held = await store.choices(7, 0)
        assert (held.language, held.spoiler) == ("zh", version >= 3)
        if version >= 3:
            assert (await store.chosen(-9, 4)).notify == "silent"
            assert await store.let_in(9) == [Guest(11, Verdict.ALLOWED, "Ada", 1.0)]
            assert await store.durations() == [("p", "m", 60.0)]
            assert await store.told() == {"commands": "d"}
    finally:
        await store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert {table: connection.execute(sql).fetchall() for table, sql in asking.items()} == before
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_earlier_version_comes_to_be_like_a_new_one(folder: Path, version: int, tmp_path: Path) -> None:
    path, fresh = opened(folder, version, tmp_path), tmp_path / "fresh.db"
    for one in (path, fresh):
        await (await Database.open(one)).close()
    assert schema(path) == schema(fresh)


def statements(script: str) -> list[str]:
    """One by one, as SQLite itself tells them apart."""
    found, text = [], ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            found.append(text)
            text = ""
    return found


@pytest.mark.parametrize("version", VERSIONS[:-1])
async def test_a_migration_that_fails_or_is_killed_at_any_statement_changes_nothing(
    folder: Path, version: int, tmp_path: Path
) -> None:
    path = opened(folder, version, tmp_path)
    for name in re.findall(r"CREATE (?:TABLE|INDEX) (\w+)", SCRIPTS[version]):
        with closing(sqlite3.connect(path)) as connection:  # something of that name is in the way
            connection.execute(f"CREATE VIEW {name} AS SELECT 1")
            connection.commit()
        before = dump(path)
        with pytest.raises(DatabaseError, match=rf"{name}.*DATABASE_URL"):
            await Database.open(path)
        assert dump(path) == before
        path = opened(folder, version, tmp_path)
    before = dump(path)
    for left_behind in killed(path, SCRIPTS[version], tmp_path / "crash"):
        assert dump(left_behind) == before
        await (await Database.open(left_behind)).close()


def killed(path: Path, script: str, place: Path) -> Iterator[Path]:
    """What is left in the files if the process dies after the first statement, after the second, and so on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Nearly no cache: what is not committed yet stands in the log already.
        for sql in ("PRAGMA journal_mode = WAL", "PRAGMA cache_size = 1", "BEGIN IMMEDIATE"):
            connection.execute(sql)
        for sql in statements(script):
            connection.execute(sql)
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for end in ("", "-wal"):
                shutil.copy(f"{path}{end}", f"{place / path.name}{end}")
            yield place / path.name
        connection.execute("ROLLBACK")


async def test_a_newer_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await (await Database.open(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {known_schema() + 1}")
    before = dump(path)
    with pytest.raises(DatabaseError, match=f"newer Rushes: schema {known_schema() + 1}, known {known_schema()}"):
        await Database.open(path)
    assert dump(path) == before
