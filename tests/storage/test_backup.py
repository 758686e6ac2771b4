"""Copies of the database: whole whatever goes on meanwhile, put back whole or not at all, and honest about mistakes."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import EXIT_CANNOT_START, main
from bot.start import lock_of
from bot.storage.backup import back_up, restore
from tests.acceptance.sky import locked

# Lines between two kills; 1 is thorough, and takes a minute.
STEP = os.environ.get("KILL_STEP", "9")


def put(path: Path, sql: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql, values)
        connection.commit()


def look(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def tracked(path: Path) -> list[str]:
    return [name for (name,) in look(path, "SELECT external_id FROM tasks ORDER BY id")]


def track(path: Path, *names: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO tasks (provider, account, kind, external_id, created_at, changed_at, deadline)"
            " VALUES ('token360', 0, 'video', ?, 1, 1, 2)",
            [(name,) for name in names],
        )
        connection.commit()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with a task, and the settings that lead to it."""
    path = tmp_path / "data" / "rushes.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    assert main(["migrate"]) == 0
    track(path, "old")
    return path


def test_what_was_backed_up_is_restored_and_what_was_there_is_kept(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.db"
    assert main(["backup", str(copy)]) == 0
    track(database, "new")
    assert main(["restore", str(copy)]) == 0
    said = capsys.readouterr().out
    assert f"to {copy}: 0.2 MB, 1 tasks (1 of them open), schema" in said
    assert tracked(database) == tracked(copy) == ["old"]
    (kept,) = database.parent.glob("rushes.db.before-restore-*")
    assert tracked(kept) == ["old", "new"]
    assert str(kept) in said
    assert {stat.S_IMODE(path.stat().st_mode) for path in (database, copy, kept)} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    assert main(["backup", "."]) == 0
    assert len(list(tmp_path.glob("rushes-*Z.db"))) == 1


def left_by_a_crash(database: Path) -> None:
    """The last task is called "in the log", and only the log knows it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE tasks SET external_id = 'in the log' WHERE id = (SELECT max(id) FROM tasks)")
        connection.commit()
        for end in ("", "-wal"):
            shutil.copy(f"{database}{end}", f"{database}{end}.crash")
    for end in ("", "-wal"):
        Path(f"{database}{end}.crash").replace(f"{database}{end}")


def test_a_log_that_a_crash_left_behind_is_part_of_both(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "before.db")
    left_by_a_crash(database)
    back_up(database, tmp_path / "copy.db")
    assert tracked(tmp_path / "copy.db") == ["in the log"]
    kept = restore(tmp_path / "before.db", database).kept
    assert kept is not None
    assert tracked(database) == ["old"]
    assert tracked(kept) == ["in the log"]


def test_what_stood_beside_a_broken_file_never_stands_beside_another_one(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "copy.db")
    for end in ("", "-wal", "-shm"):
        Path(f"{database}{end}").write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    kept = restore(tmp_path / "copy.db", database).kept
    assert kept is not None
    assert tracked(database) == ["old"]
    assert kept.read_bytes().startswith(b"no database")
    assert not list(database.parent.glob("rushes.db-*"))


def test_after_a_restore_nothing_that_was_sent_is_sent_again_and_no_number_is_given_twice(
    database: Path, tmp_path: Path
) -> None:
    put(database, "INSERT INTO subscriptions (task_id, chat_id, user_id, created_at) VALUES (1, 7, 7, 1)")
    rows = [
        ("card", 0, "pending", "[]"),
        ("result", 0, "sent", "[5]"),
        ("result", 1, "sending", "[]"),
        ("result", 2, "pending", "[6]"),
    ]
    for kind, part, state, messages in rows:
        put(
            database,
            "INSERT INTO outbox (subscription_id, chat_id, kind, part, state, message_ids, created_at)"
            " VALUES (1, 7, ?, ?, ?, ?, 1)",
            *(kind, part, state, messages),
        )
    put(database, "INSERT INTO outbox (chat_id, kind, created_at) VALUES (7, 'reply', 1)")
    put(database, "INSERT INTO told (what, digest) VALUES ('commands::', 'x')")
    back_up(database, tmp_path / "copy.db")
    restore(tmp_path / "copy.db", database)
    found = look(database, "SELECT kind, part, state, message_ids FROM outbox ORDER BY id")
    assert found == [("card", 0, "sending", "[]"), *rows[1:]]
    assert look(database, "SELECT what, digest FROM told") == [("commands::", "")]
    track(database, "later")
    assert look(database, "SELECT max(id) FROM tasks")[0][0] > 1_000_000


def test_a_copy_is_whole_whatever_is_written_meanwhile(database: Path, tmp_path: Path) -> None:
    """A task and its subscription are written together; so they are in every copy, or neither is."""
    over = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            for number in range(1_000_000):
                if over.is_set():
                    return
                values = (f"t{number}", "x" * 2000)
                connection.execute(
                    "INSERT INTO tasks (provider, account, kind, external_id, snapshot, created_at, changed_at,"
                    " deadline) VALUES ('p', 0, 'video', ?, ?, 1, 1, 1)",
                    values,
                )
                connection.execute(
                    "INSERT INTO subscriptions (task_id, chat_id, user_id, created_at)"
                    " VALUES (last_insert_rowid(), 7, 7, 1)"
                )
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sizes = []
        for number in range(4):
            copy = tmp_path / f"{number}.db"
            sizes.append(back_up(database, copy).tasks)
            assert look(copy, "SELECT count(*) FROM subscriptions")[0][0] == sizes[-1] - 1
    finally:
        over.set()
        writer.join()
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["backup", "copy.db"], "copy.db is there already"),
        (["backup", "data/rushes.db", "--force"], "is the database itself"),
        (["backup", "nowhere/copy.db"], "There is no folder nowhere"),
        (["backup", "/proc/copy.db"], "could not be written"),
        (["restore", "nothing.db"], "There is no file nothing.db"),
        (["restore", "data"], "There is no file data"),
        (["restore", "data/rushes.db"], "is the database itself"),
        (["restore", "words.txt"], "words.txt is no database"),
        (["restore", "empty.db"], "empty.db is no database of Rushes"),
        (["restore", "foreign.db"], "foreign.db is no database of Rushes"),
        (["restore", "newer.db"], "newer.db was written by a newer Rushes"),
        (["restore", "damaged.db"], "damaged.db"),
    ],
)
def test_each_mistake_is_one_sentence_and_changes_nothing(
    command: list[str], said: str, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    track(database, *(f"t{number}" for number in range(300)))
    for name in ("copy", "newer", "damaged"):
        back_up(database, tmp_path / f"{name}.db")
    put(tmp_path / "newer.db", "PRAGMA user_version = 999")
    damaged = bytearray((tmp_path / "damaged.db").read_bytes())
    damaged[8 * 4096 :: 4096] = b"\xff" * len(damaged[8 * 4096 :: 4096])
    (tmp_path / "damaged.db").write_bytes(damaged)
    (tmp_path / "words.txt").write_text("no database, but long enough to look at\n" * 100)
    (tmp_path / "empty.db").touch()
    put(tmp_path / "foreign.db", "CREATE TABLE tasks (id)")
    before = tracked(database)
    capsys.readouterr()
    assert main(command) == EXIT_CANNOT_START
    words = capsys.readouterr().err
    assert said in words
    assert words.count("\n") == 1
    assert tracked(database) == before
    assert not list(tmp_path.rglob(".*"))
    assert not list(tmp_path.rglob("*before-restore*"))


def test_without_a_database_there_is_nothing_to_back_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["backup", "copy.db"]) == EXIT_CANNOT_START
    assert "There is no database at data/rushes.db" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", "postgres://nowhere")
    assert main(["backup", "copy.db"]) == EXIT_CANNOT_START
    assert "DATABASE_URL must name a file" in capsys.readouterr().err


def test_nothing_is_restored_below_a_bot_that_runs(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(database, tmp_path / "copy.db")
    with locked(lock_of(database)):
        assert main(["restore", str(tmp_path / "copy.db")]) == EXIT_CANNOT_START
        assert main(["migrate"]) == EXIT_CANNOT_START
    assert capsys.readouterr().err.count("Another Rushes runs") == 2


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A program of Python's."""
    return subprocess.run(  # noqa: S603 - ours
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_is_one_sentence_and_leaves_nothing(database: Path, tmp_path: Path) -> None:
    """A process may write files of so many bytes and no larger ones: to SQLite that is a disk that is full."""
    track(database, *(f"t{number}" + "x" * 1000 for number in range(300)))
    told = run(
        "-c",
        "import resource, signal, pathlib; from bot.storage.backup import back_up;"
        " signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        f" back_up(pathlib.Path({str(database)!r}), pathlib.Path({str(tmp_path / 'copy.db')!r}))",
    )
    assert told.stderr.splitlines()[-1].startswith("bot.storage.sqlite.DatabaseError: The backup")
    assert "could not be written" in told.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_killed_at_any_line_it_leaves_what_was_there_or_what_comes(
    command: str, database: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    back_up(database, copy)
    track(database, "new")
    left_by_a_crash(database)
    told = run(str(Path(__file__).with_name("moments.py")), STEP, command, str(database), str(copy))
    assert told.stderr == ""
    assert set(told.stdout.splitlines()) == {"old", "old in the log"}
