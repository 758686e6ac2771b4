"""What one account of a gateway is spared: too many questions at once, too fast, or while it rests. Pure.

Tasks wait in their account's lane; they never fail for it, and no lane waits for another one.
"""

from collections import deque
from collections.abc import Mapping

from providers.base import QueryError


class Lane:
    """The questions to one account. Times are monotonic seconds."""

    def __init__(self, concurrency: int, rps: float | None) -> None:
        self._concurrency = concurrency
        self._gap = 1 / rps if rps else 0.0
        self._waiting: deque[int] = deque()
        self._in_flight = 0
        self._free_at = 0.0
        self._rests_until = 0.0
        self._reason: QueryError | None = None

    def join(self, task_id: int) -> None:
        """The task is due and waits for its turn."""
        self._waiting.append(task_id)

    def next(self, now: float) -> int | None:
        """The task whose turn it is, if one may be asked for right now; `leave` must follow."""
        if not self._waiting or self._in_flight >= self._concurrency or now < self._opens_at():
            return None
        self._in_flight += 1
        self._free_at = max(self._free_at + self._gap, now)
        return self._waiting.popleft()

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
        return self._waiting[0] if self._waiting else None

    def resting(self, now: float) -> QueryError | None:
        """Why the lane rests, while it does."""
        return self._reason if now < self._rests_until else None

    def _opens_at(self) -> float:
        return max(self._rests_until, self._free_at + self._gap if self._gap else 0.0)


class Lanes:
    """Every account's lane, made when it is first used. `("", -1)` is the lane of tasks that nobody knows yet."""

    def __init__(self, concurrency: int, rps: float | None) -> None:
        self._concurrency = concurrency
        self._rps = rps
        self._lanes: dict[tuple[str, int], Lane] = {}

    def of(self, provider: str, account: int) -> Lane:
        key = (provider, account) if account >= 0 else ("", -1)
        if key not in self._lanes:
            self._lanes[key] = Lane(self._concurrency, self._rps if account >= 0 else None)
        return self._lanes[key]

    def all(self) -> Mapping[tuple[str, int], Lane]:
        """The lanes that were used so far."""
        return self._lanes
