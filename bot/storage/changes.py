"""What all changes are made of: one connection, its statements, and whom to wake after the commit."""

from collections.abc import Iterable
from typing import Any

import aiosqlite

from bot.storage.together import AtOnce
from bot.tracking.forecast import Ended


class Changes:
    """The statements of one transaction. What it `touched_…` tells whom to wake after the commit.

    `ended` are the tasks from which it can be learned then how long such take.
    """

    ended: list[Ended]

    def __init__(self, connection: aiosqlite.Connection | AtOnce) -> None:
        self.touched_tasks: list[int] = []
        self.touched_outbox = False
        self.touched_guests = False
        self.touched_chats = False
        self.forgot_chat = False
        self.ended = []
        self._connection = connection

    async def _change(self, sql: str, values: Any = ()) -> int:
        """Runs one statement; returns how many rows it changed."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

    async def _change_each(self, sql: str, values: Iterable[Any]) -> None:
        """Runs one statement for each of the values, all on one way to the connection's thread and back."""
        async with self._connection.executemany(sql, values):
            pass

    async def _one(self, sql: str, values: Any) -> Any:
        found = await self._all(sql, values)
        return found[0] if found else None

    async def _all(self, sql: str, values: Any) -> list[Any]:
        return list(await self._connection.execute_fetchall(sql, values))
