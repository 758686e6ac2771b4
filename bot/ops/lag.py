"""How long the event loop is kept from its work, looked at now and then."""

import asyncio
import time

from bot.tracking.measures import LOOP_LAG
from bot.tracking.tally import Tally

EVERY = 0.5  # seconds


async def measure_lag(tally: Tally) -> None:
    """Measures for ever. Ends only by being cancelled."""
    while True:
        asked = time.monotonic()
        await asyncio.sleep(EVERY)
        tally.observe(LOOP_LAG, time.monotonic() - asked - EVERY)
