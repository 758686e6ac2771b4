"""Which task was asked for when, as a gateway sees it: the same for whoever polls. Pure.

A record is two doubles: monotonic seconds, the task's number.
"""

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, quantiles

RECORD = "dd"
RECORD_BYTES = 16


@dataclass(frozen=True, slots=True)
class Pace:
    """What was asked in a span of time. Lateness is in milliseconds, `period` the mean seconds between two polls.

    A poll is late by what the task waited beyond its period since the poll before. Whoever is overdue at the end counts
    too, or a poller would look the better the fewer tasks it asks about. What can not be known stands as NaN.
    """

    polls: int
    per_second: float
    late_p50: float
    late_p99: float
    period: float


class Arrivals:
    """All that came in so far, in the order in which it came."""

    def __init__(self, records: bytes) -> None:
        numbers = array("d", records)
        self._times, self._tasks = numbers[::2], numbers[1::2]

    @property
    def tasks(self) -> int:
        """How many different ones were asked for."""
        return len(set(self._tasks))

    def all_once(self, count: int) -> float | None:
        """When the last of so many tasks was asked for the first time."""
        seen = set[float]()
        for moment, task in zip(self._times, self._tasks, strict=True):
            seen.add(task)
            if len(seen) == count:
                return moment
        return None

    def pace(self, since: float, until: float, period: float, missing: int = 0, began: float = 0.0) -> Pace:
        """What was asked from one moment to another, where each task is due `period` seconds after its last poll.

        `missing` tasks were never asked for although they were there when it `began`.
        """
        polls = sum(since <= moment < until for moment in self._times)
        gaps = list(self._gaps(since, until))
        waiting = [until - last for last in [*self._latest(until).values(), *[began] * missing]]
        late = [max(0.0, gap - period) * 1000 for gap in gaps]
        late += [(wait - period) * 1000 for wait in waiting if wait > period]
        period_found = mean(gaps) if gaps else math.nan
        if len(late) < 2:  # noqa: PLR2004  # quantiles want two
            return Pace(polls, polls / (until - since), math.nan, math.nan, period_found)
        cuts = quantiles(late, n=100, method="inclusive")
        return Pace(polls, polls / (until - since), cuts[49], cuts[98], period_found)

    def _latest(self, until: float) -> dict[float, float]:
        return {task: moment for moment, task in zip(self._times, self._tasks, strict=True) if moment < until}

    def _gaps(self, since: float, until: float) -> Iterator[float]:
        before = dict[float, float]()
        for moment, task in zip(self._times, self._tasks, strict=True):
            if since <= moment < until and task in before:
                yield moment - before[task]
            before[task] = moment
