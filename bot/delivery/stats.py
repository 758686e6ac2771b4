"""The answer to `/stats`: a picture, drawn of the numbers as they are when it goes out, and words below it."""

from collections.abc import Callable

import structlog

from bot.delivery.errors import Refused
from bot.delivery.steps import Ids, Steps
from bot.delivery.telegram import Telegram
from bot.media.chart import Hours, Panel, Rows, chart
from bot.storage.store import Store
from bot.text.stats import all_errors, by_load, caption, percent
from bot.tracking.gateways import Gateways
from bot.tracking.model import Delivery
from bot.tracking.stats import Share, Stats

log = structlog.stdlib.get_logger(__name__)

# In the colours of the squares in the words below.
BLUE, PURPLE, GREEN, RED = "#2f6fd6", "#8e44ad", "#27914f", "#d13c30"


class StatsAnswer:
    """Sends it; where there can be no picture, the words go alone. `clock` gives epoch seconds."""

    def __init__(
        self, store: Store, telegram: Telegram, steps: Steps, gateways: Gateways, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._telegram = telegram
        self._steps = steps
        self._gateways = gateways
        self._clock = clock

    async def show(self, row: Delivery, language: str) -> None:
        """Sends the message of the row. Raises `DeliveryError` if it is not through."""
        now = self._clock()
        stats = await self._store.stats(now, besides=row.id)
        words = caption(stats, self._gateways, now, language)
        picture = await chart(_panels(stats, self._gateways))

        async def send() -> Ids:
            message_id = await self._telegram.send_photo(
                row.chat_id, row.thread_id, picture, words.html, reply_to=row.reply_to
            )
            return (message_id,)

        if picture:
            try:
                await self._steps.send(row, send)
                return
            except Refused as error:
                log.warning("the picture of the numbers was refused", error=error)
        await self._steps.send_text(row, words, silent=False)


def _panels(stats: Stats, gateways: Gateways) -> tuple[Panel, ...]:
    names, done = by_load(stats, gateways), stats.activity
    counts = {"?": stats.open_tasks[""]} if stats.open_tasks.get("") else {}
    counts |= {name: stats.open_tasks.get(name, 0) for name in names}
    shares = {name: done.errors.get(name, Share()) for name in names}
    return (
        Rows(BLUE, f"{sum(counts.values()):,}", tuple((name, count, f"{count:,}") for name, count in counts.items())),
        Hours(PURPLE, f"{done.polls.lately:,} / h", done.polls.counts),
        Rows(
            RED,
            f"{percent(all_errors(stats))} %",
            tuple((name, share.percent, f"{percent(share)} %") for name, share in shares.items()),
            full=100,
        ),
        Hours(GREEN, f"{done.deliveries.lately:,} / h", done.deliveries.counts),
    )
