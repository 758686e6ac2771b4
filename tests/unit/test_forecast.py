import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.forecast import ENOUGH, LONGEST, MEMORY, MODELS, UNKNOWN, Ended, Fit, Forecasts


def taught(*seconds: float, model: str = "m", known: Forecasts | None = None) -> Forecasts:
    forecasts = known or Forecasts()
    for one in seconds:
        forecasts.learn(Ended("p", model, one))
    return forecasts


def some(median: float, spread: float, count: int) -> list[float]:
    random = Random(1)  # noqa: S311 - no secret
    return [median * math.exp(random.gauss(0, spread)) for _ in range(count)]


def test_before_anything_is_known_anything_is_possible() -> None:
    assert Forecasts().expect("p", "m") == UNKNOWN
    assert (UNKNOWN.usual, UNKNOWN.outlasting(1e6), UNKNOWN.left(10)) == (None, 1.0, None)
    assert UNKNOWN.median == pytest.approx(90)
    assert UNKNOWN.spread > 1


def test_what_was_seen_is_expected_of_the_next_one() -> None:
    fit = taught(*some(420, 0.3, 200)).expect("p", "m")
    assert fit.median == pytest.approx(420, rel=0.1)
    assert fit.usual == pytest.approx(420, rel=0.1)
    assert fit.spread == pytest.approx(0.3, abs=0.07)
    assert fit.count == MEMORY
    assert fit.outlasting(420) == pytest.approx(0.5, abs=0.1)
    assert fit.left(0) == pytest.approx(fit.usual)


def test_two_are_not_enough_to_speak_of_what_is_usual() -> None:
    forecasts = taught(60, 60)
    assert forecasts.expect("p", "m").usual is None
    assert taught(60, known=forecasts).expect("p", "m").usual == pytest.approx(60)


def test_of_a_model_that_is_new_its_providers_others_are_a_guide() -> None:
    forecasts = taught(*some(300, 0.2, 20), model="one")
    fresh = forecasts.expect("p", "two")
    assert fresh.usual is None
    assert 200 < fresh.median < 300
    assert forecasts.expect("p", "one").spread < fresh.spread < UNKNOWN.spread
    assert forecasts.expect("q", "one") == UNKNOWN


@pytest.mark.parametrize("absurd", [0.001, LONGEST])
def test_a_few_absurd_ones_change_little(absurd: float) -> None:
    forecasts = taught(*some(120, 0.25, 30), absurd, absurd, *some(120, 0.25, 5))
    fit = forecasts.expect("p", "m")
    assert fit.median == pytest.approx(120, rel=0.25)
    assert fit.spread < 0.5


@pytest.mark.parametrize("absurd", [0.0, -5.0, math.nan, math.inf, LONGEST + 1])
def test_what_can_not_be_is_not_learned(absurd: float) -> None:
    assert taught(absurd).expect("p", "m").count == 0


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_gateway_that_changes_is_followed(factor: float) -> None:
    forecasts = taught(*some(120, 0.25, 200), *some(120 * factor, 0.25, 80))
    assert forecasts.expect("p", "m").median == pytest.approx(120 * factor, rel=0.2)


def test_failures_teach_only_how_many_are_rejected_at_once() -> None:
    forecasts = taught(*[60.0] * 20)
    before = forecasts.expect("p", "m")
    assert before.rejected < 0.03
    for seconds in (5.0, 5.0, 5.0, 300.0):
        forecasts.learn(Ended("p", "m", seconds, succeeded=False))
    after = forecasts.expect("p", "m")
    assert after.rejected == pytest.approx(3.3 / 26)
    assert (after.median, after.spread, after.count) == (before.median, before.spread, before.count)


def test_a_progress_says_more_the_further_it_is() -> None:
    fit = Fit(median=240, spread=0.3, count=9, usual=240)
    assert fit.sharpened(60, 5) == fit
    early, late = fit.sharpened(20, 20), fit.sharpened(90, 90)
    assert 200 < early.median < 240
    assert 100 < late.median < 180
    assert late.spread < early.spread < fit.spread
    assert fit.sharpened(0, 50) == fit.sharpened(60, 100) == fit.sharpened(60, None) == fit


def test_what_was_written_down_says_nothing_of_rejections() -> None:
    forecasts = Forecasts()
    forecasts.recall([("p", "m", 60.0)] * 50)
    fit = forecasts.expect("p", "m")
    assert fit.usual == pytest.approx(60)
    assert fit.rejected == UNKNOWN.rejected


def test_made_up_names_do_not_fill_the_memory() -> None:
    forecasts = taught(*[60.0] * 5)
    for number in range(MODELS - 1):
        taught(60, model=f"made up {number}", known=forecasts)
    assert forecasts.expect("p", "m").usual is not None
    taught(60, model="one too many", known=forecasts)
    assert forecasts.expect("p", "m").usual is None
    assert forecasts.expect("p", "made up 0").count == 1


@given(
    st.lists(st.tuples(st.floats(), st.booleans()), max_size=60),
    st.floats(0, 2 * LONGEST),
    st.none() | st.integers(-5, 200),
)
def test_whatever_is_told_the_fit_stays_one(past: list[tuple[float, bool]], age: float, progress: int | None) -> None:
    forecasts = Forecasts()
    for seconds, succeeded in past:
        forecasts.learn(Ended("p", "m", seconds, succeeded=succeeded))
    fit: Fit = forecasts.expect("p", "m")
    assert 0 < fit.median < math.inf
    assert 0.15 <= fit.spread < math.inf
    assert (fit.usual is None) == (fit.count < ENOUGH)
    assert 0 <= fit.rejected <= 1
    assert 0 <= fit.outlasting(age) <= 1
    left = fit.left(age)
    assert left is None or left >= -1e-6 * age
    sharper = fit.sharpened(age, progress)
    assert 0 < sharper.median < math.inf
    assert 0 < sharper.spread <= fit.spread
