import pytest

from bot.polling.cadence import HASTE, Pace, least_gap, next_wait
from bot.tracking.model import Task
from providers.base import Provider, QueryError, QueryErrorKind, Snapshot, State

RUNNING = Snapshot(State.RUNNING)
PROVIDER = Provider("p", "P", "https://p.example", ())


def task(strikes: int = 0) -> Task:
    return Task(1, "p", 0, "video", "v", 0, 0, 0, strikes=strikes)


def error(kind: QueryErrorKind, retry_after: float | None = None) -> QueryError:
    return QueryError(kind, "x", retry_after=retry_after)


def wait(answer: Snapshot | QueryError, pace: Pace | None = None, age: float = 0, strikes: int = 1) -> float:
    return next_wait(pace or Pace(), PROVIDER, task(strikes), answer, age, 0.0)


def test_young_tasks_are_asked_for_often_and_old_ones_less() -> None:
    assert wait(RUNNING, age=0) == 5
    assert wait(RUNNING, age=300) == 10
    assert wait(RUNNING, age=86_400) == 20


def test_a_provider_may_want_its_own_pauses() -> None:
    patient = Provider("p", "P", "https://p.example", (), min_interval=8, max_interval=40)
    assert next_wait(Pace(), patient, task(), RUNNING, 0, 0.0) == 8
    assert next_wait(Pace(), patient, task(), RUNNING, 86_400, 0.0) == 40
    assert next_wait(Pace(2, 3), patient, task(), RUNNING, 86_400, 0.0) == 3


def test_chance_spreads_tasks_but_not_a_fixed_interval() -> None:
    assert next_wait(Pace(), PROVIDER, task(), RUNNING, 0, 1.0) == pytest.approx(5.5)
    assert next_wait(Pace(0.2, 0.2), PROVIDER, task(), RUNNING, 9999, 1.0) == 0.2


def test_the_operators_bounds_hold_for_errors_too() -> None:
    for kind in (QueryErrorKind.TRANSIENT, QueryErrorKind.PROTOCOL, QueryErrorKind.NOT_FOUND):
        assert wait(error(kind), Pace(0.2, 0.5), strikes=9) == 0.5


def test_errors_are_asked_again_ever_more_rarely() -> None:
    waits = [wait(error(QueryErrorKind.TRANSIENT), strikes=strikes) for strikes in range(1, 12)]
    assert waits[0] == 5
    assert waits == sorted(waits)
    assert waits[-1] == 300


def test_the_gateways_advice_wins() -> None:
    assert wait(error(QueryErrorKind.RATE_LIMITED, retry_after=7), Pace(0.2, 0.5)) == 7


@pytest.mark.parametrize(("advice", "followed"), [(0, 5), (1, 5), (3e9, 3600)])
def test_advice_that_makes_no_sense_is_not_followed(advice: float, followed: float) -> None:
    answer = error(QueryErrorKind.RATE_LIMITED, retry_after=advice)
    assert wait(answer) == followed
    assert wait(answer, Pace(0.2, 0.5)) == max(0.2, min(advice, 3600))
    assert least_gap(Pace(), PROVIDER, answer) == max(HASTE, min(advice, 3600))


def test_who_wants_to_know_at_once_waits_for_what_must_lie_between_two_questions() -> None:
    patient = Provider("p", "P", "https://p.example", (), min_interval=8)
    assert least_gap(Pace(), PROVIDER, RUNNING) == HASTE
    assert least_gap(Pace(0.3), PROVIDER, RUNNING) == 0.3
    assert least_gap(Pace(30), PROVIDER, RUNNING) == HASTE
    assert least_gap(Pace(), patient, RUNNING) == 8
    assert least_gap(Pace(1), patient, RUNNING) == 1
    assert least_gap(Pace(), PROVIDER, error(QueryErrorKind.TRANSIENT)) == HASTE
    assert least_gap(Pace(), PROVIDER, error(QueryErrorKind.TRANSIENT, retry_after=60)) == 60


def test_who_is_refused_waits_no_longer_than_others_since_its_account_rests_by_itself() -> None:
    assert wait(error(QueryErrorKind.RATE_LIMITED)) == wait(error(QueryErrorKind.TRANSIENT)) == 5
