"""Whether an account's gateway is asked at all: while nobody is answered, one question now and then will do. Pure."""

from collections.abc import Callable

from providers.base import QueryError, QueryErrorKind, Snapshot

# So many questions in a row without a usable answer, about so many tasks, and the gateway is away: fewer may be a
# matter of the tasks, and those have their own pauses.
FAILURES, TASKS = 10, 3
FIRST_REST, LONGEST_REST, FACTOR = 5.0, 60.0, 2.0
JITTER = 0.3
# A question that was let through counts as lost after so many seconds without any word of it.
LOST_AFTER = 60.0

_SILENCE = frozenset({QueryErrorKind.TRANSIENT, QueryErrorKind.PROTOCOL})


class Breaker:
    """Hears what came of every question to one account. Times are monotonic seconds.

    `longest`: the most seconds between two questions while the gateway is away; `chance` gives numbers in 0..1.
    """

    def __init__(self, longest: float, chance: Callable[[], float]) -> None:
        self._longest = longest
        self._chance = chance
        self._failures = 0
        self._tasks: set[int] = set()
        self._reason: QueryError | None = None
        self._rest = 0.0
        self._closed_until = 0.0
        self._probe: int | None = None

    def refusal(self, task_id: int, now: float) -> QueryError | None:
        """Why the task is not to be asked about now; None lets it through, and `hear` must follow."""
        if not self._rest:
            return None
        if now < self._closed_until:
            return self._reason
        self._probe, self._closed_until = task_id, now + LOST_AFTER
        return None

    def hear(self, task_id: int, answer: Snapshot | QueryError, now: float) -> bool:
        """What came of the question. True: the gateway was away, and is back."""
        if not (isinstance(answer, QueryError) and answer.kind in _SILENCE):
            was_away, self._rest = bool(self._rest), 0.0
            self._failures = 0
            self._tasks.clear()
            return was_away
        self._failures += 1
        if len(self._tasks) < TASKS:
            self._tasks.add(task_id)
        # What was still under way when the first ones failed says nothing new.
        is_news = task_id == self._probe if self._rest else self._failures >= FAILURES and len(self._tasks) >= TASKS
        if is_news:
            self._close(answer, now)
        return False

    def _close(self, reason: QueryError, now: float) -> None:
        self._reason, self._probe = reason, None
        self._rest = min(self._rest * FACTOR or FIRST_REST, self._longest)
        self._closed_until = now + self._rest * (1 + JITTER * self._chance())
