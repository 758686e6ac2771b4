"""How long the next generation will take, by what earlier ones took. Pure; all in memory, learned as tasks end.

For each provider and model a log-normal distribution: a median in seconds, and a spread (the standard deviation of the
logarithm). What was seen of a model is weighed against what its provider's models have in common, and that against a
guess that is made before anything is known; the more was seen, the less the others count. Only successes are learned
from. Of each model a few sums are kept, in which what is long past fades, so a gateway that becomes slower or faster is
followed.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import NormalDist

# A generation that takes longer than two days is none.
LONGEST = 172_800.0
# Before anything is known: a minute and a half, give or take a factor of nearly three, and that counts for two tasks.
GUESS, GUESS_VARIANCE, GUESS_WEIGHT = math.log(90.0), 1.0, 2.0
# How much the runs of one model are usually spread, and models of one provider at least.
OWN_VARIANCE, OWN_WEIGHT = 0.2, 2.0
LEAST_SPREAD, LEAST_AMONG_MODELS = 0.15, 0.35
# So many tasks are remembered; each further one makes the earlier ones fade.
MEMORY = 40.0
# What lies further off than so many spreads is taken to lie just there: it may be a clock that is wrong.
FAR = 3.0
SHORTEST = 0.1
# What is extrapolated from a progress in percent is off by this spread, and at 0 percent by so much more: most are made
# up in part. The first few percent are often reached at once, and say nothing about the rest.
PROGRESS_SPREAD, PROGRESS_VAGUE, FIRST_PROGRESS = 0.3, 1.0, 5
# So many earlier generations say something about the next one.
ENOUGH = 3.0
# A failure within so many seconds is a rejection. How many there will be is guessed at first, for as many tasks.
REJECTED_WITHIN = 30.0
REJECTED, REJECTED_WEIGHT = 0.15, 2.0
# Gateways make up the names of models; those that nothing was heard of for longest are forgotten.
MODELS = 2000

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Fit:
    """What is expected of a generation: `median` in seconds, `spread` of its logarithm.

    `count` is how many of that very model were seen, up to `MEMORY`; `usual` is what those took, None where they are
    too few to speak of. `rejected` is the share of tasks that is expected to fail at once.
    """

    median: float
    spread: float
    count: float = 0.0
    usual: float | None = None
    rejected: float = REJECTED

    def sharpened(self, age: float, progress: int | None) -> "Fit":
        """The same for one generation that has come so far in percent; where nothing is known, progress is not either.

        Its median is then an expected end, between the usual one and the one at which its own pace points.
        """
        if progress is None or not FIRST_PROGRESS < progress < 100 or age <= 0 or self.count < 1:  # noqa: PLR2004
            return self
        spread = PROGRESS_SPREAD + PROGRESS_VAGUE * (1 - progress / 100)
        known, told = self.spread**-2, spread**-2
        end = (known * math.log(self.median) + told * math.log(age * 100 / progress)) / (known + told)
        return replace(self, median=math.exp(end), spread=(known + told) ** -0.5)

    def outlasting(self, age: float) -> float:
        """The share of generations that take longer than `age` seconds, by what was really seen; 1.0 if too little."""
        if self.usual is None or age <= 0:
            return 1.0
        return _NORMAL.cdf(-math.log(age / self.usual) / self.spread)

    def left(self, age: float) -> float | None:
        """In how many seconds half of those that have come to this age are done; None where nothing was seen."""
        if self.usual is None:
            return None
        half = self.outlasting(age) / 2
        return self.usual * math.exp(-self.spread * _NORMAL.inv_cdf(half)) - age if half > 0 else None


class _Sums:
    """The mean and the variance of the logarithms that were seen lately."""

    __slots__ = ("count", "mean", "variance")

    def __init__(self) -> None:
        self.count = self.mean = self.variance = 0.0

    def add(self, value: float) -> None:
        self.count = min(self.count + 1, MEMORY)
        share, off = 1 / self.count, value - self.mean
        self.mean += share * off
        self.variance += share * ((1 - share) * off * off - self.variance)


class _Model(_Sums):
    """What was seen of one model; `ended` and `rejected` count what was seen since the start of the process."""

    __slots__ = ("ended", "rejected")

    def __init__(self) -> None:
        super().__init__()
        self.ended = self.rejected = 0.0

    def end(self, *, rejected: bool) -> None:
        fading = 1 - 1 / MEMORY if self.ended >= MEMORY else 1.0
        self.ended = self.ended * fading + 1
        self.rejected = self.rejected * fading + rejected


@dataclass(frozen=True, slots=True)
class Ended:
    """A task that was watched to its end: of which model it was ("" if that was not named) and what it took."""

    provider: str
    model: str
    seconds: float
    succeeded: bool = True


class Forecasts:
    """What is known of each provider and model. Costs some hundred bytes for each model, and never more than that."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, str], _Model] = {}
        self._providers: dict[str, _Sums] = {}
        self._nothing = _Model()

    def recall(self, past: Iterable[tuple[str, str, float]]) -> None:
        """What was written down of earlier successes: (provider, model, seconds), the oldest first."""
        for provider, model, seconds in past:
            self._succeed(provider, model, seconds)

    def learn(self, end: Ended) -> None:
        """One more task has ended."""
        self._of(end.provider, end.model).end(rejected=not end.succeeded and end.seconds < REJECTED_WITHIN)
        if end.succeeded:
            self._succeed(end.provider, end.model, end.seconds)

    def expect(self, provider: str, model: str) -> Fit:
        """What to expect of the next one; "" is the model that gateways do not name."""
        own = self._models.get((provider, model), self._nothing)
        common = self._providers.get(provider, self._nothing)
        mean, among = _among_models(common)
        within = (OWN_WEIGHT * OWN_VARIANCE + own.count * own.variance) / (OWN_WEIGHT + own.count)
        within = max(within, LEAST_SPREAD**2)
        weight = within / among  # of the provider's others, in tasks of its own
        middle = (weight * mean + own.count * own.mean) / (weight + own.count)
        return Fit(
            median=math.exp(middle),
            spread=math.sqrt(within * (1 + 1 / (weight + own.count))),
            count=own.count,
            usual=math.exp(own.mean) if own.count >= ENOUGH else None,
            rejected=(own.rejected + REJECTED * REJECTED_WEIGHT) / (own.ended + REJECTED_WEIGHT),
        )

    def _succeed(self, provider: str, model: str, seconds: float) -> None:
        if not 0 < seconds <= LONGEST:
            return
        fit = self.expect(provider, model)
        reach, middle = FAR * fit.spread, math.log(fit.median)
        value = min(max(math.log(max(seconds, SHORTEST)), middle - reach), middle + reach)
        self._of(provider, model).add(value)
        self._providers.setdefault(provider, _Sums()).add(value)

    def _of(self, provider: str, model: str) -> _Model:
        """The model's sums, which are from now on the last to be forgotten."""
        found = self._models.pop((provider, model), None) or _Model()
        if len(self._models) >= MODELS:
            del self._models[next(iter(self._models))]
        self._models[provider, model] = found
        return found


def _among_models(common: _Sums) -> tuple[float, float]:
    """Where a model of the provider is expected that nothing is known of: mean and variance of the logarithm."""
    total = GUESS_WEIGHT + common.count
    off = common.mean - GUESS
    mean = (GUESS_WEIGHT * GUESS + common.count * common.mean) / total
    variance = GUESS_WEIGHT * GUESS_VARIANCE + common.count * common.variance
    variance += GUESS_WEIGHT * common.count / total * off * off
    return mean, max(variance / total, LEAST_AMONG_MODELS)


UNKNOWN = Forecasts().expect("", "")
