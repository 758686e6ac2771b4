"""What the stages do, counted in memory. Pure.

It is kept twice: in words for the books, which somebody writes down now and then, and as running totals since the
start, for whoever wants to look. A word is an activity and how it went: `poll:ok`, `result:sent`, `message:given_up`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from bot.tracking.measures import Labels, Metric, Reading, Spread

# A word and the provider that it is about, "" for none.
Entry = tuple[str, str]

POLL, RESULT, MESSAGE = "poll", "result", "message"


class Tally:
    """Counts since the books were last written, and totals. What was not written down is lost in a crash."""

    def __init__(self) -> None:
        self._counts: Counter[Entry] = Counter()
        self._totals: defaultdict[Metric, Counter[Labels]] = defaultdict(Counter)
        self._spreads: defaultdict[Metric, dict[Labels, Spread]] = defaultdict(dict)
        self._latest: dict[tuple[Metric, Labels], float] = {}

    # The books

    def count(self, activity: str, outcome: str, provider: str = "") -> None:
        """It happened once more."""
        self._counts[f"{activity}:{outcome}", provider] += 1

    def pending(self) -> dict[Entry, int]:
        """What is not written down yet."""
        return dict(self._counts)

    def settle(self, written: Mapping[Entry, int]) -> None:
        """So much of it stands in the books now; what was counted meanwhile stays pending."""
        self._counts.subtract(written)
        self._counts = +self._counts

    # The totals

    def add(self, metric: Metric, *labels: str) -> None:
        """It happened once more."""
        self._totals[metric][labels] += 1

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """One more value to spread over the metric's buckets; one below 0 comes from a clock that was set back."""
        spreads = self._spreads[metric]
        if labels not in spreads:
            spreads[labels] = Spread(metric.buckets)
        spreads[labels].observe(max(0.0, value))

    def note(self, metric: Metric, value: float, *labels: str) -> None:
        """What is so from now on."""
        self._latest[metric, labels] = value

    def readings(self) -> Iterator[Reading]:
        """All totals since the start."""
        for metric, totals in self._totals.items():
            yield from (Reading(metric, total, labels) for labels, total in totals.items())
        for metric, spreads in self._spreads.items():
            yield from (Reading(metric, spread, labels) for labels, spread in spreads.items())
        yield from (Reading(metric, value, labels) for (metric, labels), value in self._latest.items())
