"""A finished task's media on its way into a chat: one file, or an album; always into messages that already stand.

A short line (or an album of blanks) is sent first and then edited into the media, so what might be repeated after a
crash is never the media itself.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from bot.delivery.errors import FileTooLarge, NotSent, Refused
from bot.delivery.files import Files, LocalFile
from bot.delivery.media import ALBUM_FORMS, Held, Item, Upload, file_name, forms, remote
from bot.delivery.steps import Ids, Steps
from bot.delivery.telegram import Telegram
from bot.media.download import DownloadFailed, Reason
from bot.media.probe import MediaKind
from bot.storage.store import Store
from bot.text import cards
from bot.text.catalogue import Html
from bot.text.message import Message
from bot.tracking.model import Delivery, Subscription, Task
from providers.base import TooLarge

log = logging.getLogger(__name__)

UPLOADS = 3
FETCH_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row is about: the task, who follows it, how its provider is called, and in which language to say it.

    `asked` names the providers that are asked while nobody has answered for the task.
    """

    task: Task
    subscription: Subscription
    title: str
    asked: str
    language: str


class Results:
    """Delivers results; a task's file is fetched and uploaded once, however many chats wait for it."""

    def __init__(self, store: Store, telegram: Telegram, files: Files, steps: Steps) -> None:
        self._store = store
        self._telegram = telegram
        self._files = files
        self._steps = steps
        self._uploads = asyncio.Semaphore(UPLOADS)
        self._one_by_one: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def show_file(self, row: Delivery, subject: Subject) -> None:
        """A line that makes the sound, then becomes the media, or says why it can not."""
        line = cards.end_line(subject.task, row, subject.title, subject.language)
        ids = row.message_ids
        if not ids:
            ids = await self._steps.send_text(row, line, silent=row.part > 0)
        excuse = await self._fill(row, subject, ids[0])
        if excuse:
            await self._excuse(row, subject, ids[0], excuse)
        await self._steps.finish(row)

    async def show_album(self, row: Delivery, subject: Subject) -> None:
        """Fetches everything, sends blanks of the right kind, then edits each into its picture."""
        async with self._turn(subject.task), self._uploads, AsyncExitStack() as stack:
            items = [await self._album_item(row, subject, place, stack) for place in row.outputs]
            if any(not isinstance(item, Message) and item.form not in ALBUM_FORMS for item in items):
                # One that is no picture makes all of them files: Telegram mixes the two in no album.
                items = [replace(item, form=MediaKind.DOCUMENT) if isinstance(item, Upload) else item for item in items]
            ids = row.message_ids or await self._blanks(row, items)
            await self._fill_album(row, subject.task, ids, items)
        await self._steps.finish(row)

    # One file

    async def _fill(self, row: Delivery, subject: Subject, message_id: int) -> Message | None:
        """Puts the row's output into the message; returns what to say instead where that can not be done."""
        caption = cards.caption(subject.task, row, subject.title, subject.language)
        if await self._put_held(row, subject.task, message_id, caption):
            return None
        async with self._turn(subject.task):
            if await self._put_held(row, subject.task, message_id, caption):
                return None
            async with self._uploads:
                return await self._fetch_and_put(row, subject, message_id, caption)

    async def _excuse(self, row: Delivery, subject: Subject, message_id: int, excuse: Message) -> None:
        try:
            await self._telegram.edit_text(row.chat_id, message_id, excuse)
        except Refused as error:
            # Telegram opens no button to some addresses; the words must stand all the same.
            log.warning("task %s: a link was refused: %s", subject.task.id, error)
            plain = cards.link_to_nothing(subject.task, row, subject.title, subject.language)
            await self._telegram.edit_text(row.chat_id, message_id, plain)

    async def _fetch_and_put(self, row: Delivery, subject: Subject, message_id: int, caption: Html) -> Message | None:
        task, place = subject.task, row.outputs[0]
        try:
            async with self._files.fetched(task, place) as file:
                if await self._put_file(row, task, message_id, caption, file):
                    return None
                return _excuse(row, subject, place, "refused")
        except (TooLarge, FileTooLarge) as error:
            return _excuse(row, subject, place, "too_large", getattr(error, "size", None))
        except DownloadFailed as error:
            return _excuse(row, subject, place, _why(error, row))

    async def _put_held(self, row: Delivery, task: Task, message_id: int, caption: Html) -> bool:
        """By file_id, if another chat or an earlier attempt has brought the file to Telegram already."""
        place = row.outputs[0]
        known = await self._store.file_of(task.id, place)
        if known is None:
            return False
        try:
            await self._telegram.put_media(row.chat_id, message_id, Held(MediaKind(known[0]), known[1]), caption)
        except Refused as error:
            log.warning("task %s: Telegram does not know its file any more: %s", task.id, error)
            async with self._store.transaction() as tx:
                await tx.forget_file(task.id, place)
            return False
        return True

    async def _put_file(self, row: Delivery, task: Task, message_id: int, caption: Html, file: LocalFile) -> bool:
        """Every form once, best first, and then by address; False if Telegram wants none of them."""
        place = row.outputs[0]
        name = file_name(file.media, task.external_id, place)
        choices: list[Item] = [Upload(form, file.path, file.media, name) for form in forms(file.media)]
        by_address = remote(choices[0].form, cards.output_of(task, place), file.media.size)
        for item in [*choices, by_address] if by_address else choices:
            try:
                held = await self._telegram.put_media(row.chat_id, message_id, item, caption)
            except FileTooLarge:
                raise
            except Refused as error:
                log.warning("task %s: Telegram refused output %d as %s: %s", task.id, place, item.form, error)
                continue
            await self._keep(task, place, held)
            return True
        return False

    async def _keep(self, task: Task, place: int, held: tuple[MediaKind, str] | None) -> None:
        if held:
            async with self._store.transaction() as tx:
                await tx.remember_file(task.id, place, *held)

    # Albums

    async def _album_item(self, row: Delivery, subject: Subject, place: int, stack: AsyncExitStack) -> Item | Message:
        """What takes the place: a file that is held or was fetched, or the words that stand in for it."""
        task = subject.task
        known = await self._store.file_of(task.id, place)
        if known:
            return Held(MediaKind(known[0]), known[1])
        try:
            file = await stack.enter_async_context(self._files.fetched(task, place))
        except TooLarge as error:
            return _excuse(row, subject, place, "too_large", error.size)
        except DownloadFailed as error:
            return _excuse(row, subject, place, _why(error, row))
        return Upload(forms(file.media)[0], file.path, file.media, file_name(file.media, task.external_id, place))

    async def _blanks(self, row: Delivery, items: list[Item | Message]) -> Ids:
        documents = any(not isinstance(item, Message) and item.form not in ALBUM_FORMS for item in items)

        async def call() -> Ids:
            return await self._telegram.send_album(
                row.chat_id, row.thread_id, len(items), documents=documents, reply_to=row.reply_to
            )

        return await self._steps.send(row, call)

    async def _fill_album(self, row: Delivery, task: Task, ids: Ids, items: list[Item | Message]) -> None:
        finished = set(row.finished)
        for place, message_id, item in zip(row.outputs, ids, items, strict=True):
            if place in finished:
                continue
            await self._fill_album_place(row, task, place, message_id, item)
            finished.add(place)
            async with self._store.transaction() as tx:
                await tx.note_finished(row.id, sorted(finished))

    async def _fill_album_place(
        self, row: Delivery, task: Task, place: int, message_id: int, item: Item | Message
    ) -> None:
        if isinstance(item, Message):
            await self._telegram.edit_caption(row.chat_id, message_id, item)
            return
        try:
            await self._keep(task, place, await self._telegram.put_media(row.chat_id, message_id, item, Html("")))
        except Refused as error:
            log.warning("task %s: Telegram refused output %d in an album: %s", task.id, place, error)
            async with self._store.transaction() as tx:
                await tx.forget_file(task.id, place)
            raise NotSent(str(error)) from error

    def _turn(self, task: Task) -> asyncio.Lock:
        """Chats that wait for the same task wait for each other; the later ones find the file at Telegram."""
        lock = self._one_by_one.get(task.id)
        if lock is None:
            lock = self._one_by_one[task.id] = asyncio.Lock()
        return lock


def _excuse(row: Delivery, subject: Subject, place: int, why: str, size: int | None = None) -> Message:
    log.warning("task %s: output %d ends as a link (%s)", subject.task.id, place, why)
    return cards.link(subject.task, replace(row, outputs=(place,)), subject.title, subject.language, why, size)


def _why(error: DownloadFailed, row: Delivery) -> str:
    """What to tell about a file that could not be fetched; raises `NotSent` while it is worth another attempt."""
    if error.reason is Reason.UNAVAILABLE and row.attempts < FETCH_ATTEMPTS:
        raise NotSent(error.detail) from error
    return "gone" if error.reason is Reason.GONE else "unavailable"
