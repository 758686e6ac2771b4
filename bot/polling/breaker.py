"""Whether an account's gateway is there at all: while nobody is answered, one question now and then will do. Pure."""

from collections.abc import Callable

# So many questions in a row without a usable answer, about so many tasks, and the gateway is away: fewer may be a
# matter of the tasks, and those have their own pauses.
FAILURES, TASKS = 10, 3
FIRST_REST, LONGEST_REST, FACTOR = 5.0, 60.0, 2.0
JITTER = 0.3


class Breaker:
    """Hears what came of every question to one account.

    `longest`: the most seconds between two questions while the gateway is away; `chance` gives numbers in 0..1.
    """

    def __init__(self, longest: float, chance: Callable[[], float]) -> None:
        self._longest = longest
        self._chance = chance
        self._failures = 0
        self._tasks: set[int] = set()
        self._rest = 0.0

    def fail(self, task_id: int, *, is_news: bool) -> float:
        """A question without a usable answer: for how many seconds nobody is asked now, 0 if that is nothing new.

        `is_news`: it was sent since the last such rest began; what was under way by then failed for the same reason.
        """
        self._failures += 1
        if len(self._tasks) < TASKS:
            self._tasks.add(task_id)
        is_away = is_news if self._rest else self._failures >= FAILURES and len(self._tasks) >= TASKS
        if not is_away:
            return 0.0
        self._rest = min(self._rest * FACTOR or FIRST_REST, self._longest)
        return self._rest * (1 + JITTER * self._chance())

    def succeed(self) -> bool:
        """Something answered. True: the gateway was away, and is back."""
        was_away, self._rest = bool(self._rest), 0.0
        self._failures = 0
        if self._tasks:
            self._tasks.clear()
        return was_away
