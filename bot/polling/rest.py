"""The time in which an account is not asked, the one question that tries it then, and who has been told of it. Pure."""

import math

from providers.base import QueryError, QueryErrorKind

# The question that was to try the account counts as lost after so many seconds without any word of it.
LOST_AFTER = 60.0
# Seconds of trouble after which everybody is told who follows a task of the account: what ends by itself may be over
# before, and those who were asked about have strikes of their own.
TOLD_AFTER = {
    QueryErrorKind.AUTH: 0.0,
    QueryErrorKind.PAYMENT: 0.0,
    QueryErrorKind.TRANSIENT: 15.0,
    QueryErrorKind.PROTOCOL: 15.0,
    QueryErrorKind.RATE_LIMITED: 60.0,
}
# One after another, lest thousands of cards hold up those of gateways that are well.
BETWEEN_TOLD = 0.02


class Rest:
    """Whether and why an account rests. Times are monotonic seconds.

    `reason`: what was answered, from the first rest on until somebody may be asked again without more ado.
    """

    def __init__(self) -> None:
        self.reason: QueryError | None = None
        self.began_at = -math.inf
        self.on_probation = False
        self._until = 0.0
        self._tried_until = 0.0
        self._in_trouble_since = math.inf
        self._next_told_at = 0.0
        self._told: set[int] = set()
        self._telling: set[int] = set()

    @property
    def until(self) -> float:
        """When somebody may be asked; while one question tries it, when that counts as lost."""
        return max(self._until, self._tried_until)

    def begin(self, now: float, seconds: float, reason: QueryError, *, probation: bool) -> None:
        """Nobody is asked for so many seconds; then one at first, if it is on `probation`, until `end`."""
        if self.reason is None:
            self._in_trouble_since = now
        self.began_at = now
        self.on_probation |= probation
        self.extend(now + seconds, reason)

    def extend(self, until: float, reason: QueryError) -> None:
        """Nobody is asked before that, whatever was said before."""
        if until > self._until:
            self._until, self.reason = until, reason

    def end(self, now: float) -> None:
        """Everybody may be asked again."""
        self.reason, self.on_probation = None, False
        self._until, self._tried_until, self._in_trouble_since = min(self._until, now), 0.0, math.inf
        self._told.clear()
        self._telling.clear()

    def is_over(self, now: float) -> bool:
        """Somebody may be asked now, be it the one who tries it."""
        return now >= self._until and now >= self._tried_until

    def try_out(self, now: float) -> bool:
        """Somebody is asked now. True: on probation, so nobody else until it is heard of."""
        if self.on_probation:
            self._tried_until = now + LOST_AFTER
        return self.on_probation

    def lose_probe(self) -> None:
        """The one that was to try it says nothing any more, or something that ends nothing."""
        self._tried_until = 0.0

    def is_lasting(self, now: float) -> bool:
        """It is time that people are told."""
        return self.reason is not None and now >= self._in_trouble_since + TOLD_AFTER[self.reason.kind]

    @property
    def tells_at(self) -> float:
        """When the next task may be told of it."""
        after = TOLD_AFTER[self.reason.kind] if self.reason else 0.0
        return max(self._in_trouble_since + after, self._next_told_at)

    def tell(self, task_id: int, now: float) -> None:
        """The task comes now to hear the reason, instead of being asked about."""
        self._next_told_at = now + BETWEEN_TOLD
        self._told.add(task_id)
        self._telling.add(task_id)

    def takes(self, task_id: int) -> bool:
        """Whether the task has come to hear the reason; it has heard it then."""
        if task_id not in self._telling:
            return False
        self._telling.discard(task_id)
        return True

    def knows(self, task_id: int) -> bool:
        """Whether the task has been told."""
        return task_id in self._told
