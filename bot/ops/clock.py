"""The time of day as the bot uses it: however the machine's clock is set while it runs, it never jumps. Pure."""

import time
from collections.abc import Callable

import structlog

log = structlog.stdlib.get_logger(__name__)

# A difference is made up for by going so much faster or slower: an hour within a day, and nobody notices.
_SLEW = 0.05
# Less than so many seconds at once is a clock that is kept right.
_JUMP = 5.0


def _passed() -> float:
    """Seconds since some moment, those in which the machine slept included where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """Follows the machine's clock, `wall`, without jumps; `passed` counts seconds that nobody can set."""

    def __init__(self, wall: Callable[[], float], passed: Callable[[], float] = _passed) -> None:
        self._wall = wall
        self._passed = passed
        self._shown = wall()
        self._looked_at = passed()
        self._behind = 0.0

    def now(self) -> float:
        """Epoch seconds."""
        looked_at = self._passed()
        seconds = looked_at - self._looked_at
        behind = self._wall() - self._shown - seconds
        if abs(behind - self._behind) > _JUMP:
            log.warning("the machine's clock was set; the bot follows slowly", seconds=round(behind - self._behind))
        made_up = min(max(behind, -_SLEW * seconds), _SLEW * seconds)
        self._looked_at, self._shown, self._behind = looked_at, self._shown + seconds + made_up, behind - made_up
        return self._shown
