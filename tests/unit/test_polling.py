from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.polling.cadence import HASTE, Pace, least_gap, next_wait
from bot.polling.hazard import best_gap
from bot.tracking.forecast import Fit
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


def test_of_what_nobody_knows_the_pace_is_steady_until_it_is_old() -> None:
    assert {wait(RUNNING, age=age) for age in range(0, 600, 7)} == {5}
    assert wait(RUNNING, age=3600) == 30
    assert wait(RUNNING, age=86_400) == 60
    assert wait(RUNNING, Pace(floor=0.2), age=20) == 0.2


KNOWN = Fit(median=120, spread=0.3, count=20, usual=120, rejected=0.01)


def looks(fit: Fit, until: float, pace: Pace | None = None, provider: Provider = PROVIDER) -> list[float]:
    """The ages at which a task is asked for that goes on that long."""
    ages = [0.0]
    while ages[-1] < until:
        ages.append(ages[-1] + next_wait(pace or Pace(), provider, task(), RUNNING, ages[-1], 0.0, fit))
    return ages[1:]


def test_the_more_likely_the_end_the_denser_the_questions() -> None:
    ages = looks(KNOWN, 200)
    gaps = {age: after - age for age, after in pairwise(ages)}
    assert 40 <= ages[0] <= 60, "before, nothing ends"
    assert gaps[ages[0]] > 10
    assert all(3 <= gap < 6 for age, gap in gaps.items() if 110 < age < 180)


def test_rejections_are_looked_for_early_where_there_are_any() -> None:
    assert looks(replace(KNOWN, rejected=0.1), 60)[:5] == [4, 8, 16, 36, pytest.approx(56)]
    assert looks(replace(KNOWN, rejected=0.1), 60, Pace(floor=10, ceiling=60))[:2] == [10, 20]


def test_what_is_long_overdue_is_asked_for_ever_more_rarely() -> None:
    gaps = [next_wait(Pace(), PROVIDER, task(), RUNNING, age, 0.0, KNOWN) for age in (600, 3600, 7200, 86_400)]
    assert gaps == [5, 30, 60, 60]


@given(
    st.builds(Fit, st.floats(0.1, 2e5), st.floats(0.15, 20), st.floats(0, 40), st.none(), st.floats(0, 1)),
    st.floats(0, 1e6),
    st.floats(0, 1),
    st.none() | st.floats(0.05, 100),
    st.none() | st.floats(0.05, 100),
)
def test_every_gap_is_within_its_bounds(
    fit: Fit, age: float, chance: float, floor: float | None, ceiling: float | None
) -> None:
    gap = next_wait(Pace(floor, ceiling), PROVIDER, task(), RUNNING, age, chance, fit)
    lowest = floor or 3
    assert lowest <= gap <= max(lowest, ceiling or 60) * 1.1
    later = next_wait(Pace(floor, ceiling), PROVIDER, task(), RUNNING, age, 1.0, fit)
    assert gap <= later


@given(st.floats(1, 1e4), st.floats(0.15, 3), st.floats(0, 1e4), st.floats(0, 1e3))
def test_who_asks_later_asks_next_later(median: float, spread: float, age: float, more: float) -> None:
    fit = Fit(median, spread)
    next_at, later = age + best_gap(fit, age), age + more + best_gap(fit, age + more)
    assert age < next_at <= later * (1 + 1e-9)


def test_a_provider_may_want_its_own_pauses() -> None:
    patient = Provider("p", "P", "https://p.example", (), min_interval=8, max_interval=40)
    assert next_wait(Pace(), patient, task(), RUNNING, 0, 0.0) == 8
    assert next_wait(Pace(), patient, task(), RUNNING, 86_400, 0.0) == 40
    assert max(b - a for a, b in pairwise(looks(KNOWN, 100, provider=patient))) <= 40
    assert next_wait(Pace(2, 3), patient, task(), RUNNING, 86_400, 0.0) == 3


def test_chance_spreads_tasks_but_not_a_fixed_interval() -> None:
    assert next_wait(Pace(), PROVIDER, task(), RUNNING, 0, 1.0) == pytest.approx(5.5)
    assert next_wait(Pace(0.2, 0.2), PROVIDER, task(), RUNNING, 9999, 1.0) == 0.2
    assert next_wait(Pace(0.2, 0.2), PROVIDER, task(), RUNNING, 100, 1.0, KNOWN) == 0.2


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


def test_the_gateways_advice_about_a_task_wins() -> None:
    def advised(seconds: float, pace: Pace) -> float:
        return next_wait(pace, PROVIDER, task(), replace(RUNNING, ask_after=seconds), 0, 0.0)

    assert [advised(seconds, Pace()) for seconds in (0, 1, 12, 3e9)] == [5, 5, 12, 3600]
    assert advised(12, Pace(0.2, 0.2)) == 12
    assert advised(12, Pace(1, 3)) == 12
    assert least_gap(Pace(), PROVIDER, replace(RUNNING, ask_after=12)) == 12


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
