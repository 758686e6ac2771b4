"""Where the questions about one task are best spent, given how long such tasks take. Pure.

The best density of checks for something that ends once, where every check costs `WORTH` seconds of delay, is the square
root of hazard / (2 * WORTH) (J. B. Keller, Optimum checking schedules, 1974): the next question is due when the
integral of it since the last one comes to 1. The integral is kept as a table over the logarithm of age / median, one
for each spread, so that a look-up costs next to nothing.

The hazard is that of a log-normal distribution, mixed with a wider one: however well a model is known, now and then
something ends much earlier or later, and a fit may be wrong.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from bot.tracking.forecast import Fit

# A question may cost so many seconds of delay.
WORTH = 0.14
# The share of what is not as expected, and how widely that is spread.
ODD, ODD_SPREAD = 0.08, 0.65
# The tables reach from 1/150 of the median to 150 times it; their spreads are so far apart (and the least one).
REACH, STEP = 5.0, 0.025
LEAST, FACTOR, LEVELS = 0.1, 1.1, 33

_ENTRIES = round(2 * REACH / STEP) + 1
_FIRST = math.exp(-REACH)
_ROOT_2, _ROOT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)


def best_gap(fit: Fit, age: float, worth: float = WORTH) -> float:
    """Seconds from `age` until the next question is due; infinite where none is worth it within reach."""
    table = _integral(_level(fit.spread))
    share = max(age / fit.median, _FIRST)
    place = min((math.log(share) + REACH) / STEP, _ENTRIES - 1.001)
    start = int(place)
    passed = table[start] + (table[start + 1] - table[start]) * (place - start)
    target = passed + math.sqrt(2 * worth / fit.median)
    if target >= table[-1]:
        return math.inf
    end = bisect_right(table, target) - 1
    place = end + (target - table[end]) / (table[end + 1] - table[end])
    return fit.median * math.exp(place * STEP - REACH) - age


def _level(spread: float) -> int:
    return min(max(round(math.log(spread / LEAST) / math.log(FACTOR)), 0), LEVELS - 1)


@lru_cache(LEVELS)
def _integral(level: int) -> Sequence[float]:
    """The integral of the root of the hazard up to each entry, for a median of one second; it never falls."""
    spread = LEAST * FACTOR**level
    sums = [0.0]
    for entry in range(1, _ENTRIES):
        middle = (entry - 0.5) * STEP - REACH
        ends = (1 - ODD) * _density(middle, spread) + ODD * _density(middle, ODD_SPREAD)
        outlasts = (1 - ODD) * _outlasting(middle, spread) + ODD * _outlasting(middle, ODD_SPREAD)
        # In seconds the hazard is this divided by the age, and a step is this much times the age.
        sums.append(sums[-1] + math.sqrt(ends / outlasts * math.exp(middle)) * STEP)
    return sums


def _density(place: float, spread: float) -> float:
    return math.exp(-((place / spread) ** 2) / 2) / (spread * _ROOT_2_PI)


def _outlasting(place: float, spread: float) -> float:
    return math.erfc(place / spread / _ROOT_2) / 2
