"""One file of a finished task on its way into a chat: always into a line that already stands there.

The line is sent first and then edited into the media, so what might be repeated after a crash is never the media
itself. See `albums` for several pictures.
"""

from dataclasses import dataclass, replace

import structlog

from bot.delivery.errors import EmptyUpload, FileTooLarge, HoldsMedia, InDoubt, NotAllowed, NotSent, Refused
from bot.delivery.files import LocalFile
from bot.delivery.media import Held, Item, Upload, expected_form, remote, rungs, still_open
from bot.delivery.steps import Steps
from bot.delivery.stock import Stock
from bot.delivery.subject import Subject
from bot.delivery.telegram import Telegram
from bot.media.download import DownloadFailed, Reason
from bot.media.probe import MediaKind
from bot.text import ends
from bot.text.message import Message
from bot.tracking.model import Delivery, Task
from providers.base import TooLarge

log = structlog.stdlib.get_logger(__name__)

# From this attempt on, uploads that do not get through take turns with the address; after the last one, words that do
# get through are better than to go on trying.
ADDRESS_ATTEMPT, LAST_ATTEMPT = 3, 12


@dataclass(frozen=True, slots=True)
class _Line:
    """A message that stands in the chat, and what it is to become."""

    row: Delivery
    subject: Subject
    message_id: int

    @property
    def task(self) -> Task:
        return self.subject.task

    @property
    def place(self) -> int:
        return self.row.outputs[0]

    def link(self, why: str, size: int | None = None) -> Message:
        return self.subject.link(self.row, self.place, why, size)


class Results:
    """Delivers single files."""

    def __init__(self, telegram: Telegram, stock: Stock, steps: Steps) -> None:
        self._telegram = telegram
        self._stock = stock
        self._steps = steps

    async def show(self, row: Delivery, subject: Subject) -> None:
        """A line that makes the sound, then becomes the media, or says why it can not."""
        ids = row.message_ids
        if not ids and await self._is_there_as_file(row, subject):
            await self._steps.finish(row)
            return
        if not ids:
            words = ends.end_line(subject.task, row, subject.title, subject.language)
            silent, protected = subject.is_silent(row), subject.is_protected
            ids = await self._steps.send_text(row, words, silent=silent, protected=protected)
        line = _Line(row, subject, ids[0])
        try:
            excuse = await self._fill(line)
        except (InDoubt, NotSent) as error:
            if row.attempts < LAST_ATTEMPT:
                raise
            log.warning("gave up on the file", error=error)
            excuse = line.link("unavailable")
        if excuse:
            await self._excuse(line, excuse)
        await self._steps.finish_media(row, by_link=excuse is not None)

    async def _is_there_as_file(self, row: Delivery, subject: Subject) -> bool:
        """Whether the file has come by the earlier row already, because Telegram shows it in no other form."""
        if not row.is_again:
            return False
        media = await self._stock.held(subject.task, row.outputs[0], as_file=False)
        return media is not None and media.form is MediaKind.DOCUMENT

    async def _fill(self, line: _Line) -> Message | None:
        """Puts the row's output into the message; returns what to say instead where that can not be done."""
        held = await self._stock.held(line.task, line.place, as_file=line.row.as_file)
        if held and await self._put_held(line, held):
            return None
        async with self._stock.turn(line.task):
            latest = await self._stock.held(line.task, line.place, as_file=line.row.as_file)
            if latest and latest != held and await self._put_held(line, latest):
                return None
            async with self._stock.upload():
                # What is held all the same is good for others; this chat does not allow it in that form.
                return await self._fetch_and_put(line, latest)

    async def _put_held(self, line: _Line, held: Held) -> bool:
        """By file_id, if another chat or an earlier attempt has brought the file to Telegram already."""
        try:
            await self._put(line, held)
        except NotAllowed as error:
            log.info("the chat does not take files of this form", form=held.form, error=error)
            return False
        except Refused as error:
            log.warning("Telegram does not know the file any more", output=line.place, error=error)
            await self._stock.forget(line.task, line.place, as_file=line.row.as_file)
            return False
        return True

    async def _fetch_and_put(self, line: _Line, not_allowed: Held | None) -> Message | None:
        try:
            async with self._stock.fetched(line.task, line.place, as_file=line.row.as_file) as file:
                choices, refusal = _choices(line, file), None
                if not_allowed:
                    choices = still_open(choices, not_allowed, too_large=False)
                    refusal = NotAllowed(not_allowed.form)
                why = _why(await self._offer(line, choices, refusal))
                return line.link(why, file.media.size) if why else None
        except TooLarge as error:
            return line.link("too_large", error.size)
        except DownloadFailed as error:
            fresh = await self._stock.renewed(line.row, line.task, error)
            if fresh:
                renewed = replace(line, subject=replace(line.subject, task=fresh))
                return await self._fetch_and_put(renewed, not_allowed)
            return await self._without_file(line, error.reason)

    async def _without_file(self, line: _Line, reason: Reason) -> Message | None:
        """Telegram may reach what this machine can not."""
        if reason is Reason.GONE:
            return line.link("gone")
        output = ends.output_of(line.task, line.place)
        address = remote(expected_form(output.kind), output) if reason is Reason.UNAVAILABLE else None
        if address and await self._offer(line, (address,)) is None:
            return None
        return line.link("unavailable")

    async def _offer(self, line: _Line, choices: tuple[Item, ...], refusal: Refused | None = None) -> Refused | None:
        """Offers the file in every form that may do; returns why none was taken, the `refusal` before if need be."""
        while choices:
            item, *others = choices
            try:
                held = await self._put(line, item)
            except Refused as error:
                if isinstance(error, EmptyUpload) and not line.row.attempts:
                    raise NotSent(str(error)) from error
                log.warning("the file was refused", offered=type(item).__name__.lower(), form=item.form, error=error)
                refusal, choices = error, still_open(others, item, too_large=isinstance(error, FileTooLarge))
            else:
                if not isinstance(refusal, NotAllowed):  # else other chats may take a better form
                    await self._stock.keep(line.task, line.place, held, as_file=line.row.as_file)
                return None
        return refusal

    async def _put(self, line: _Line, item: Item) -> Held | None:
        # What Telegram holds already was once brought without its length being kept; clients show it anyway.
        seconds = item.media.duration if isinstance(item, Upload) else None
        caption = ends.caption(line.task, line.row, line.subject.title, line.subject.language, seconds)
        spoiler = line.subject.has_spoiler
        return await self._telegram.put_media(line.row.chat_id, line.message_id, item, caption, spoiler=spoiler)

    async def _excuse(self, line: _Line, excuse: Message) -> None:
        chat_id, task = line.row.chat_id, line.task
        if line.row.is_again and not await self._stock.held(task, line.place, as_file=False):
            await self._telegram.delete(chat_id, line.message_id)  # the earlier row has said the same
            return
        try:
            await self._telegram.edit_text(chat_id, line.message_id, excuse)
        except HoldsMedia:
            log.info("the file has arrived after all")
        except Refused as error:
            # Telegram opens no button to some addresses; the words must stand all the same.
            log.warning("a link was refused", error=error)
            plain = ends.link_to_nothing(task, line.row, line.subject.title, line.subject.language)
            await self._telegram.edit_text(chat_id, line.message_id, plain)


def _choices(line: _Line, file: LocalFile) -> tuple[Item, ...]:
    attempts = line.row.attempts
    # Where uploads break off again and again, Telegram may still be able to fetch the file by itself.
    by_address_first = attempts >= ADDRESS_ATTEMPT and attempts % 2 == 1
    output, as_file = ends.output_of(line.task, line.place), line.row.as_file
    return rungs(file.upload(), output, by_address_first=by_address_first and not as_file, as_file=as_file)


def _why(refusal: Refused | None) -> str:
    """The refusal in the words of `ends.Link`; "" for none."""
    if refusal is None:
        return ""
    return {FileTooLarge: "too_large", NotAllowed: "not_allowed"}.get(type(refusal), "refused")
