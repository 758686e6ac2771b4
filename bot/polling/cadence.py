"""When a task is asked for next. Pure: the age, the answer and a random number come in, seconds come out.

Questions are spent where they tell the most, see `hazard`. Where nothing says when a task may end they come at a steady
interval.
"""

from dataclasses import dataclass

from bot.polling.hazard import WORTH, best_gap
from bot.tracking.forecast import UNKNOWN, Fit
from bot.tracking.model import Task
from providers.base import Provider, QueryError, QueryErrorKind, Snapshot

FLOOR = 3.0
CEILING = 20.0
# Half of what a model usually takes may pass unasked if its tasks are not rejected early, but no more than a minute.
QUIET_SHARE, LONGEST_CEILING = 0.5, 60.0
# Rejections come within seconds: there is a look at these ages, unless fewer than so many are to be expected.
EARLY_LOOKS = (4.0, 8.0, 16.0)
EARLY_LOOKS_FROM = 0.03
# The interval while nothing says when a task may end; it grows with the age, since what has taken long will take long.
STEADY, AGE_PER_SECOND = 5.0, 120.0
# So widely spread is what nothing is known of; what takes so many times longer than half of its kind is as unknown.
VAGUE, OVERDUE = 0.8, 5.0
# Between two questions of which the second one was wanted by a person.
HASTE = 3.0
# An ID that was made a moment ago may not be known everywhere yet.
NOT_FOUND_FIRST, NOT_FOUND_FACTOR = 5.0, 3.0
BACK_OFF_FIRST, BACK_OFF_FACTOR, BACK_OFF_CEILING = 5.0, 1.6, 300.0
LONGEST_ADVICE = 3600.0
# A key or a balance does not mend itself within seconds.
ACCOUNT_PAUSE = 600.0
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """The operator's bounds, in seconds between two questions about one task; None leaves it to us.

    `worth` is how many seconds of delay a question may cost.
    """

    floor: float | None = None
    ceiling: float | None = None
    worth: float = WORTH


def next_wait(
    pace: Pace,
    provider: Provider,
    task: Task,
    answer: Snapshot | QueryError,
    age: float,
    chance: float,
    fit: Fit = UNKNOWN,
) -> float:
    """Seconds until the next question. `age` in seconds since it was made, `chance` in 0..1 spreads tasks apart.

    A gateway's own advice (Retry-After) may make it longer than all bounds; the operator's win over the provider's.
    """
    if isinstance(answer, QueryError):
        if answer.retry_after is not None:
            floor = pace.floor or provider.min_interval or BACK_OFF_FIRST
            # "At once" is no advice that can be followed, everybody would; and in a year nobody waits for it any more.
            return max(floor, min(answer.retry_after, LONGEST_ADVICE))
        return _after_error(pace, task, answer.kind, chance)
    floor = pace.floor or provider.min_interval or FLOOR
    if pace.floor and pace.floor == pace.ceiling:
        return max(floor, _advice(answer))
    ceiling = pace.ceiling or provider.max_interval or _ceiling(fit, age)
    wait = min(max(floor, _gap(pace, fit, age, floor)), max(ceiling, floor))
    return max(wait * (1 + JITTER * chance), _advice(answer))


def least_gap(pace: Pace, provider: Provider, answer: Snapshot | QueryError) -> float:
    """Seconds after this answer in which the task is not asked for again, however much somebody would like to know."""
    advice = _advice(answer)
    if pace.floor is None and provider.min_interval is not None:
        return max(advice, provider.min_interval)
    return max(advice, min(HASTE, pace.floor or HASTE))


def _advice(answer: Snapshot | QueryError) -> float:
    """The least number of seconds that the gateway wants to be left alone about this task; 0 if it did not say."""
    advice = answer.retry_after if isinstance(answer, QueryError) else answer.ask_after
    return min(advice or 0.0, LONGEST_ADVICE)


def _gap(pace: Pace, fit: Fit, age: float, floor: float) -> float:
    if _is_at_sea(fit, age):
        return max(pace.floor or STEADY, age / AGE_PER_SECOND)
    gap = best_gap(fit, age, pace.worth)
    if fit.rejected >= EARLY_LOOKS_FROM:
        # One that is nearly reached was meant by the look that has just been.
        gap = min(gap, next((max(look - age, floor) for look in EARLY_LOOKS if age < look - 1), gap))
    return gap


def _ceiling(fit: Fit, age: float) -> float:
    if _is_at_sea(fit, age):
        return LONGEST_CEILING
    if fit.rejected >= EARLY_LOOKS_FROM:
        return CEILING
    return min(max(QUIET_SHARE * fit.median, CEILING), LONGEST_CEILING)


def _is_at_sea(fit: Fit, age: float) -> bool:
    """Whether nothing says when the task may end.

    It takes far longer than its kind, or none of that kind has ended yet and its provider's models are no guide either.
    """
    return age >= OVERDUE * fit.median or (fit.count < 1 and fit.spread > VAGUE)


def _after_error(pace: Pace, task: Task, kind: QueryErrorKind, chance: float) -> float:
    before = max(task.strikes - 1, 0)
    match kind:
        case QueryErrorKind.AUTH | QueryErrorKind.PAYMENT:
            return ACCOUNT_PAUSE
        case QueryErrorKind.NOT_FOUND:
            wait = NOT_FOUND_FIRST * NOT_FOUND_FACTOR**before
        case _:
            wait = (pace.floor or BACK_OFF_FIRST) * BACK_OFF_FACTOR**before
    return min(wait * (1 + JITTER * chance), pace.ceiling or BACK_OFF_CEILING)
