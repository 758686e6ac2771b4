"""Drops what is over: tasks after `RETENTION_DAYS`, leftovers, and the traces of chats that want to be forgotten.

In small steps beside everything else; the bot does not depend on it.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self

import structlog

from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store

log = structlog.stdlib.get_logger(__name__)

DAY = 86_400.0
# Seconds before the first round, between two rounds, between two steps of one, and between two looks whether a chat
# that wants to be forgotten has been told so.
AT_FIRST, EVERY, BETWEEN, GOODBYE = 5.0, 3600.0, 0.05, 2.0
# Tasks that are looked for at once, and those that are dropped in one transaction.
LOOK, STEP = 1000, 10


class Retention:
    """At work for as long as the block runs. `days` 0: tasks are kept for ever. `clock` gives epoch seconds."""

    def __init__(self, store: Store, clock: Callable[[], float], days: float, first: float = AT_FIRST) -> None:
        self._store = store
        self._clock = clock
        self._days = days
        self._first = first

    async def __aenter__(self) -> Self:
        self._work = [asyncio.create_task(self._keep_clean()), asyncio.create_task(self._cover_tracks())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    async def clean(self) -> int:
        """One round; returns how many tasks were looked at to be dropped. Raises `DatabaseError`."""
        now = self._clock()
        async with self._store.transaction() as tx:
            await tx.drop_leftovers(now)
        dropped = await self._drop_tasks(now - self._days * DAY) if self._days else 0
        await self._store.empty_log()
        return dropped

    async def _drop_tasks(self, before: float) -> int:
        dropped = 0
        while found := await self._store.old_tasks(before, LOOK):
            for start in range(0, len(found), STEP):
                async with self._store.transaction() as tx:
                    await tx.drop_tasks(found[start : start + STEP], before)
                await asyncio.sleep(BETWEEN)
            dropped += len(found)
        async with self._store.transaction() as tx:
            await tx.drop_silent_chats(before)
        return dropped

    async def _keep_clean(self) -> None:
        await asyncio.sleep(self._first)
        while True:
            try:
                dropped = await self.clean()
                if dropped:
                    log.info("dropped tasks about which nothing has happened for long", tasks=dropped, days=self._days)
            except DatabaseError as error:
                log.warning("what is old is dropped later, when the database answers", error=error)
            except Exception:
                log.exception("what is old was not dropped")
            await asyncio.sleep(EVERY)

    async def _cover_tracks(self) -> None:
        """Once a chat has been told that it is forgotten, nothing of it is left in the write-ahead log either."""
        while True:
            await self._store.chat_forgotten.wait()
            self._store.chat_forgotten.clear()
            is_covered = False
            while not is_covered:
                with contextlib.suppress(DatabaseError):
                    async with self._store.transaction() as tx:
                        await tx.drop_goodbyes()
                    is_covered = not await self._store.is_saying_goodbye() and await self._store.empty_log()
                await asyncio.sleep(0 if is_covered else GOODBYE)
