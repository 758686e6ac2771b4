"""What one account of a gateway is spared: too many questions at once, too fast, or while it rests. Pure.

Tasks wait in their account's lane; they never fail for it, and no lane waits for another one.
"""

import random
from collections import deque
from collections.abc import Callable, Mapping

from bot.polling.breaker import LONGEST_REST, Breaker
from providers.base import QueryError

# Those that had to wait for the same moment go on a little faster than they would have gone without that.
CATCH_UP = 1.5
# How much the latest wait counts in what is usual.
LATEST = 0.1


class Lane:
    """The questions to one account. Times are monotonic seconds.

    `usual_wait`: the seconds that lately lay between two questions about one task, 0 as long as nobody was answered.
    `population`: the open tasks that are asked for here.
    """

    def __init__(self, concurrency: int, rps: float | None, breaker: Breaker | None = None) -> None:
        self.breaker = breaker or Breaker(LONGEST_REST, random.random)
        self.usual_wait = 0.0
        self.population = 0
        self._concurrency = concurrency
        self._least_gap = 1 / rps if rps else 0.0
        self._gap = self._least_gap
        self._waiting: deque[tuple[int, float]] = deque()
        self._in_flight = 0
        self._free_at = 0.0
        self._rests_until = 0.0
        self._reason: QueryError | None = None

    def join(self, task_id: int, now: float) -> None:
        """The task is due and waits for its turn."""
        self._waiting.append((task_id, now))

    def next(self, now: float) -> int | None:
        """The task whose turn it is, if one may be asked for right now; `leave` must follow."""
        if not self._waiting or self._in_flight >= self._concurrency or now < self._opens_at():
            return None
        self._in_flight += 1
        self._free_at = max(self._free_at + self._gap, now)
        pace = self._pace(now)
        task_id, _ = self._waiting.popleft()
        # Who comes when nobody waits has to wait for nobody.
        self._gap = max(self._least_gap, pace if self._waiting else 0.0)
        return task_id

    def answered(self, wait: float) -> None:
        """A question was answered well; the same task is asked about again after `wait` seconds."""
        self.usual_wait += (wait - self.usual_wait) * (LATEST if self.usual_wait else 1)

    def leave(self) -> None:
        """A question was answered, or given up."""
        self._in_flight -= 1

    def retry_at(self) -> float | None:
        """When `next` should be tried again if nobody leaves before; None if only leaving helps."""
        return self._opens_at() if self._waiting and self._in_flight < self._concurrency else None

    def rest(self, until: float, reason: QueryError) -> None:
        """Nobody is asked here before `until`."""
        if until > self._rests_until:
            self._rests_until, self._reason = until, reason

    @property
    def rests_until(self) -> float:
        return self._rests_until

    @property
    def first(self) -> int | None:
        """The task that waits for the longest time."""
        return self._waiting[0][0] if self._waiting else None

    def resting(self, now: float) -> QueryError | None:
        """Why the lane rests, while it does."""
        return self._reason if now < self._rests_until else None

    def _pace(self, now: float) -> float:
        """Seconds until the next one: a queue goes on at the pace at which it came, not all at once."""
        waited = now - self._waiting[0][1]
        return min(waited, self.usual_wait or waited) / (CATCH_UP * len(self._waiting))

    def _opens_at(self) -> float:
        return max(self._rests_until, self._free_at + self._gap if self._gap else 0.0)


class Lanes:
    """Every account's lane, made when it is first used. `("", -1)` is the lane of tasks that nobody knows yet."""

    def __init__(
        self,
        concurrency: int,
        rps: float | None,
        longest_rest: float = LONGEST_REST,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._concurrency = concurrency
        self._rps = rps
        self._longest_rest = longest_rest
        self._chance = chance
        self._back: set[tuple[str, int]] = set()
        self._lanes: dict[tuple[str, int], Lane] = {}

    def of(self, provider: str, account: int) -> Lane:
        key = (provider, account) if account >= 0 else ("", -1)
        if key not in self._lanes:
            breaker = Breaker(self._longest_rest, self._chance)
            self._lanes[key] = Lane(self._concurrency, self._rps if account >= 0 else None, breaker)
        return self._lanes[key]

    def all(self) -> Mapping[tuple[str, int], Lane]:
        """The lanes that were used so far."""
        return self._lanes

    def note_back(self, provider: str, account: int) -> None:
        """The account was away, and answers again."""
        self._back.add((provider, account))

    def take_back(self) -> set[tuple[str, int]]:
        """The accounts that have come back since this was asked last."""
        back, self._back = self._back, set()
        return back
