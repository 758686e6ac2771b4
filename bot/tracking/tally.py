"""What the stages do, counted in memory; written down now and then by whoever keeps the books. Pure.

A word that is counted is an activity and how it went: `poll:ok`, `poll:transient`, `result:sent`, `message:given_up`.
"""

from collections import Counter
from collections.abc import Mapping

# A word and the provider that it is about, "" for none.
Entry = tuple[str, str]

POLL, RESULT, MESSAGE = "poll", "result", "message"


class Tally:
    """Counts since the books were last written. What was counted after that is lost in a crash."""

    def __init__(self) -> None:
        self._counts: Counter[Entry] = Counter()

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
