"""Writes down what the stages count, once a minute and at the end. The bot does not depend on it."""

import asyncio
from collections.abc import Callable
from typing import Self

import structlog

from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store

log = structlog.stdlib.get_logger(__name__)

EVERY = 60.0  # seconds


class Bookkeeping:
    """At work for as long as the block runs. `clock` gives epoch seconds."""

    def __init__(self, store: Store, clock: Callable[[], float], every: float = EVERY) -> None:
        self._store = store
        self._clock = clock
        self._every = every

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        await self._keep_books()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self._keep_books()

    async def _keep_books(self) -> None:
        try:
            await self._store.keep_books(self._clock())
        except DatabaseError as error:
            log.warning("the counts are written later", error=error)
        except Exception:
            log.exception("the counts were not written")
