import fcntl
import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.doctor.database import is_held, look_at_database
from bot.doctor.report import Finding, Mark
from bot.storage import sqlite
from bot.storage.store import Store

HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A database as a bot leaves it."""
    found = tmp_path / "rushes.db"
    await (await Store.open(found)).close()
    return found


def look(path: Path) -> list[Finding]:
    return list(look_at_database(path, 10))


def wrong(path: Path) -> str:
    """What is told beyond that all is well."""
    return "\n".join(f"{f.mark} {f.what} -> {f.cure}" for f in look(path) if f.mark is not Mark.OK)


def prints(folder: Path) -> dict[str, str]:
    """What every file of the folder holds; but for the index of the log, which readers note themselves in."""
    files = (file for file in folder.iterdir() if not file.name.endswith("-shm"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_a_database_that_a_bot_left_is_well_and_stays_as_it_is(path: Path) -> None:
    before = prints(path.parent)
    assert wrong(path) == ""
    assert "the newest" in "".join(finding.what for finding in look(path))
    assert prints(path.parent) == before


def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert wrong(tmp_path / "data" / "rushes.db") == ""
    assert list(tmp_path.iterdir()) == []


def test_one_that_a_killed_bot_left_is_read_with_its_log_and_stays_as_it_is(path: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1000")
        for ending in ("", "-wal", "-shm"):
            shutil.copy(f"{path}{ending}", left)
    before = prints(left)
    assert "newer Rushes (schema 1000" in wrong(left / "rushes.db")
    assert prints(left) == before


def test_a_bot_that_runs_is_no_error(path: Path) -> None:
    lock = path.with_name("rushes.db.lock")
    assert not is_held(path)
    with lock.open("w") as file:
        assert not is_held(path)
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_held(path)
        assert wrong(path) == ""
        assert "a Rushes runs on it" in [finding.what for finding in look(path)]
    assert not is_held(path)


def test_another_program_that_holds_it_is_told(path: Path) -> None:
    # In a process of its own, as another program would be: a process does not hold off itself.
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        assert "is locked by another program" in wrong(path)
        holder.stdin.close()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def junk(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1000")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE songs (name)")


def damaged(path: Path) -> None:
    pages = bytearray(path.read_bytes())
    pages[4096 * 3 : 4096 * 9] = b"\xff" * (4096 * 6)
    path.write_bytes(pages)


def readable(path: Path) -> None:
    path.chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (folder, "is a folder"),
        (junk, "is no SQLite database"),
        (newer, "install that version again"),
        (foreign, "belongs to another program"),
        (damaged, "damaged"),
        (readable, "chmod 600"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(path: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(path)
    assert said in wrong(path)


def test_an_older_one_is_brought_up_to_date_by_the_next_start(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")
    assert f"schema 1 of {sqlite.known_schema()}" in "".join(finding.what for finding in look(path))
    assert wrong(path) == ""


@pytest.mark.parametrize(("free", "mark"), [(10, Mark.BAD), (500, Mark.WARN), (5000, None)])
def test_a_disk_that_fills_up_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, free: int, mark: Mark | None
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free * 2**20))
    assert [finding.mark for finding in look(path) if finding.mark is not Mark.OK] == ([mark] if mark else [])


def test_a_reading_that_takes_too_long_ends(path: Path) -> None:
    def fill() -> Iterator[tuple[int]]:
        yield from ((number,) for number in range(60_000))

    with closing(sqlite3.connect(path)) as database, database:
        database.executemany("INSERT INTO inbox (update_id, body, received_at) VALUES (?, 'words', 0)", fill())
    assert "too large to be read to its end" in "".join(f.what for f in look_at_database(path, 0))
