"""How many questions may be under way to one account at once. Pure.

What the operator has set stands. Otherwise it grows while tasks wait and the gateway answers no slower for it.
"""

FIRST, LEAST, MOST = 64, 8, 1024
# Beyond what was too much before, it grows by so much with each round of answers; up to there it doubles.
STEP = 8
# Answers that take so many times as long as they did, and so many seconds on top: the gateway is full, not far away.
SLOWER, TOLERANCE = 2.0, 0.1
LATEST = 1 / 32
# Seconds after which the quickest answer is as good as forgotten, lest one of last week counts.
MEMORY = 600.0


class Window:
    """`size` questions at once; `fixed` is the operator's choice."""

    def __init__(self, fixed: int | None) -> None:
        self.size = fixed or FIRST
        self._is_fixed = fixed is not None
        self._exact = float(self.size)
        self._too_much = float(MOST)
        self._quickest = self._usual = 0.0
        self._heard_at = self._shrunk_at = 0.0

    def widen(self, seconds: float, now: float, *, is_short: bool) -> None:
        """A question was answered in so many seconds. `is_short`: all places were taken, and others waited."""
        if self._is_fixed:
            return
        if not self._usual:
            self._quickest = self._usual = seconds
        self._usual += (seconds - self._usual) * LATEST
        forgotten = min((now - self._heard_at) / MEMORY, 1.0)
        self._quickest = min(seconds, self._quickest + (self._usual - self._quickest) * forgotten)
        self._heard_at = now
        if is_short and self._usual < SLOWER * self._quickest + TOLERANCE:
            grown = self._exact + (1 if self._exact < self._too_much else STEP / self._exact)
            self._exact = min(grown, float(MOST))
            self.size = int(self._exact)

    def shrink(self, asked: float, now: float, in_flight: int) -> None:
        """A question that was sent at `asked` was refused or lost while so many were under way."""
        if self._is_fixed or asked < self._shrunk_at or in_flight < self.size:
            return
        self._exact = self._too_much = max(self._exact / 2, float(LEAST))
        self.size, self._shrunk_at = int(self._exact), now
