"""For what has to be written or read before anything else can go on: tries on while the database does not answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.storage.sqlite import DatabaseError

log = structlog.stdlib.get_logger(__name__)

PAUSE = 5.0  # seconds

T = TypeVar("T")


async def insist(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns, as soon as the database lets it; it may be begun several times."""
    while True:
        try:
            return await work()
        except DatabaseError as error:
            log.error("the database does not answer; trying on", error=error)  # noqa: TRY400 - the sentence says it all
            await asyncio.sleep(PAUSE)
