"""How much somebody may say at once and in the long run: buckets that fill with time. Pure; times are epoch seconds."""

from collections.abc import Hashable
from dataclasses import dataclass

REMEMBERED = 10_000
# What a group may do together, as a multiple of what one person may.
GROUP_SHARE = 2


@dataclass(slots=True)
class _Bucket:
    """`left` tokens at the moment `now`; `ahead` seconds have passed since the latest of the dates was `said_at`."""

    left: float
    now: float
    said_at: float
    ahead: float = 0.0

    def passed(self, now: float, said_at: float) -> float:
        """The seconds since the last call, by whichever clock says more: ours, or the dates of the messages.

        What was said in an hour in which the bot was away comes all at once, and was not said at once.
        """
        seconds = max(0.0, now - self.now)
        self.now = now
        if said_at > self.said_at:
            seconds = max(seconds, said_at - self.said_at - self.ahead)
            self.said_at, self.ahead = said_at, 0.0
        else:
            self.ahead += seconds
        return seconds


class Limits:
    """So many in a minute for each key, and as many at once; only the keys that were heard last are remembered."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._buckets: dict[Hashable, _Bucket] = {}

    def take(self, key: Hashable, now: float, said_at: float = 0.0) -> bool:
        """Whether the key may once more. `said_at` is the date of the message, which may be long before `now`."""
        bucket = self._buckets.pop(key, None) or _Bucket(self._most, now, said_at)
        self._buckets[key] = bucket
        if len(self._buckets) > REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        bucket.left = min(self._most, bucket.left + bucket.passed(now, said_at) * self._most / 60)
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True


class Seldom:
    """Lets each key through once in `every` seconds, and no more than `most` keys in that time."""

    def __init__(self, every: float, most: int) -> None:
        self._every = every
        self._most = most
        self._last: dict[Hashable, float] = {}

    def holds(self, key: Hashable, now: float) -> bool:
        """Whether the key has passed a short while ago."""
        last = self._last.get(key)
        return last is not None and now - last < self._every

    def lets(self, key: Hashable, now: float) -> bool:
        """Whether the key may pass now; if it may, it has."""
        if self.holds(key, now):
            return False
        if len(self._last) >= self._most:
            self._last = {known: at for known, at in self._last.items() if now - at < self._every}
        if len(self._last) >= self._most:
            return False
        self._last[key] = now
        return True
