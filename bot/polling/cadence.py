"""When a task is asked for next. Pure: the age, the answer and a random number come in, seconds come out."""

from dataclasses import dataclass

from bot.tracking.model import Task
from providers.base import Provider, QueryError, QueryErrorKind, Snapshot

FLOOR = 5.0
CEILING = 20.0
# Between two questions of which the second one was wanted by a person.
HASTE = 3.0
# A render that has taken long will take long: from here on the gap grows with the age, up to the ceiling.
AGE_PER_SECOND = 30.0
# An ID that was made a moment ago may not be known everywhere yet.
NOT_FOUND_FIRST, NOT_FOUND_FACTOR = 5.0, 3.0
BACK_OFF_FACTOR, BACK_OFF_CEILING = 1.6, 300.0
LONGEST_ADVICE = 3600.0
# A key or a balance does not mend itself within seconds.
ACCOUNT_PAUSE = 600.0
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """The operator's bounds, in seconds between two questions about one task; None leaves it to us."""

    floor: float | None = None
    ceiling: float | None = None


def next_wait(
    pace: Pace, provider: Provider, task: Task, answer: Snapshot | QueryError, age: float, chance: float
) -> float:
    """Seconds until the next question. `age` in seconds since tracking began, `chance` in 0..1 spreads tasks apart.

    A gateway's own advice (Retry-After) may make it longer than all bounds; the operator's win over the provider's.
    """
    floor = pace.floor or provider.min_interval or FLOOR
    if isinstance(answer, QueryError):
        if answer.retry_after is not None:
            # "At once" is no advice that can be followed, everybody would; and in a year nobody waits for it any more.
            return max(floor, min(answer.retry_after, LONGEST_ADVICE))
        return _after_error(pace, task, answer.kind, chance)
    ceiling = pace.ceiling or provider.max_interval or CEILING
    wait = min(max(floor, age / AGE_PER_SECOND), max(ceiling, floor))
    return wait if pace.floor and pace.floor == pace.ceiling else wait * (1 + JITTER * chance)


def least_gap(pace: Pace, provider: Provider, answer: Snapshot | QueryError) -> float:
    """Seconds after this answer in which the task is not asked for again, however much somebody would like to know."""
    advice = min((isinstance(answer, QueryError) and answer.retry_after) or 0.0, LONGEST_ADVICE)
    if pace.floor is None and provider.min_interval is not None:
        return max(advice, provider.min_interval)
    return max(advice, min(HASTE, pace.floor or HASTE))


def _after_error(pace: Pace, task: Task, kind: QueryErrorKind, chance: float) -> float:
    before = max(task.strikes - 1, 0)
    match kind:
        case QueryErrorKind.AUTH | QueryErrorKind.PAYMENT:
            return ACCOUNT_PAUSE
        case QueryErrorKind.NOT_FOUND:
            wait = NOT_FOUND_FIRST * NOT_FOUND_FACTOR**before
        case _:
            wait = (pace.floor or FLOOR) * BACK_OFF_FACTOR**before
    return min(wait * (1 + JITTER * chance), pace.ceiling or BACK_OFF_CEILING)
