from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.polling.breaker import FAILURES, TASKS, Breaker
from bot.polling.cadence import ACCOUNT_PAUSE, HASTE, Pace, lane_pause, least_gap, next_wait
from bot.polling.hazard import best_gap
from bot.polling.limiter import Lane, Lanes
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


def test_a_rejected_key_pauses_its_account() -> None:
    for kind in (QueryErrorKind.AUTH, QueryErrorKind.PAYMENT):
        assert lane_pause(error(kind), 1) == ACCOUNT_PAUSE
    assert lane_pause(error(QueryErrorKind.RATE_LIMITED), 30) == 30
    assert lane_pause(error(QueryErrorKind.TRANSIENT), 30) == 0
    assert lane_pause(RUNNING, 30) == 0


def test_who_wants_to_know_at_once_waits_for_what_must_lie_between_two_questions() -> None:
    patient = Provider("p", "P", "https://p.example", (), min_interval=8)
    assert least_gap(Pace(), PROVIDER, RUNNING) == HASTE
    assert least_gap(Pace(0.3), PROVIDER, RUNNING) == 0.3
    assert least_gap(Pace(30), PROVIDER, RUNNING) == HASTE
    assert least_gap(Pace(), patient, RUNNING) == 8
    assert least_gap(Pace(1), patient, RUNNING) == 1
    assert least_gap(Pace(), PROVIDER, error(QueryErrorKind.TRANSIENT)) == HASTE
    assert least_gap(Pace(), PROVIDER, error(QueryErrorKind.TRANSIENT, retry_after=60)) == 60


def test_a_lane_lets_so_many_through_at_once() -> None:
    lane = Lane(2, None)
    for task_id in (1, 2, 3):
        lane.join(task_id, 0)
    assert [lane.next(0), lane.next(0), lane.next(0)] == [1, 2, None]
    assert lane.retry_at() is None
    lane.leave()
    assert lane.next(0) == 3


def test_a_lane_keeps_its_rate() -> None:
    lane = Lane(64, 2.0)
    for task_id in range(4):
        lane.join(task_id, 10.0)
    assert lane.next(10.0) == 0
    assert lane.next(10.0) is None
    assert lane.retry_at() == pytest.approx(10.5)
    assert lane.next(10.5) == 1
    assert lane.next(60.0) == 2
    assert lane.next(60.0) is None


def test_a_resting_lane_lets_nobody_through_and_says_why() -> None:
    lane, reason = Lane(64, None), error(QueryErrorKind.AUTH)
    lane.join(1, 99.0)
    lane.rest(100.0, reason)
    lane.rest(50.0, error(QueryErrorKind.RATE_LIMITED))
    assert lane.next(99.0) is None
    assert lane.resting(99.0) == reason
    assert lane.retry_at() == 100.0
    assert lane.next(100.0) == 1
    assert lane.resting(100.0) is None


def test_after_a_rest_the_queue_goes_on_at_its_usual_pace() -> None:
    lane = Lane(64, None)
    lane.answered(5.0)
    for task_id in range(100):
        lane.join(task_id, task_id / 20)
    lane.rest(30.0, error(QueryErrorKind.RATE_LIMITED))
    assert lane.next(5.0) is None
    now, gone = 30.0, []
    while lane.next(now) is not None:
        gone.append(now)
        lane.leave()
        if (opens_at := lane.retry_at()) is not None:
            now = max(now, opens_at)
    assert len(gone) == 100
    assert max(sum(start <= moment < start + 1 for moment in gone) for start in gone) <= 31  # 20 a second are usual
    lane.join(1, now + 1)
    lane.join(2, now + 1)
    assert [lane.next(now + 1), lane.next(now + 1)] == [1, 2]


NOTHING = error(QueryErrorKind.TRANSIENT)


def broken(longest: float = 60.0, tasks: int = TASKS) -> Breaker:
    """One that has just heard of so many failures that its gateway counts as away; the clock stands at 0."""
    breaker = Breaker(longest, lambda: 0.0)
    for number in range(FAILURES):
        assert breaker.refusal(number % tasks, 0.0) is None
        assert not breaker.hear(number % tasks, NOTHING, 0.0)
    return breaker


def test_a_gateway_that_is_away_is_asked_once_and_ever_more_rarely() -> None:
    breaker = broken()
    now, waits = 0.0, []
    for _ in range(6):
        rested = now
        while breaker.refusal(7, now) is not None:
            now += 0.5
        assert breaker.refusal(8, now) is not None, "one at a time"
        breaker.hear(9, NOTHING, now)  # under way since before
        assert not breaker.hear(7, NOTHING, now)
        waits.append(now - rested)
    assert waits == [5, 10, 20, 40, 60, 60]


def test_a_gateway_that_is_back_is_asked_by_all() -> None:
    breaker = broken()
    assert breaker.refusal(1, 1.0) == NOTHING
    assert breaker.refusal(1, 5.0) is None
    assert breaker.hear(1, RUNNING, 5.1)
    assert [breaker.refusal(number, 5.2) for number in range(9)] == [None] * 9
    assert not breaker.hear(2, RUNNING, 5.3)


def test_a_question_that_nobody_heard_of_again_does_not_keep_the_gateway_away() -> None:
    breaker = broken(longest=0.5)
    assert breaker.refusal(1, 0.5) is None
    assert breaker.refusal(2, 59.0) == NOTHING
    assert breaker.refusal(2, 61.0) is None


def test_few_tasks_and_other_answers_make_no_gateway_away() -> None:
    assert broken(tasks=TASKS - 1).refusal(1, 0.0) is None
    breaker = Breaker(60.0, lambda: 0.0)
    for number in range(99):
        breaker.hear(number, NOTHING if number % FAILURES else error(QueryErrorKind.NOT_FOUND), 0.0)
    assert breaker.refusal(1, 0.0) is None


def test_accounts_have_lanes_of_their_own() -> None:
    lanes = Lanes(1, 5.0)
    assert lanes.of("p", 0) is lanes.of("p", 0)
    assert lanes.of("p", 0) is not lanes.of("p", 1)
    assert lanes.of("", -1) is lanes.of("p", -1)
