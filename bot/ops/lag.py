"""How long the event loop is kept from its work, looked at now and then."""

import asyncio
import time
from typing import Self

from bot.tracking.measures import LOOP_LAG
from bot.tracking.tally import Tally

EVERY = 0.5  # seconds


class LoopLag:
    """At work for as long as the block runs."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            asked = time.monotonic()
            await asyncio.sleep(EVERY)
            self._tally.observe(LOOP_LAG, time.monotonic() - asked - EVERY)
