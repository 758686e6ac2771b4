"""Copies of the database file: taken while the bot runs, and put back while it does not. Knows files and SQLite only.

Whatever is interrupted here leaves the file that was there before, or the new one, never a half one and never none.
"""

import asyncio
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from bot.storage.sqlite import Database, DatabaseError, known_schema

_OURS = frozenset({"inbox", "tasks", "subscriptions", "outbox"})
_WAIT = 10.0  # seconds for somebody who has the file locked
# Numbers that were given since the backup stand in buttons of messages: they must never mean another row.
_LEAP = 1_000_000
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was made. `kept` is where the file is now that stood in its place, if there was one."""

    path: Path
    size: int
    schema: int
    tasks: int
    open_tasks: int
    kept: Path | None = None


def back_up(database: Path, target: Path, *, overwrite: bool = False) -> Copy:
    """Writes what is stored at this moment to `target`, mode 0600; the bot may go on writing meanwhile.

    A folder gets a file with the time in its name. Raises `DatabaseError` with one sentence.
    """
    if not database.is_file():
        raise DatabaseError(f"There is no database at {database}; check DATABASE_URL, and the folder you are in.")
    if target.is_dir():
        target /= f"rushes-{_stamp()}.db"
    if target.exists() and target.samefile(database):
        raise DatabaseError(f"{target} is the database itself; name another file.")
    if target.exists() and not overwrite:
        raise DatabaseError(f"{target} is there already; name another file, or add --force.")
    with _explained(f"The backup {target} could not be written"):
        _check(database)
        with _copied(database, target) as copy:
            made = _look_at(copy)
            _put_in_place(copy, target)
    return Copy(target, *made)


def restore(source: Path, database: Path) -> Copy:
    """Puts a copy of `source` in the database's place, brought up to date; what was there stays beside it.

    The caller holds the database's lock. Raises `DatabaseError` with one sentence; then nothing has changed.
    """
    if not source.is_file():
        raise DatabaseError(f"There is no file {source} to restore from.")
    if database.exists() and source.samefile(database):
        raise DatabaseError(f"{source} is the database itself; name a backup of it.")
    with _explained(f"{source} could not be restored"):
        _check(source)
        with _copied(source, database) as copy:
            asyncio.run(_bring_up_to_date(copy))
            _come_to_terms(copy)
            made = _look_at(copy)
            _belong_as(copy, database)
            kept = _keep(database)
            _put_in_place(copy, database)
    return Copy(database, *made, kept)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DatabaseError(f"{what} ({why}).") from error


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"file:{quote(str(path))}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=_WAIT)) as connection:
        yield connection


def _check(path: Path) -> None:
    """Whether it is a whole database of ours that this Rushes can read."""
    with _opened(path, "ro") as connection:
        try:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.OperationalError:
            raise  # it can not be read just now, whatever it is
        except sqlite3.DatabaseError as error:
            raise DatabaseError(f"{path} is no database ({error}).") from error
        ((schema,),) = connection.execute("PRAGMA user_version")
        if not tables >= _OURS or schema < 1:
            raise DatabaseError(f"{path} is no database of Rushes.")
        if schema > known_schema():
            raise DatabaseError(
                f"{path} was written by a newer Rushes (schema {schema}, known here is {known_schema()}); update first."
            )
        ((verdict,), *_) = connection.execute("PRAGMA integrity_check(1)")
        if verdict != "ok":
            raise DatabaseError(f"{path} is damaged ({verdict}).")


@contextmanager
def _copied(source: Path, target: Path) -> Iterator[Path]:
    """A copy of `source` beside `target`, for as long as the block runs.

    VACUUM INTO reads one moment of the database and holds up no writer, however long it takes; what was deleted is
    not in the copy, and it needs no other file beside it.
    """
    if not target.parent.is_dir():
        raise DatabaseError(f"There is no folder {target.parent}.")
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
    os.close(number)
    copy = Path(name)
    try:
        with _opened(source, "ro") as connection:
            connection.execute("VACUUM INTO ?", (name,))
        yield copy
    finally:
        for path in (copy, *(Path(name + end) for end in _BESIDE)):
            path.unlink(missing_ok=True)


def _look_at(copy: Path) -> tuple[int, int, int, int]:
    """Size, schema, tasks and open tasks of a copy that is whole."""
    with _opened(copy, "ro") as connection:
        ((verdict,), *_) = connection.execute("PRAGMA integrity_check(1)")
        if verdict != "ok" or connection.execute("PRAGMA foreign_key_check").fetchone():
            raise sqlite3.DatabaseError(f"the copy is not whole: {verdict}")
        ((schema,),) = connection.execute("PRAGMA user_version")
        ((tasks, ended),) = connection.execute("SELECT count(*), count(ending) FROM tasks")
    return copy.stat().st_size, schema, tasks, tasks - ended


async def _bring_up_to_date(copy: Path) -> None:
    await (await Database.open(copy)).close()


def _come_to_terms(copy: Path) -> None:
    """What the bot did after the backup it does not know any more, but chats and Telegram do.

    Answers that waited are of no use by now. A first card that waited may well have arrived: as after a crash, it is
    in doubt. Telegram is told the menu anew.
    """
    with _opened(copy, "rw") as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM outbox WHERE subscription_id IS NULL")
        connection.execute(
            "UPDATE outbox SET state = 'sending' WHERE kind = 'card' AND state = 'pending' AND message_ids = '[]'"
        )
        connection.execute("UPDATE told SET digest = ''")
        numbered = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").fetchall()
        given = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
        connection.execute("DELETE FROM sqlite_sequence")
        connection.executemany(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
            [(name, given.get(name, 0) + _LEAP) for (name,) in numbered],
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")


def _belong_as(copy: Path, database: Path) -> None:
    """Whoever restores, perhaps root, the file belongs to whom the one before, or else the folder, belongs."""
    before = (database if database.exists() else database.parent).stat()
    if os.geteuid() == 0:
        os.chown(copy, before.st_uid, before.st_gid)


def _keep(database: Path) -> Path | None:
    """The file that is there now gets a second name; what SQLite keeps beside it never stands beside another file."""
    kept = database.with_name(f"{database.name}.before-restore-{_stamp()}")
    if database.exists():
        _fold_in(database)
        try:
            kept.hardlink_to(database)
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}:
                raise
            shutil.copy2(database, kept)
            _sync(kept)
    for end in _BESIDE:
        path = Path(f"{database}{end}")
        if path.exists():  # only of a file that SQLite could not open
            path.rename(f"{kept}{end}")
    _sync(database.parent)
    return kept if kept.exists() else None


def _fold_in(database: Path) -> None:
    """What stands in the write-ahead log comes into the file, as far as it can be read at all."""
    try:
        with _opened(database, "rw") as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise DatabaseError(f"{database} is read by another program, a backup perhaps; try again later.") from error
    except sqlite3.DatabaseError:
        return


def _put_in_place(copy: Path, target: Path) -> None:
    _sync(copy)
    copy.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
