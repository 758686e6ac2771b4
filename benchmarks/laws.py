"""How long generations take, as laws to draw from, and the best schedule that there can be for each."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

_NORMAL = NormalDist()
# The bound is looked for among moments so far apart: seconds, or this share of the age.
_STEP, _STEP_SHARE = 0.2, 0.002
_NEARLY_NONE = 2e-4


class Job(NamedTuple):
    """One generation: how long it takes, and whether it succeeds."""

    seconds: float
    succeeds: bool = True


class Cost(NamedTuple):
    """What a schedule costs for each job: seconds from its end to the question that notices it, and questions."""

    latency: float
    polls: float

    @property
    def product(self) -> float:
        """Of every fixed interval about the same, so that schedules of different latency can be compared."""
        return self.latency * self.polls


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a law: log-normal by `median` and `spread`; with `spread` 0 it has no memory, `median` is its mean."""

    median: float
    spread: float
    share: float = 1.0
    succeeds: bool = True

    def outlasting(self, age: float) -> float:
        if age <= 0:
            return 1.0
        if not self.spread:
            return math.exp(-age / self.median)
        return _NORMAL.cdf(-math.log(age / self.median) / self.spread)

    def job(self, quantile: float) -> Job:
        if not self.spread:
            return Job(-math.log(1 - quantile) * self.median, self.succeeds)
        return Job(self.median * math.exp(self.spread * _NORMAL.inv_cdf(quantile)), self.succeeds)


@dataclass(frozen=True, slots=True)
class Law:
    """A mixture of parts."""

    parts: tuple[Part, ...]

    def jobs(self, count: int) -> list[Job]:
        """About so many jobs, spread evenly over the law, the parts one after the other."""
        found = []
        for part in self.parts:
            share = max(1, round(count * part.share))
            found += [part.job((number + 0.5) / share) for number in range(share)]
        return found

    def outlasting(self, age: float) -> float:
        return sum(part.share * part.outlasting(age) for part in self.parts)

    def bound(self, worth: float, least: float = 0.0) -> Cost:
        """The schedule that knows the law and minimises latency + `worth` * polls; gaps of at least `least` seconds.

        Found backwards from the end, by dynamic programming over a grid of ages.
        """
        ages = self._grid()
        ended = [1 - self.outlasting(age) for age in ages]
        area = [0.0]
        for number in range(1, len(ages)):
            area.append(area[-1] + (ended[number] + ended[number - 1]) / 2 * (ages[number] - ages[number - 1]))
        rest, following = [0.0] * len(ages), [len(ages) - 1] * len(ages)
        for start in range(len(ages) - 2, -1, -1):
            best = math.inf
            first = max(start + 1, bisect_left(ages, ages[start] + least - 1e-9))
            for end in range(min(first, len(ages) - 1), len(ages)):
                delay = area[end] - area[start] - ended[start] * (ages[end] - ages[start])
                if delay > best:
                    break
                if delay + rest[end] < best:
                    best, following[start] = delay + rest[end], end
            rest[start] = best + worth * (1 - ended[start])
        return _along(following, ages, ended, area)

    def _grid(self) -> list[float]:
        ages = [0.0]
        while self.outlasting(ages[-1]) > _NEARLY_NONE:
            ages.append(ages[-1] + max(_STEP, _STEP_SHARE * ages[-1]))
        return ages


def _along(following: Sequence[int], ages: Sequence[float], ended: Sequence[float], area: Sequence[float]) -> Cost:
    at, latency, polls = 0, 0.0, 0.0
    while at < len(ages) - 1:
        then = following[at]
        latency += area[then] - area[at] - ended[at] * (ages[then] - ages[at])
        polls += 1 - ended[at]
        at = then
    return Cost(latency, polls)


def log_normal(median: float, spread: float) -> Law:
    """The usual shape of render times."""
    return Law((Part(median, spread),))


# Five models of one gateway, from a small image to a long video.
FLEET_MEDIANS = (15.0, 40.0, 100.0, 200.0, 420.0)
FLEET = tuple(log_normal(median, 0.35) for median in FLEET_MEDIANS)
LAWS = {
    "120 s, spread .25": log_normal(120, 0.25),
    "120 s, spread .5": log_normal(120, 0.5),
    "120 s, spread 1": log_normal(120, 1),
    "image, 15 s, .4": log_normal(15, 0.4),
    "long, 420 s, .35": log_normal(420, 0.35),
    "15 % rejected, 3 % stuck": Law(
        (Part(5, 0.1, 0.15, succeeds=False), Part(120, 0.5, 0.82), Part(600, 0.5, 0.03)),
    ),
    "five models as one": Law(tuple(Part(median, 0.35, 0.2) for median in FLEET_MEDIANS)),
    "without memory, 120 s": Law((Part(120, 0),)),
}
