"""How many questions a second one account bears, learned from those that were refused with 429. Pure.

Between two refusals the gateway has answered just what it allows: a bucket was empty at both moments, a window of time
was used up. So what was answered lately, by the time that it took, is about the limit. From there the pace goes as
TCP's CUBIC does: at first a little below, slowly around what failed, then ever faster beyond.
"""

import math

# The first refusal finds a pace that came from nowhere: so much of what was answered is tried next.
FIRST_CUT = 0.7
# Later the limit lies between what was answered and what was refused, and not so much above the former.
ABOVE = 1.2
# How far below the limit the pace begins after a refusal; as far above it stands after twice the patience.
DIP = 0.1
FLOOR = 1 / 30
# The patience, until the pace is back at the limit: a little more than what lay between the latest refusals, within
# these seconds and answers. A wrong estimate is soon refused and soon tried again, a good one is left alone ever
# longer. After a long pause it is longer too, to be worth that.
LONGER = 1.5
LEAST_SECONDS, MOST_SECONDS, TIMES_THE_PAUSE = 2.0, 30.0, 10.0
LEAST_ANSWERS, MOST_ANSWERS = 5, 40
LATELY = 5.0
# A pause that nobody asked for is no part of the time that the answers took, where that was so many times as long.
TIMES_THE_GUESS = 10.0
# After so many seconds in which nobody was refused or had to wait for the pace, there is none any more.
FADES_AFTER = 600.0


class Throttle:
    """The pace of one account. `most`: questions a second that are never exceeded. Times are monotonic seconds."""

    def __init__(self, most: float | None) -> None:
        self._most = most or math.inf
        self._limit = math.inf
        self._seconds, self._patience = LATELY, 1
        self._refused_at = self._pressed_at = -math.inf
        self._guessed = 0.0
        self._answers = self._pressed = 0
        # What was answered in the present patience, and in the one before.
        self._since = self._since_before = math.inf
        self._count = self._count_before = 0

    def rate(self, now: float) -> float:
        """Questions a second that may be asked now; infinity as long as nothing is known against it."""
        if self._limit == math.inf:
            return self._most
        if now - max(self._refused_at, self._pressed_at) > FADES_AFTER:
            self._limit, self._seconds, self._patience = math.inf, LATELY, 1
            return self._most
        beyond = min((now - self._refused_at) / self._seconds, self._pressed / self._patience) - 1
        return min(max(self._limit * (1 + DIP * beyond**3), FLOOR), self._most)

    def accept(self, now: float, *, is_pressed: bool) -> None:
        """A question was answered. `is_pressed`: others waited for their turn meanwhile."""
        if self._since == math.inf:
            self._since = now
        elif self._count >= self._patience and now - self._since >= self._seconds:
            self._since_before, self._count_before = self._since, self._count
            self._since, self._count = now, 0
        self._count += 1
        self._answers += 1
        if is_pressed:
            self._pressed += 1
            self._pressed_at = now

    def refuse(self, now: float, pause: float, guessed: float) -> None:
        """A question was refused, the first one since somebody was answered.

        Nobody is asked for `pause` seconds; `guessed` of them only because the gateway has not said how many.
        """
        began = min(self._since, self._since_before)
        if began == math.inf:
            return
        elapsed = now - began
        if began == self._refused_at and elapsed > TIMES_THE_GUESS * self._guessed:
            elapsed -= self._guessed
        lately = (self._count + self._count_before) / max(elapsed, 0.1)
        if self._limit == math.inf:
            self._limit, self._seconds, self._patience = lately * FIRST_CUT, LEAST_SECONDS, LEAST_ANSWERS
        else:
            self._limit = min(math.sqrt(lately * self.rate(now)), ABOVE * lately)
            most = max(MOST_SECONDS, TIMES_THE_PAUSE * pause)
            self._seconds = max(LEAST_SECONDS, min(LONGER * (now - self._refused_at), most))
            self._patience = max(LEAST_ANSWERS, min(int(LONGER * self._answers), MOST_ANSWERS))
        self._refused_at, self._guessed = now, guessed
        self._answers = self._pressed = self._count = self._count_before = 0
        self._since, self._since_before = now, math.inf

    def insist(self) -> None:
        """Even the first question after the pause was refused: it was too short, so it was the limit's doing."""
        self._guessed = 0.0
