"""One file of a finished task on its way into a chat: always into a line that already stands there.

The line is sent first and then edited into the media, so what might be repeated after a crash is never the media
itself. See `albums` for several pictures.
"""

import logging
from dataclasses import replace

from bot.delivery.errors import EmptyUpload, FileTooLarge, HoldsMedia, InDoubt, NotAllowed, NotSent, Refused
from bot.delivery.files import LocalFile
from bot.delivery.media import Item, expected_form, remote, rungs, still_open
from bot.delivery.steps import Steps
from bot.delivery.stock import Stock
from bot.delivery.subject import Subject
from bot.delivery.telegram import Telegram
from bot.media.download import DownloadFailed, Reason
from bot.text import cards
from bot.text.catalogue import Html
from bot.text.message import Message
from bot.tracking.model import Delivery
from providers.base import TooLarge

log = logging.getLogger(__name__)

# From this attempt on, uploads that do not get through take turns with the address; after the last one, words that do
# get through are better than to go on trying.
ADDRESS_ATTEMPT, LAST_ATTEMPT = 3, 12


class Results:
    """Delivers single files."""

    def __init__(self, telegram: Telegram, stock: Stock, steps: Steps) -> None:
        self._telegram = telegram
        self._stock = stock
        self._steps = steps

    async def show(self, row: Delivery, subject: Subject) -> None:
        """A line that makes the sound, then becomes the media, or says why it can not."""
        ids = row.message_ids
        if not ids:
            line = cards.end_line(subject.task, row, subject.title, subject.language)
            ids = await self._steps.send_text(row, line, silent=row.part > 0)
        try:
            excuse = await self._fill(row, subject, ids[0])
        except (InDoubt, NotSent) as error:
            if row.attempts < LAST_ATTEMPT:
                raise
            log.warning("task %s: gave up on the file: %s", subject.task.id, error)
            excuse = subject.link(row, row.outputs[0], "unavailable")
        if excuse:
            await self._excuse(row, subject, ids[0], excuse)
        await self._steps.finish(row)

    async def _fill(self, row: Delivery, subject: Subject, message_id: int) -> Message | None:
        """Puts the row's output into the message; returns what to say instead where that can not be done."""
        caption = cards.caption(subject.task, row, subject.title, subject.language)
        if await self._put_held(row, subject, message_id, caption):
            return None
        async with self._stock.turn(subject.task):
            if await self._put_held(row, subject, message_id, caption):
                return None
            async with self._stock.upload():
                return await self._fetch_and_put(row, subject, message_id, caption)

    async def _put_held(self, row: Delivery, subject: Subject, message_id: int, caption: Html) -> bool:
        """By file_id, if another chat or an earlier attempt has brought the file to Telegram already."""
        task, place = subject.task, row.outputs[0]
        held = await self._stock.held(task, place)
        if held is None:
            return False
        try:
            await self._telegram.put_media(row.chat_id, message_id, held, caption)
        except NotAllowed:
            return False  # this chat wants another form; elsewhere the file_id is good
        except Refused as error:
            log.warning("task %s: Telegram does not know its file any more: %s", task.id, error)
            await self._stock.forget(task, place)
            return False
        return True

    async def _fetch_and_put(self, row: Delivery, subject: Subject, message_id: int, caption: Html) -> Message | None:
        place = row.outputs[0]
        try:
            async with self._stock.fetched(subject.task, place) as file:
                refusal = await self._offer(row, subject, message_id, caption, _choices(row, subject, file))
                return _why_refused(row, subject, refusal, file) if refusal else None
        except TooLarge as error:
            return subject.link(row, place, "too_large", error.size)
        except DownloadFailed as error:
            fresh = await self._stock.renewed(row, subject.task, error)
            if fresh:
                return await self._fetch_and_put(row, replace(subject, task=fresh), message_id, caption)
            return await self._without_file(row, subject, message_id, caption, error.reason)

    async def _without_file(
        self, row: Delivery, subject: Subject, message_id: int, caption: Html, reason: Reason
    ) -> Message | None:
        """Telegram may reach what this machine can not."""
        place = row.outputs[0]
        output = cards.output_of(subject.task, place)
        if reason is Reason.GONE:
            return subject.link(row, place, "gone")
        address = remote(expected_form(output.kind), output) if reason is Reason.UNAVAILABLE else None
        if address and not await self._offer(row, subject, message_id, caption, (address,)):
            return None
        return subject.link(row, place, "unavailable")

    async def _offer(
        self, row: Delivery, subject: Subject, message_id: int, caption: Html, choices: tuple[Item, ...]
    ) -> Refused | None:
        """Offers the file in every form that may do; returns why Telegram wants none of them."""
        task, refusal = subject.task, None
        while choices:
            item, *others = choices
            try:
                held = await self._telegram.put_media(row.chat_id, message_id, item, caption)
            except Refused as error:
                if isinstance(error, EmptyUpload) and not row.attempts:
                    raise NotSent(str(error)) from error
                log.warning("task %s: Telegram refused %s as %s: %s", task.id, type(item).__name__, item.form, error)
                refusal, choices = error, still_open(others, item, too_large=isinstance(error, FileTooLarge))
            else:
                await self._stock.keep(task, row.outputs[0], held)
                return None
        return refusal

    async def _excuse(self, row: Delivery, subject: Subject, message_id: int, excuse: Message) -> None:
        try:
            await self._telegram.edit_text(row.chat_id, message_id, excuse)
        except HoldsMedia:
            log.info("task %s: the file has arrived after all", subject.task.id)
        except Refused as error:
            # Telegram opens no button to some addresses; the words must stand all the same.
            log.warning("task %s: a link was refused: %s", subject.task.id, error)
            plain = cards.link_to_nothing(subject.task, row, subject.title, subject.language)
            await self._telegram.edit_text(row.chat_id, message_id, plain)


def _choices(row: Delivery, subject: Subject, file: LocalFile) -> tuple[Item, ...]:
    place = row.outputs[0]
    # Where uploads break off again and again, Telegram may still be able to fetch the file by itself.
    by_address_first = row.attempts >= ADDRESS_ATTEMPT and row.attempts % 2 == 1
    upload = file.upload()
    return rungs(upload, cards.output_of(subject.task, place), by_address_first=by_address_first)


def _why_refused(row: Delivery, subject: Subject, refusal: Refused, file: LocalFile) -> Message:
    why = {FileTooLarge: "too_large", NotAllowed: "not_allowed"}.get(type(refusal), "refused")
    return subject.link(row, row.outputs[0], why, file.media.size)
