"""Several pictures of a finished task as one album: an album of blanks is sent, then each is edited into its picture.

So what might be repeated after a crash is one small call with blanks, never the pictures themselves.
"""

from contextlib import AsyncExitStack
from dataclasses import replace

import structlog

from bot.delivery.errors import DeliveryError, NotAllowed, NotSent, Refused, Removed, TargetGone
from bot.delivery.media import ALBUM_FORMS, Item, Upload
from bot.delivery.steps import Ids, Steps
from bot.delivery.stock import Stock
from bot.delivery.subject import Subject
from bot.delivery.telegram import Telegram
from bot.media.download import DownloadFailed, Reason
from bot.media.probe import MediaKind
from bot.text.catalogue import Html
from bot.text.message import Message
from bot.tracking.model import Delivery
from providers.base import TooLarge

log = structlog.stdlib.get_logger(__name__)

# What takes each place of the album: a file, or the words that stand in for it.
Contents = dict[int, Item | Message]


class Albums:
    """Delivers albums. What fits into none is sent apart, as a result of its own."""

    def __init__(self, telegram: Telegram, stock: Stock, steps: Steps) -> None:
        self._telegram = telegram
        self._stock = stock
        self._steps = steps

    async def show(self, row: Delivery, subject: Subject) -> None:
        """Fetches everything first: of which kind the album is, is only known then, and can not be changed later."""
        row = await self._without_files(row, subject)
        async with self._stock.turn(subject.task), self._stock.upload(), AsyncExitStack() as stack:
            contents = {place: await self._content(row, subject, place, stack) for place in row.outputs}
            if row.as_file or not _has_pictures(contents):
                contents = {place: _as_file(content) for place, content in contents.items()}
            elif not row.message_ids:
                contents = await self._split(row, contents)
            await self._put_all(row, subject, contents)
        if contents:
            await self._steps.finish_media(row, by_link=all(isinstance(one, Message) for one in contents.values()))
        else:
            await self._steps.finish(row)

    async def _without_files(self, row: Delivery, subject: Subject) -> Delivery:
        """The row without what an earlier one has brought as a file, because Telegram shows it in no other form."""
        if not row.is_again or row.message_ids:
            return row
        media = {place: await self._stock.held(subject.task, place, as_file=False) for place in row.outputs}
        missing = [place for place, held in media.items() if held is None or held.form is not MediaKind.DOCUMENT]
        if len(missing) == len(row.outputs):
            return row
        stays = tuple(missing) if len(missing) > 1 else ()
        await self._steps.split_album(row, stays, [place for place in missing if place not in stays])
        return replace(row, outputs=stays)

    async def _content(self, row: Delivery, subject: Subject, place: int, stack: AsyncExitStack) -> Item | Message:
        task = subject.task
        held = await self._stock.held(task, place, as_file=row.as_file)
        if held:
            return held
        try:
            file = await stack.enter_async_context(self._stock.fetched(task, place, as_file=row.as_file))
        except TooLarge as error:
            return subject.link(row, place, "too_large", error.size)
        except DownloadFailed as error:
            if await self._stock.renewed(row, task, error):
                raise NotSent("the links were renewed") from error
            return subject.link(row, place, "gone" if error.reason is Reason.GONE else "unavailable")
        return file.upload()

    async def _split(self, row: Delivery, contents: Contents) -> Contents:
        """What one album can hold; what is no picture is sent apart, as is a picture that is left alone."""
        stays = {
            place: content for place, content in contents.items() if _is_shown(content) or isinstance(content, Message)
        }
        if len(stays) == 1:
            stays.clear()
        if len(stays) < len(contents):
            await self._steps.split_album(row, tuple(stays), [place for place in contents if place not in stays])
        return stays

    async def _put_all(self, row: Delivery, subject: Subject, contents: Contents) -> None:
        words = [content for content in contents.values() if isinstance(content, Message)]
        if not row.message_ids and words and len(words) == len(contents):
            await self._steps.send_text(row, words[0], silent=True, protected=subject.is_protected)
        elif contents and len(row.message_ids) == len(contents):
            await self._fill(row, subject, row.message_ids, contents)
        elif contents and not row.message_ids:
            await self._send(row, subject, contents)

    async def _send(self, row: Delivery, subject: Subject, contents: Contents) -> None:
        try:
            ids = await self._blanks(row, subject, contents)
        except Removed:
            raise
        except Refused as error:
            log.warning("no album is taken here", error=error)
            if isinstance(error, NotAllowed) and _has_pictures(contents):
                await self._send(row, subject, {place: _as_file(content) for place, content in contents.items()})
            else:
                await self._steps.split_album(row, (), contents)
        else:
            await self._fill(row, subject, ids, contents)

    async def _blanks(self, row: Delivery, subject: Subject, contents: Contents) -> Ids:
        documents, protected = not _has_pictures(contents), subject.is_protected

        async def call() -> Ids:
            return await self._telegram.send_album(
                row.chat_id,
                row.thread_id,
                len(contents),
                documents=documents,
                reply_to=row.reply_to,
                protected=protected,
            )

        return await self._steps.send(row, call)

    async def _fill(self, row: Delivery, subject: Subject, ids: Ids, contents: Contents) -> None:
        finished = set(row.finished)
        for (place, content), message_id in zip(contents.items(), ids, strict=True):
            if place in finished:
                continue
            try:
                await self._put(row, subject, place, message_id, content)
            except (Refused, TargetGone) as error:
                if isinstance(error, TargetGone) and not finished:
                    raise  # the whole album was deleted
                await self._give_up(row, place, message_id, error)
            finished.add(place)
            await self._steps.note_finished(row, finished)

    async def _put(self, row: Delivery, subject: Subject, place: int, message_id: int, content: Item | Message) -> None:
        if isinstance(content, Message):
            await self._telegram.edit_caption(row.chat_id, message_id, content)
            return
        spoiler = subject.has_spoiler
        held = await self._telegram.put_media(row.chat_id, message_id, content, Html(""), spoiler=spoiler)
        await self._stock.keep(subject.task, place, held, as_file=row.as_file)

    async def _give_up(self, row: Delivery, place: int, message_id: int, error: DeliveryError) -> None:
        """What Telegram does not take into the album may be welcome by itself; its blank goes."""
        log.warning("an output is sent apart from its album", output=place, error=error)
        if isinstance(error, Refused):
            await self._telegram.delete(row.chat_id, message_id)
        await self._steps.send_apart(row, [place])


def _is_shown(content: Item | Message) -> bool:
    return not isinstance(content, Message) and content.form in ALBUM_FORMS


def _has_pictures(contents: Contents) -> bool:
    return any(map(_is_shown, contents.values()))


def _as_file(content: Item | Message) -> Item | Message:
    return replace(content, form=MediaKind.DOCUMENT) if isinstance(content, Upload) else content
