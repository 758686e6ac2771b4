"""Results that stay text: the line above an album, a bad end, and the links that a chat wants instead of files."""

from dataclasses import replace

import structlog

from bot.delivery.errors import Refused, Removed
from bot.delivery.steps import Steps
from bot.delivery.stock import Stock
from bot.delivery.subject import Subject
from bot.media.download import DownloadFailed, Reason
from bot.text import ends
from bot.text.message import Message
from bot.tracking.model import Delivery

log = structlog.stdlib.get_logger(__name__)


class Headers:
    """Delivers headers. Outputs that can not be had by a link come as media, each by itself below the line."""

    def __init__(self, stock: Stock, steps: Steps) -> None:
        self._stock = stock
        self._steps = steps

    async def show(self, row: Delivery, subject: Subject) -> None:
        """One message, sent once."""
        if not row.message_ids and not (row.outputs and await self._show_links(row, subject)):
            row = replace(row, outputs=())
            await self._send(row, subject, ends.end_line(subject.task, row, subject.title, subject.language))
        await self._steps.finish(row)

    async def _show_links(self, row: Delivery, subject: Subject) -> bool:
        message = subject.links(row) or await self._renewed(row, subject)
        if message:
            try:
                await self._send(row, subject, message)
            except Removed:
                raise
            except Refused as error:
                # Telegram opens no button to some addresses.
                log.warning("links were refused", error=error)
            else:
                return True
        await self._steps.split_album(row, (), row.outputs)
        return False

    async def _renewed(self, row: Delivery, subject: Subject) -> Message | None:
        """The same with links that the gateway gives today."""
        task = await self._stock.renewed(row, subject.task, DownloadFailed(Reason.GONE, "the links have died"))
        return replace(subject, task=task).links(row) if task else None

    async def _send(self, row: Delivery, subject: Subject, message: Message) -> None:
        await self._steps.send_text(row, message, silent=subject.is_silent(row), protected=subject.is_protected)
