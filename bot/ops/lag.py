"""How long the event loop is kept from its work, looked at now and then."""

import asyncio

from bot.tracking.measures import LOOP_LAG
from bot.tracking.tally import Tally

# Seconds. Of a block of a tenth of a second at least half is seen, wherever it falls; looking costs about half a
# thousandth of one core.
EVERY = 0.05


async def measure_lag(tally: Tally) -> None:
    """Measures for ever. Ends only by being cancelled."""
    clock = asyncio.get_running_loop().time
    while True:
        asked = clock()
        await asyncio.sleep(EVERY)
        tally.observe(LOOP_LAG, clock() - asked - EVERY)
