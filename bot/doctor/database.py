"""The database file, looked at without changing it: nothing is created, and a bot that runs on it is not held up."""

import errno
import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from bot.doctor.report import Finding, bad, ok, warn
from bot.start import lock_of
from bot.storage.sqlite import known_schema, unusable

_GIB, _MIB = 2**30, 2**20
# Below the first the bot stops fetching files, and soon can not write; below the second that may come within days.
_TOO_LITTLE, _LITTLE = 128 * _MIB, _GIB
_LARGE = 256 * _MIB  # what is larger is not compared with its indexes
_WRITE_LOCK, _WRITE_SECONDS = 120, 1.0  # its place in the file (sqlite.org/walformat.html); longer is no usual change
_STEPS = 100_000  # of SQLite's machine, between two looks at the clock


def is_held(database: Path) -> bool:
    """Whether a Rushes runs on it."""
    try:
        with lock_of(database).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def look_at_database(path: Path, seconds: float) -> Iterator[Finding]:
    """Everything about the file and its folder; the reading of it ends after so many seconds."""
    try:
        exists = path.exists()
        if exists and path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not _may_write(path if exists else folder) or not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if exists:
            yield from _file(path, time.monotonic() + seconds)
        else:
            yield ok("there is none yet; the first start makes it")
        yield _room(folder)
    except (OSError, sqlite3.Error) as error:
        yield bad(unusable(path, error))


def _may_write(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


def _file(path: Path, deadline: float) -> Iterator[Finding]:
    is_running = is_held(path)
    if is_running:
        yield ok("a Rushes runs on it")
    elif _beside(path, "-shm").exists():
        _check_free(_beside(path, "-shm"))
    with closing(_reader(path)) as database:
        database.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        yield _schema(database)
        yield _integrity(database, path.stat().st_size)
    written = _beside(path, "-wal")
    yield ok(f"it takes {_size(path.stat().st_size + (written.stat().st_size if written.exists() else 0))}")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        yield warn(f"others on this machine may read it: its mode is {mode:03o}", f"chmod 600 {path}")


def _reader(path: Path) -> sqlite3.Connection:
    # Without a log beside it nobody has it open, and only then it can be read without leaving files behind.
    how = "mode=ro" if _beside(path, "-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=1.0)


def _check_free(path: Path) -> None:
    """Raises `BlockingIOError` if another program keeps others from writing: the lock that SQLite takes for it."""
    until = time.monotonic() + _WRITE_SECONDS
    with path.open("r+b") as file:
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _WRITE_LOCK)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return


def _schema(database: sqlite3.Connection) -> Finding:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version > known_schema():
        return bad(
            f"it was written by a newer Rushes (schema {version}, this one knows {known_schema()})",
            "install that version again, or restore a backup from before it",
        )
    if version == 0:
        strange = bad("it belongs to another program", "let DATABASE_URL name another file")
        return strange if tables else ok("it is empty; the first start fills it")
    if version < known_schema():
        return ok(f"schema {version} of {known_schema()}; the next start brings it up to date")
    return ok(f"schema {version}, the newest")


def _integrity(database: sqlite3.Connection, size: int) -> Finding:
    try:
        (first, *_) = database.execute(
            "PRAGMA quick_check(1)" if size > _LARGE else "PRAGMA integrity_check(1)"
        ).fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return warn("it is too large to be read to its end now", "sqlite3 FILE 'PRAGMA quick_check', on a backup of it")
    if first == "ok":
        return ok("its pages and indexes are whole")
    return bad(f"it is damaged ({first.splitlines()[0]})", "stop the bot, keep a copy, and restore the last backup")


def _room(folder: Path) -> Finding:
    with suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < _TOO_LITTLE:
            return bad(f"only {_size(free)} are free on its disk", "make room: nothing can be fetched or written soon")
        if free < _LITTLE:
            return warn(
                f"{_size(free)} are free on its disk", "make room soon: results are fetched there before they go out"
            )
        return ok(f"{_size(free)} are free on its disk")
    return warn("how much is free on its disk is not to be found out")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _size(count: int) -> str:
    return f"{count / _GIB:.1f} GiB" if count >= _GIB else f"{count / _MIB:.1f} MiB"
