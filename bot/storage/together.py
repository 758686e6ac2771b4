"""Many changes in one transaction and in one step: all of their statements on the connection's own thread.

Elsewhere every statement is a way to that thread and back, which takes longer than most statements do.
"""

import sqlite3
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


class Connection(aiosqlite.Connection):
    """aiosqlite's, and a way to do more than one thing on its thread before anybody else does."""

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns. Once begun it is done to its end, also where whoever waits for it is cancelled."""
        found: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return found


class AtOnce:
    """A connection as its own thread sees it, with what changes are made of: nobody ever has to wait for anything."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Any, /) -> AbstractAsyncContextManager[sqlite3.Cursor]:
        return nullcontext(self._connection.execute(sql, values))

    def executemany(self, sql: str, values: Iterable[Any], /) -> AbstractAsyncContextManager[sqlite3.Cursor]:
        return nullcontext(self._connection.executemany(sql, values))

    async def execute_fetchall(self, sql: str, values: Any, /) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()


Change = Callable[[AtOnce], Coroutine[Any, Any, None]]


def together(connection: sqlite3.Connection, changes: Iterable[Change]) -> list[Exception | None]:
    """One transaction; what came of each change: nothing of one that raised is kept, and the others are.

    `changes` is read as they are made, when nobody else can write any more. Raises what kept the transaction from
    being stored; then nothing was changed.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = [_apart(connection, change) for change in changes]
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return found


def _apart(connection: sqlite3.Connection, change: Change) -> Exception | None:
    connection.execute("SAVEPOINT apart")
    try:
        _run(change(AtOnce(connection)))
    except Exception as error:
        if not connection.in_transaction:
            raise  # of some troubles SQLite undoes everything at once
        connection.execute("ROLLBACK TO apart")
        return error
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE apart")
    return None


def _run(work: Coroutine[Any, Any, None]) -> None:
    """To its end, in one go."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise RuntimeError("a change waits for something besides the database")
