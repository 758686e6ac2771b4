"""How soon the end of a generation is noticed, and what that costs: `python -m benchmarks.schedule`.

Pure simulation, with seeds, of the very functions that the bot calls (`cadence.next_wait`, `Forecasts`). The first
question, which comes at once, counts for nobody. A fixed interval of d seconds costs d / 2 seconds and one question in
d seconds, so latency times polls is about the same for all of them: that product, divided by the one of 5 s, is the
index that tells whether a schedule is better than any fixed interval.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from benchmarks.laws import FLEET, LAWS, Cost, Job, Law, log_normal
from benchmarks.rows import Row
from bot.polling.cadence import FLOOR, Pace, next_wait
from bot.polling.hazard import WORTH
from bot.tracking.forecast import Ended, Forecasts
from bot.tracking.model import Task
from providers.base import Provider, Snapshot, State

# Jobs of each law: that the bot follows, with as many trainings; that a fixed interval follows, which costs nothing.
SAMPLE, TRAININGS, TRAINED = 300, 4, 60
FINE_SAMPLE = 1500
WORTHS = (0.03, 0.07, WORTH, 0.25, 0.5, 1.0)
LATENCY = 2.5
LIVES, LIFE = 200, 40
USUAL, REJECTING = "120 s, spread .5", "15 % rejected, 3 % stuck"

_PROVIDER = Provider("p", "P", "https://p.example", ())
_TASK = Task(1, "p", 0, "video", "v", 0, 0, 0)
_RUNNING = Snapshot(State.RUNNING)

Gap = Callable[[float], float]
Laws = tuple[Law, ...]
Shape = Callable[[float], int | None]


def cost(costs: Sequence[Cost]) -> Cost:
    """The mean of several."""
    return Cost(*(sum(column) / len(costs) for column in zip(*costs, strict=True)))


def follow(job: Job, gap: Gap) -> Cost:
    """Asks until the job is seen to have ended; `gap` gives the seconds until the next question at an age."""
    age, polls = 0.0, 0
    while age < job.seconds:
        age += gap(age)
        polls += 1
    return Cost(age - job.seconds, polls)


def fixed(laws: Laws, interval: float) -> Cost:
    """A fixed interval, of each law as many jobs."""
    polls = [(job, math.ceil(job.seconds / interval)) for law in laws for job in law.jobs(FINE_SAMPLE)]
    return cost([Cost(count * interval - job.seconds, count) for job, count in polls])


def back_off(job: Job, first: float) -> Cost:
    """Every gap half as long again, up to eight times the first."""
    gaps = iter([first * 1.5**number for number in range(6)])
    return follow(job, lambda _: next(gaps, first * 8))


def by_age(job: Job, share: float) -> Cost:
    """Gaps that grow with the age."""
    return follow(job, lambda age: max(1.0, share * age))


@dataclass(slots=True)
class Bot:
    """The bot's schedule, with what it has learned. `is_told`: gateways say when a task ended, else it is seen late."""

    random: Random
    forecasts: Forecasts
    worth: float = WORTH
    is_told: bool = True

    @classmethod
    def new(cls, seed: int, *, is_told: bool = True) -> "Bot":
        """One that knows nothing yet."""
        return cls(Random(seed), Forecasts(), is_told=is_told)  # noqa: S311 - no secret

    @classmethod
    def trained(cls, laws: Laws, seed: int) -> "Bot":
        """One that has seen enough of each of the laws, which are the models of one provider."""
        bot = cls.new(seed)
        past = [(model, job) for model, law in enumerate(laws) for job in law.jobs(TRAINED)]
        bot.random.shuffle(past)
        for model, job in past:
            bot.learn(model, job, job.seconds)
        return bot

    def learn(self, model: int, job: Job, seconds: float) -> None:
        self.forecasts.learn(Ended("p", str(model), seconds, succeeded=job.succeeds))

    def watch(self, model: int, job: Job, shape: Shape = lambda _: None) -> Cost:
        """Follows it with what is known now. `shape` is the progress in percent after a share of its time."""
        fit, pace = self.forecasts.expect("p", str(model)), Pace(worth=self.worth)

        def gap(age: float) -> float:
            nearer = fit.sharpened(age, shape(age / job.seconds))
            return next_wait(pace, _PROVIDER, _TASK, _RUNNING, age, self.random.random(), nearer)

        return follow(job, gap)

    def live(self, jobs: Sequence[Job]) -> list[Cost]:
        """Follows one after the other, and learns from each."""
        costs = []
        for job in jobs:
            costs.append(self.watch(0, job))
            self.learn(0, job, job.seconds if self.is_told else job.seconds + costs[-1].latency)
        return costs


def ours(laws: Laws, worth: float = WORTH, believed: Laws = ()) -> Cost:
    """What the bot costs when it has learned these laws, or believes in others: the mean of several trainings."""
    costs = []
    for seed in range(TRAININGS):
        bot = Bot.trained(believed or laws, seed)
        bot.worth = worth
        costs += [bot.watch(model, job) for model, law in enumerate(laws) for job in law.jobs(SAMPLE)]
    return cost(costs)


def bound(laws: Laws, worth: float) -> Cost:
    """The best schedule that keeps to our least gap, and knows the laws."""
    return cost([law.bound(worth, FLOOR) for law in laws])


def index(found: Cost, laws: Laws) -> float:
    """Latency times polls, in terms of a fixed interval of 5 s."""
    return found.product / fixed(laws, 5.0).product


def polls_at(curve: Sequence[Cost], latency: float) -> float:
    """The polls at that mean latency, between two points of a curve; nan outside of it."""
    for one, other in pairwise(sorted(curve)):
        if one.latency <= latency <= other.latency:
            part = math.log(latency / one.latency) / math.log(other.latency / one.latency)
            return one.polls * math.exp(part * math.log(other.polls / one.polls))
    return math.nan


def fixed_at(laws: Laws, latency: float) -> float:
    """The polls of the fixed interval that has this mean latency."""
    return polls_at([fixed(laws, latency * factor) for factor in (1.0, 1.5, 1.8, 2.0, 2.2, 2.5, 3.0)], latency)


def points(laws: Laws) -> dict[str, list[Cost]]:
    """For a plot: each schedule's curve of (latency, polls)."""
    jobs = [job for law in laws for job in law.jobs(SAMPLE)]
    return {
        "fixed interval": [fixed(laws, interval) for interval in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20)],
        "exponential back-off": [
            cost([back_off(job, first) for job in jobs]) for first in (0.3, 0.6, 0.9, 1.25, 2.0, 3.0)
        ],
        "a share of the age": [cost([by_age(job, share) for job in jobs]) for share in (0.02, 0.035, 0.05, 0.08, 0.12)],
        "Rushes": [ours(laws, worth) for worth in WORTHS],
        "bound": [bound(laws, worth) for worth in (0.02, 0.045, *WORTHS[1:], 1.5)],
    }


# What is asked


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what the bot costs, the index, and the polls beside others' of the same mean latency."""

    what: str
    found: Cost
    index: float
    of_fixed: float = math.nan
    of_bound: float = math.nan

    def __str__(self) -> str:
        ratios = "".join(f"{value:10.3f}" for value in (self.of_fixed, self.of_bound) if not math.isnan(value))
        return f"{self.what:52s}{self.found.latency:9.2f}{self.found.polls:9.1f}{self.index:9.3f}{ratios}"


def five_models() -> Line:
    """The fleet, learned, as the bot does by itself."""
    found = ours(FLEET)
    bounds = [bound(FLEET, worth) for worth in WORTHS]
    of_fixed, of_bound = found.polls / fixed_at(FLEET, found.latency), found.polls / polls_at(bounds, found.latency)
    return Line("fleet of five models, learned", found, index(found, FLEET), of_fixed, of_bound)


def one_model() -> Iterator[Line]:
    """Every law by itself, learned; what a question is worth is chosen such that the mean latency is the usual one."""
    for name, law in LAWS.items():
        curve = [ours((law,), worth) for worth in WORTHS]
        bounds = [bound((law,), worth) for worth in (0.02, 0.04, *WORTHS, 1.5)]
        # Some laws are too quick for that.
        latency = min(LATENCY, curve[-1].latency)
        found = Cost(latency, polls_at(curve, latency))
        of_fixed, of_bound = found.polls / fixed_at((law,), latency), found.polls / polls_at(bounds, latency)
        yield Line(f"{name}, learned", found, index(found, (law,)), of_fixed, of_bound)


def misfits() -> Iterator[Line]:
    """The bot believes in one law, and nothing teaches it the other."""
    laws = (LAWS[USUAL],)
    believed = {
        "median a quarter": (30, 0.5),
        "median half": (60, 0.5),
        "median double": (240, 0.5),
        "median four times": (480, 0.5),
        "spread half": (120, 0.25),
        "spread double": (120, 1.0),
        "both wrong, 240 s and .25": (240, 0.25),
    }
    for name, (median, spread) in believed.items():
        found = ours(laws, believed=(log_normal(median, spread),))
        yield Line(f"misfit: {name}", found, index(found, laws))


def changes() -> Iterator[Line]:
    """The gateway changes under a bot that has learned; tasks in the order in which they come."""
    for name, median in (("twice slower", 240), ("twice faster", 60)):
        bots = [Bot.trained((LAWS[USUAL],), seed) for seed in range(LIVES)]
        yield from _stages(f"suddenly {name}", bots, log_normal(median, 0.5), (10, LIFE))


def progresses() -> Iterator[Line]:
    """What a gateway's progress adds to what is known, true or not."""
    shapes: dict[str, Shape] = {
        "true": lambda share: int(100 * share),
        "quick at first": lambda share: int(100 * (1 - (1 - share) ** 2)),
        "99 % after half the time": lambda share: min(99, int(200 * share)),
        "always 30 %": lambda _: 30,
    }
    law = LAWS[USUAL]
    for name, shape in shapes.items():
        bots = [Bot.trained((law,), seed) for seed in range(TRAININGS)]
        found = cost([bot.watch(0, job, shape) for bot in bots for job in law.jobs(SAMPLE)])
        yield Line(f"{USUAL}, learned, progress: {name}", found, index(found, (law,)))


def new_models(*, is_told: bool = True) -> Iterator[Line]:
    """A model of which nothing is known; tasks in the order in which they come."""
    names = (USUAL, "image, 15 s, .4", "long, 420 s, .35", REJECTING)
    for name in names if is_told else names[:2]:
        bots = [Bot.new(seed, is_told=is_told) for seed in range(LIVES)]
        yield from _stages(f"new{'' if is_told else ', end seen late'}: {name}", bots, LAWS[name], (1, 3, 10, LIFE))


def _stages(what: str, bots: Sequence[Bot], law: Law, ends: Sequence[int]) -> Iterator[Line]:
    """Every bot lives through as many tasks; the first ones of all together are as the law is, and so on."""
    random = Random(1)  # noqa: S311 - no secret
    columns = [random.sample(law.jobs(len(bots)), len(bots)) for _ in range(ends[-1])]
    lives = [bot.live(jobs) for bot, jobs in zip(bots, zip(*columns, strict=True), strict=True)]
    for start, end in pairwise((0, *ends)):
        found = cost([one for life in lives for one in life[start:end]])
        tasks = f"task {end}" if end == start + 1 else f"tasks {start + 1}-{end}"
        yield Line(f"{what}, {tasks}", found, index(found, (law,)))


def lines() -> Iterator[Line]:
    """The whole table."""
    yield five_models()
    yield from one_model()
    yield from progresses()
    yield from misfits()
    yield from changes()
    yield from new_models()
    yield from new_models(is_told=False)


def rows() -> Iterator[Row]:
    """What is promised, in a few lines."""
    fleet = five_models()
    note = f"mean latency {fleet.found.latency:.2f} s"
    yield Row(
        "polls a task, five models", fleet.found.polls, fleet.found.polls / fleet.of_fixed, "fixed interval", note
    )
    known = list(one_model())
    worst = max((line for line in known if REJECTING not in line.what), key=lambda line: line.of_bound)
    yield Row("polls a task, one model", worst.found.polls, worst.found.polls / worst.of_bound, "the bound", worst.what)
    (mixed,) = [line for line in known if REJECTING in line.what]
    yield Row("polls a task, rejected or stuck", mixed.found.polls, mixed.found.polls / mixed.of_bound, "the bound")
    for what, several in (("misfit", misfits()), ("change", changes()), ("new model", new_models())):
        worst = max(several, key=lambda line: line.index)
        yield Row(
            f"latency x polls, worst {what}",
            worst.found.product,
            worst.found.product / worst.index,
            "fixed 5 s",
            worst.what,
        )


def main() -> None:
    """Prints the table."""
    print(f"{'':52s}{'latency':>9s}{'polls':>9s}{'index':>9s}{'of fixed':>10s}{'of bound':>10s}")
    for line in lines():
        print(line, flush=True)
    for name, laws in ((USUAL, (LAWS[USUAL],)), ("fleet of five models", FLEET)):
        print(f"\n{name}: polls a task at a mean latency of {LATENCY} s")
        for schedule, curve in points(laws).items():
            print(f"  {schedule:24s}{polls_at(curve, LATENCY):8.1f}")


if __name__ == "__main__":
    main()
