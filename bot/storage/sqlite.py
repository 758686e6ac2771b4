"""The SQLite file: opening, migrating, transactions. Knows no table of ours except through the migrations."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Self

import aiosqlite

from bot.storage.together import Change, Connection, together

BUSY_SECONDS = 5.0  # how long whoever else holds the file is waited for
ROWS_AT_ONCE = 64  # of an answer that is read bit by bit


Values = tuple[Any, ...] | dict[str, Any]
# An extended code of SQLite says the kind of its trouble in its last byte.
_PRIMARY = 0xFF
_PASSING = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
        *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL),
    }
)


class DatabaseError(Exception):
    """The database can not be used; the text is one sentence for the operator."""


class DatabaseUnavailable(DatabaseError):
    """Full, locked or out of reach: what was asked is all right, and may work later."""


class Database:
    """One connection that writes and one that reads beside it, on the same file (WAL, synchronous=FULL).

    FULL, because a delivery that was recorded must stay recorded when the power goes. What is deleted is overwritten
    (secure_delete): what a chat wants forgotten is not to be found in free pages.
    """

    def __init__(self, path: Path, writer: Connection, reader: Connection) -> None:
        self.path = path
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Creates the file (mode 0600) and its folder where missing, and brings the schema up to date.

        Raises `DatabaseError` when the file cannot be used.
        """
        writer: Connection | None = None
        try:
            _create(path)
            writer = await _connect(path)
            await _migrate(writer)
            await writer.executescript("BEGIN IMMEDIATE; COMMIT")  # nobody else may hold it for long
            return cls(path, writer, await _connect(path))
        except (OSError, sqlite3.Error) as error:
            if writer:
                await writer.close()
            raise DatabaseError(unusable(path, error)) from error

    async def close(self) -> None:
        await self._reader.close()
        await self._writer.close()

    async def read(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows of a question, as of the last commit. Raises `DatabaseError`.

        In one step: a statement that is still being read keeps its snapshot for every other one on the connection.
        """
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise _meaning(error)(f"The database {self.path} does not answer ({error}).") from error

    async def empty_log(self) -> bool:
        """Moves the write-ahead log into the file and cuts it off; False where somebody reads. Raises `DatabaseError`.

        Nobody is waited for: who writes waits here.
        """
        async with self._turn:
            try:
                await self._writer.execute("PRAGMA busy_timeout = 0")
                found = await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                raise DatabaseError(f"The log of {self.path} can not be emptied ({error}).") from error
            finally:
                await self._writer.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
        return all(not is_busy for is_busy, _, _ in found)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """The write connection, alone, in one transaction: all of it is kept, or nothing.

        IMMEDIATE, because a read that wants to become a write fails at once in WAL, whatever the busy timeout.
        Raises `DatabaseError` (disk full, locked by somebody else, ...); then nothing was changed.
        """
        async with self._turn:
            try:
                await self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.commit()
            except sqlite3.Error as error:
                await self._writer.rollback()
                raise self._not_taken(error) from error
            except BaseException:
                await self._writer.rollback()
                raise

    async def together(self, changes: Iterable[Change]) -> list[Exception | None]:
        """One transaction for all of them, in one step; what came of each, see `together`.

        Raises `DatabaseError` as `transaction` does; then nothing was changed.
        """
        async with self._turn:
            try:
                found = await self._writer.do(lambda connection: together(connection, changes))
            except sqlite3.Error as error:
                raise self._not_taken(error) from error
        return [self._not_taken(error) if isinstance(error, sqlite3.Error) else error for error in found]

    def _not_taken(self, error: sqlite3.Error) -> DatabaseError:
        return _meaning(error)(f"The database {self.path} did not take a change ({error}).")


def unusable(path: Path, error: OSError | sqlite3.Error) -> str:
    """Why the file can not be the database, and what to do: one sentence for the operator."""
    code = error.errno if isinstance(error, OSError) else getattr(error, "sqlite_errorcode", None)
    match error, code:
        case OSError(), errno.EISDIR:
            return f"The database {path} is a folder; DATABASE_URL must name a file, such as {path}/rushes.db."
        case OSError(), errno.ENOTDIR | errno.EEXIST:
            return f"The database {path} cannot be created, because {path.parent} is no folder; check DATABASE_URL."
        case (OSError(), errno.EACCES | errno.EPERM | errno.EROFS) | (sqlite3.Error(), sqlite3.SQLITE_READONLY):
            return (
                f"The database {path} cannot be written ({_words(error)}); let the user that runs Rushes write to it"
                f" and to its folder, or change DATABASE_URL."
            )
        case sqlite3.Error(), sqlite3.SQLITE_NOTADB:
            return f"The file {path} is no SQLite database; move it away, or change DATABASE_URL."
        case (OSError(), errno.EAGAIN) | (sqlite3.Error(), sqlite3.SQLITE_BUSY):
            return f"The database {path} is locked by another program (a backup, an open sqlite3); end that program."
        case sqlite3.Error(), sqlite3.SQLITE_CORRUPT:
            return f"The database {path} is damaged ({error}); restore a backup, or let DATABASE_URL name a new file."
        case _:
            return f"The database {path} cannot be used ({_words(error)}); check DATABASE_URL."


def _words(error: OSError | sqlite3.Error) -> str:
    return str(error.strerror or error).lower() if isinstance(error, OSError) else str(error)


def _meaning(error: sqlite3.Error) -> type[DatabaseError]:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    return DatabaseUnavailable if code in _PASSING else DatabaseError


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


async def _connect(path: Path) -> Connection:
    connect = partial(sqlite3.connect, path, isolation_level=None, timeout=BUSY_SECONDS)
    connection = Connection(connect, ROWS_AT_ONCE)
    await connection
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            await connection.execute(f"PRAGMA {pragma}")
        await connection.create_function("mentions", 2, _mentions, deterministic=True)
    except sqlite3.Error:
        await connection.close()
        raise
    return connection


def _mentions(text: str, words: str) -> bool:
    """For questions: whether every word occurs in the text, in whatever case; SQLite itself knows only ASCII's."""
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())


async def _migrate(connection: aiosqlite.Connection) -> None:
    """Runs the numbered scripts that this file has not seen, each in a transaction of its own."""
    async with connection.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    version = int(row[0]) if row else 0
    scripts = _scripts()
    if version > len(scripts):
        raise sqlite3.DatabaseError(f"it was written by a newer Rushes: schema {version}, known {len(scripts)}")
    for number, script in enumerate(scripts[version:], start=version + 1):
        await connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def known_schema() -> int:
    """The newest schema that there is a script for."""
    return len(_scripts())


def _scripts() -> list[str]:
    """The migrations in order; their numbers are checked by a test to have no gap."""
    folder = resources.files("bot.storage") / "migrations"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    return [entry.read_text(encoding="utf-8") for entry in files]
