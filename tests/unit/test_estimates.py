import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.estimates import (
    SOON,
    Estimate,
    estimate,
    is_recent,
    is_stalled,
    next_look,
    outlook,
    timing,
    took,
)
from bot.tracking.forecast import LONGEST, UNKNOWN, Fit
from bot.tracking.model import Task
from providers.base import Snapshot, State

NOW = 1_000_000.0
# Half of them take four minutes, nine of ten less than six.
PAST = Fit(median=240, spread=0.3, count=5, usual=240)
RUNNING = Snapshot(State.RUNNING)


def task(snapshot: Snapshot = RUNNING, created_at: float = NOW - 100, changed_at: float = NOW - 10) -> Task:
    return Task(1, "token360", 0, "video", "v1", created_at, changed_at, NOW + 1000, snapshot=snapshot)


def test_nothing_is_said_of_what_nobody_knows() -> None:
    assert estimate(UNKNOWN, 10, None) == Estimate()
    assert estimate(Fit(median=240, spread=0.3, count=2), 10, None) == Estimate()


def test_history_tells_what_is_left_until_it_is_overtaken() -> None:
    left = [estimate(PAST, elapsed, None).left for elapsed in (0, 60, 180, 240, 300)]
    assert left == pytest.approx([240, 180, 76, 54, 44], rel=0.02)
    assert estimate(PAST, 460, None) == Estimate(240, None)


def test_progress_tells_it_without_any_history_but_not_from_its_first_steps() -> None:
    assert estimate(UNKNOWN, 60, 25) == Estimate(None, 180)
    assert estimate(UNKNOWN, 60, 5) == Estimate()
    assert estimate(UNKNOWN, 60, 100) == Estimate()


def test_the_further_a_generation_has_come_the_more_its_own_pace_counts() -> None:
    assert estimate(PAST, 120, 50).left == pytest.approx(120, rel=0.02)
    early, late = estimate(PAST, 40, 10).left, estimate(PAST, 180, 90).left
    assert early == pytest.approx(0.1 * 360 + 0.9 * 200, rel=0.01)
    assert late == SOON
    assert estimate(PAST, 500, 50).left == 500


@given(
    st.builds(Fit, st.floats(0.1, LONGEST), st.floats(0.15, 5), usual=st.none() | st.floats(0.1, LONGEST)),
    st.floats(0, LONGEST),
    st.none() | st.integers(0, 100),
)
def test_no_estimate_is_negative_or_endless(fit: Fit, elapsed: float, progress: int | None) -> None:
    found = estimate(fit, elapsed, progress)
    assert found.left is None or SOON <= found.left < math.inf
    assert found.usual == fit.usual


def test_a_stall_is_silence_beyond_what_is_usual() -> None:
    assert not is_stalled(UNKNOWN, 479, 479)
    assert is_stalled(UNKNOWN, 480, 480)
    slow = Fit(median=1000, spread=0.25, count=9, usual=1000)
    assert not is_stalled(slow, 900, 900)
    assert not is_stalled(slow, 250, 2100)
    assert is_stalled(slow, 300, 2000)
    assert not is_stalled(replace(slow, spread=1.0), 300, 5000), "of what is never alike, more is usual"


def test_the_schedule_believes_no_clock_that_makes_a_task_older_than_any() -> None:
    young = task(replace(RUNNING, created_at=NOW - 300))
    assert outlook(young, PAST, NOW) == (300, PAST)
    hours_off = task(replace(RUNNING, created_at=NOW - 8 * 3600, progress=50))
    assert outlook(hours_off, PAST, NOW) == (100, PAST)
    assert outlook(task(created_at=NOW + 50), PAST, NOW) == (0, PAST)


def test_the_schedule_goes_by_a_progress_whose_beginning_is_known() -> None:
    quick = replace(RUNNING, created_at=NOW - 100, progress=80)
    age, fit = outlook(task(quick), PAST, NOW)
    assert age == 100
    assert 125 < fit.median < PAST.median
    assert fit.spread < PAST.spread
    assert outlook(task(replace(quick, created_at=None)), PAST, NOW) == (100, PAST)
    assert outlook(task(quick), UNKNOWN, NOW) == (100, UNKNOWN)


def test_the_longer_nothing_happens_the_rarer_the_looks() -> None:
    looks, quiet = [], 0.0
    while quiet < 7200:
        looks.append(next_look(quiet))
        quiet += looks[-1]
    assert looks[:6] == [60, 60, 120, 240, 480, 900]
    assert set(looks[6:]) == {900}


@pytest.mark.parametrize("moment", [None, 0.0, -5.0, NOW, NOW + 1, NOW - LONGEST, 1000.0, float("nan")])
def test_moments_that_can_not_be_true_do_not_count(moment: float | None) -> None:
    assert not is_recent(moment, NOW)
    assert timing(task(replace(RUNNING, created_at=moment)), PAST, NOW).elapsed == 100
    assert took(task(Snapshot(State.SUCCEEDED, created_at=moment, completed_at=NOW))) is None


def test_the_gateways_own_clock_is_used_where_it_can_be() -> None:
    made = replace(RUNNING, created_at=NOW - 120, progress=50)
    assert timing(task(made), PAST, NOW).elapsed == 120
    assert timing(task(made), UNKNOWN, NOW).estimate == Estimate(None, 120)
    assert timing(task(replace(made, created_at=NOW - 5)), PAST, NOW).elapsed == 100
    done = Snapshot(State.SUCCEEDED, created_at=NOW - 120, completed_at=NOW - 20)
    assert took(task(done)) == 100


def test_of_a_task_that_was_tracked_late_progress_says_nothing() -> None:
    assert timing(task(replace(RUNNING, progress=50)), UNKNOWN, NOW).estimate == Estimate()


def test_a_clock_that_was_set_back_makes_no_negative_times() -> None:
    times = timing(task(created_at=NOW + 50, changed_at=NOW + 50), UNKNOWN, NOW)
    assert (times.elapsed, times.quiet) == (0, 0)
