"""The books: what was counted in each hour, and what they and the other tables say about how the bot is doing."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.storage import rows
from bot.storage.changes import Changes
from bot.tracking.stats import HOURS, Stats, activity, hour_of
from bot.tracking.tally import Entry
from bot.tracking.troubles import Trouble, TroubleKind

KEPT_HOURS = 8 * 24

Read = Callable[[str], Awaitable[list[Any]]]


class Counts(Changes):
    """The changes of bookkeeping."""

    async def add_counts(self, counts: Mapping[Entry, int], now: float) -> None:
        """Adds to the running hour; hours that nobody asks about any more are dropped."""
        hour = hour_of(now)
        for (what, provider), count in counts.items():
            await self._change(
                "INSERT INTO counts (hour, what, provider, count) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                (hour, what, provider, count),
            )
        await self._change("DELETE FROM counts WHERE hour < ?", (hour - KEPT_HOURS,))


async def read_stats(read: Read, pending: Mapping[Entry, int], now: float, besides: int) -> Stats:
    """As of now, with what is `pending` and not in the books yet; the outbox row `besides` does not count."""
    hour = hour_of(now)
    lines = await read(f"SELECT hour, what, provider, count FROM counts WHERE hour > {hour - HOURS}")
    lines += [(hour, what, provider, count) for (what, provider), count in pending.items()]
    found = await read(f"SELECT t.provider, count(*) FROM tasks t WHERE {rows.OPEN} GROUP BY t.provider")
    ((waiting,),) = await read(
        "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'doubt')"
        f" AND kind NOT IN ('toast', 'reaction') AND id <> {besides}"
    )
    return Stats(activity(lines, now), dict(found), waiting, await read_troubles(read))


async def read_troubles(read: Read) -> tuple[Trouble, ...]:
    """Accounts that the operator was told about and that have not worked since, the oldest trouble first."""
    found = await read("SELECT provider, account, kind, since FROM troubles ORDER BY since")
    return tuple(Trouble(provider, account, TroubleKind(kind), since) for provider, account, kind, since in found)
