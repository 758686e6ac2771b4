"""How the bot is doing, in numbers: made from what was counted in each hour. Pure; times are epoch seconds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.tracking.tally import MESSAGE, POLL, RESULT
from bot.tracking.troubles import Trouble
from providers.base import QueryErrorKind

HOUR = 3600
HOURS = 24
OK, SENT, GIVEN_UP = "ok", "sent", "given_up"

# Whoever says that it knows no such ID has answered well.
_ANSWERED = frozenset({OK, QueryErrorKind.NOT_FOUND.value})

# One line of the books: hour (epoch // 3600), word, provider, count.
Line = tuple[int, str, str, int]


@dataclass(frozen=True, slots=True)
class Hourly:
    """Counts of the last 24 hours by the clock, oldest first; the last one runs, and `elapsed` (0..1) of it is over."""

    counts: tuple[int, ...]
    elapsed: float

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def lately(self) -> int:
        """About so many within the last sixty minutes."""
        return self.counts[-1] + round(self.counts[-2] * (1 - self.elapsed))


@dataclass(frozen=True, slots=True)
class Share:
    """So many polls of a provider, and how many of them failed."""

    failed: int = 0
    polls: int = 0

    @property
    def percent(self) -> float:
        return 100 * self.failed / self.polls if self.polls else 0.0


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done in the last 24 hours. `errors` is by provider; `results` and `given_up` are parts of deliveries."""

    polls: Hourly
    deliveries: Hourly
    errors: Mapping[str, Share]
    results: int
    given_up: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Everything that `/stats` tells. `open_tasks` is by provider, "" for IDs that nobody has answered for yet.

    `waiting` are rows of the outbox that are still to reach their chat.
    """

    activity: Activity
    open_tasks: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    troubles: tuple[Trouble, ...] = ()


def hour_of(now: float) -> int:
    """The hour's number, as it stands in the books."""
    return int(now // HOUR)


def activity(lines: Iterable[Line], now: float) -> Activity:
    """The last 24 hours of the books; lines of other hours do not count."""
    first = hour_of(now) - HOURS + 1
    polls, deliveries, outcomes = Counter[int](), Counter[int](), Counter[str]()
    asked, failed = Counter[str](), Counter[str]()
    for hour, word, provider, count in lines:
        kind, _, outcome = word.partition(":")
        if not first <= hour < first + HOURS:
            continue
        if kind == POLL:
            polls[hour] += count
            asked[provider] += count
            failed[provider] += 0 if outcome in _ANSWERED else count
        elif kind in {MESSAGE, RESULT}:
            deliveries[hour] += count if outcome == SENT else 0
            outcomes[word] += count
    elapsed = now % HOUR / HOUR
    hours = range(first, first + HOURS)
    return Activity(
        Hourly(tuple(polls[hour] for hour in hours), elapsed),
        Hourly(tuple(deliveries[hour] for hour in hours), elapsed),
        {provider: Share(failed[provider], count) for provider, count in asked.items()},
        outcomes[f"{RESULT}:{SENT}"],
        outcomes[f"{RESULT}:{GIVEN_UP}"] + outcomes[f"{MESSAGE}:{GIVEN_UP}"],
    )
