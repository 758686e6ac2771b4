"""The schedule keeps its promises: the benchmark's simulation, of fewer tasks."""

import pytest

from benchmarks.laws import FLEET, LAWS, Cost, log_normal
from benchmarks.schedule import USUAL, Bot, Laws, bound, cost, fixed_at, index, polls_at

USUAL_LAW = (LAWS[USUAL],)


def learned(laws: Laws, believed: Laws = (), jobs: int = 100) -> Cost:
    bot = Bot.trained(believed or laws, seed=1)
    return cost([bot.watch(model, job) for model, law in enumerate(laws) for job in law.jobs(jobs)])


def test_five_models_are_watched_with_half_the_polls_of_a_fixed_interval() -> None:
    found = learned(FLEET, jobs=60)
    assert found.latency == pytest.approx(2.5, abs=0.3)
    assert found.polls <= 0.55 * fixed_at(FLEET, found.latency)


def test_a_model_that_is_known_is_watched_nearly_as_well_as_can_be() -> None:
    found = learned(USUAL_LAW)
    assert found.polls <= 1.1 * polls_at([bound(USUAL_LAW, worth) for worth in (0.1, 0.14, 0.2)], found.latency)


@pytest.mark.parametrize(("median", "spread"), [(30, 0.5), (480, 0.5), (120, 1.0), (240, 0.25)])
def test_who_is_wrong_is_hardly_worse_than_a_fixed_interval(median: float, spread: float) -> None:
    assert index(learned(USUAL_LAW, (log_normal(median, spread),)), USUAL_LAW) <= 1.15


@pytest.mark.parametrize("name", [USUAL, "image, 15 s, .4", "15 % rejected, 3 % stuck"])
def test_the_first_tasks_of_a_model_cost_what_a_fixed_interval_costs(name: str) -> None:
    law = LAWS[name]
    lives = [Bot.new(seed).watch(0, job) for seed, job in enumerate(law.jobs(150))]
    assert index(cost(lives), (law,)) <= 1.1
