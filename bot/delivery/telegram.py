"""The only module that calls a sending method of the Bot API. Takes values, raises `DeliveryError`.

Two things are settled here, because every call has to pass: nothing is sent to a chat that Telegram has paused, and
words whose markup Telegram does not take are sent without it.
"""

import asyncio
import contextlib
import struct
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import structlog
import telegram
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMedia,
    InputMediaAnimation,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import MessageLimit, ParseMode
from telegram.error import BadRequest, ChatMigrated, InvalidToken, RetryAfter, TelegramError

from bot.delivery.errors import BadButtons, BadText, ChatGone, Refused, RetryLater, TargetGone, Unchanged, classify
from bot.delivery.media import Held, Item, Upload
from bot.delivery.pacing import EVERYWHERE, Pacing
from bot.media.probe import MediaKind
from bot.text.catalogue import Html, plain
from bot.text.message import ActionButton, Button, CopyButton, LinkButton, Message
from bot.tracking.seal import Seal

log = structlog.stdlib.get_logger(__name__)

# Telegram works on an upload, or on an address, before it answers.
MEDIA_READ_TIMEOUT = 120
MEDIA_WRITE_TIMEOUT = 60
# A chat that is closed is left alone so long, or until that is written down and nothing waits for it any more.
CLOSING = 60.0

_VEILED = frozenset({MediaKind.PHOTO, MediaKind.VIDEO, MediaKind.ANIMATION})
_WITH_STILLS = frozenset({MediaKind.VIDEO, MediaKind.ANIMATION, MediaKind.DOCUMENT})

# A call with words in it: the words, and how they are marked up.
Worded = Callable[[str, ParseMode | None], Awaitable[Any]]


class Telegram:
    """The bot's hands. `local_mode`: the server reads files by their path, nothing is uploaded."""

    def __init__(
        self, bot: Bot, pacing: Pacing, seal: Seal, monotonic: Callable[[], float], *, local_mode: bool = False
    ) -> None:
        self._bot = bot
        self._pacing = pacing
        self._seal = seal
        self._monotonic = monotonic
        self._local_mode = local_mode
        self._one_by_one: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def send_text(
        self, chat_id: int, thread_id: int, message: Message, *, reply_to: int, silent: bool, protected: bool = False
    ) -> int:
        """A new message; returns its id, 0 if Telegram does not say it. Repeating it would show it twice.

        `protected`: whatever it becomes, it can not be forwarded or saved.
        """

        async def send(text: str, mode: ParseMode | None) -> Any:
            return await self._bot.send_message(
                chat_id,
                text,
                parse_mode=mode,
                message_thread_id=thread_id or None,
                reply_parameters=_reply_to(reply_to),
                disable_notification=silent,
                protect_content=protected or None,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=self._keyboard(chat_id, message),
            )

        try:
            sent = await self._say(chat_id, message.html, MessageLimit.MAX_TEXT_LENGTH, send)
        except BadButtons as error:
            bare = _without_buttons(message, error)
            return await self.send_text(chat_id, thread_id, bare, reply_to=reply_to, silent=silent)
        return int(sent.message_id)

    async def send_photo(
        self, chat_id: int, thread_id: int, png: bytes, caption: Html, *, reply_to: int, silent: bool = False
    ) -> int:
        """A new message with a picture; returns its id. Repeating it would show it twice."""

        async def send(text: str, mode: ParseMode | None) -> Any:
            try:
                return await self._bot.send_photo(
                    chat_id,
                    InputFile(png, filename="picture.png"),
                    caption=text,
                    parse_mode=mode,
                    message_thread_id=thread_id or None,
                    reply_parameters=_reply_to(reply_to),
                    disable_notification=silent,
                )
            except InvalidToken as error:
                # So a server answers that does not know the method. If it is the token, the words will tell.
                raise BadRequest(f"no pictures here: {error}") from error

        sent = await self._say(chat_id, caption, MessageLimit.CAPTION_LENGTH, send)
        return int(sent.message_id)

    async def edit_text(self, chat_id: int, message_id: int, message: Message) -> None:
        """The message now reads so. May be repeated."""

        async def edit(text: str, mode: ParseMode | None) -> Any:
            return await self._bot.edit_message_text(
                text,
                chat_id=chat_id,
                message_id=message_id,
                parse_mode=mode,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=self._keyboard(chat_id, message),
            )

        try:
            await self._edit(chat_id, message.html, MessageLimit.MAX_TEXT_LENGTH, edit)
        except BadButtons as error:
            await self.edit_text(chat_id, message_id, _without_buttons(message, error))

    async def edit_caption(self, chat_id: int, message_id: int, message: Message) -> None:
        """The words below a picture. May be repeated."""

        async def edit(text: str, mode: ParseMode | None) -> Any:
            return await self._bot.edit_message_caption(
                chat_id=chat_id, message_id=message_id, caption=text, parse_mode=mode
            )

        await self._edit(chat_id, message.html, MessageLimit.CAPTION_LENGTH, edit)

    async def answer_press(self, query_id: str, text: str, *, alert: bool) -> None:
        """What the person sees over the chat after pressing a button; "" only ends the button's waiting.

        Telegram waits for it a few seconds only, so whatever goes wrong, it is not worth a second attempt.
        """

        async def answer() -> None:
            await self._lightly(lambda: self._bot.answer_callback_query(query_id, text or None, show_alert=alert))

        await self._call(EVERYWHERE, answer, beside=True)

    async def react(self, chat_id: int, message_id: int, emoji: str) -> None:
        """The bot's one reaction to that message. May be repeated; where reactions are off, nothing happens."""

        async def react() -> None:
            await self._lightly(lambda: self._bot.set_message_reaction(chat_id, message_id, emoji))

        # Beside the others: no message has to wait for it.
        await self._call(chat_id, react, beside=True)

    async def put_media(
        self, chat_id: int, message_id: int, item: Item, caption: Html, *, spoiler: bool = False
    ) -> Held | None:
        """The message becomes the media, veiled by a `spoiler` where there is something to see. May be repeated.

        Returns as what Telegram holds it now; None if it stood there already.
        """
        more, attached = self._stills(item)
        if spoiler and item.form in _VEILED:
            more = {**more, "has_spoiler": True}

        async def edit(text: str, mode: ParseMode | None) -> Any:
            words = {"caption": text or None, "parse_mode": mode}
            with contextlib.ExitStack() as files:
                return await self._bot.edit_message_media(
                    _input_media(item, self._source(item, files), {**words, **more}),
                    chat_id=chat_id,
                    message_id=message_id,
                    read_timeout=MEDIA_READ_TIMEOUT,
                    write_timeout=MEDIA_WRITE_TIMEOUT,
                    api_kwargs=attached,
                )

        edited = await self._edit(chat_id, caption, MessageLimit.CAPTION_LENGTH, edit, beside=True)
        return _held(edited) if isinstance(edited, telegram.Message) else None

    async def delete(self, chat_id: int, message_id: int) -> None:
        """The message goes, if it can. May be repeated."""
        try:
            await self._call(chat_id, lambda: self._bot.delete_message(chat_id, message_id))
        except (ChatGone, Refused, TargetGone) as error:
            log.info("a message was not deleted", chat=chat_id, message=message_id, error=error)

    async def send_album(
        self, chat_id: int, thread_id: int, count: int, *, documents: bool, reply_to: int, protected: bool
    ) -> tuple[int, ...]:
        """An album of blank pictures, to be edited into what it is for; returns the ids of its messages.

        So only this small call is in doubt when it is interrupted, never one that carries the media.
        """
        kind = InputMediaDocument if documents else InputMediaPhoto
        blank = blank_png()
        album = [kind(InputFile(blank, filename="loading.png", attach=True)) for _ in range(count)]
        sent = await self._call(
            chat_id,
            lambda: self._bot.send_media_group(
                chat_id,
                album,
                message_thread_id=thread_id or None,
                reply_parameters=_reply_to(reply_to),
                disable_notification=True,
                protect_content=protected or None,
            ),
        )
        return tuple(message.message_id for message in sent)

    async def _lightly(self, method: Callable[[], Awaitable[Any]]) -> None:
        """A call that only adds comfort: what Telegram does not take, or a server does not know, is left out."""
        try:
            await method()
        except (RetryAfter, ChatMigrated):
            raise
        except (TelegramError, KeyError) as error:
            log.info("left out what only adds comfort", error=error)

    def _keyboard(self, chat_id: int, message: Message) -> InlineKeyboardMarkup | None:
        if not message.buttons:
            return None
        return InlineKeyboardMarkup([[self._button(chat_id, button) for button in row] for row in message.buttons])

    def _button(self, chat_id: int, button: Button) -> InlineKeyboardButton:
        match button:
            case LinkButton():
                return InlineKeyboardButton(button.text, url=button.url)
            case CopyButton():
                return InlineKeyboardButton(button.text, copy_text=CopyTextButton(button.copied))
            case ActionButton():
                data = self._seal.closed(button.data, chat_id)
                return InlineKeyboardButton(button.text, callback_data=data, style=button.style)

    def _source(self, item: Item, files: contextlib.ExitStack) -> InputFile | Path | str:
        """What the library is given for the item; a file that it reads stays open as long as `files`."""
        if isinstance(item, Held):
            return item.file_id
        if not isinstance(item, Upload):
            return item.url
        if self._local_mode:
            return item.path.absolute()
        # Streamed from the handle; by default the library would read all of it into memory.
        file = files.enter_context(item.path.open("rb"))
        return InputFile(file, filename=item.path.name, attach=True, read_file_handle=False)

    def _stills(self, item: Item) -> tuple[dict[str, Any], dict[str, InputFile]]:
        """The pictures that go with the item, by Telegram's names for them, and the files that they stand for."""
        if isinstance(item, Held) and item.cover:
            return {"cover": item.cover}, {}
        if not isinstance(item, Upload) or item.form not in _WITH_STILLS:
            return {}, {}
        named = {"thumbnail": item.thumbnail, "cover": item.cover if item.form is MediaKind.VIDEO else None}
        paths = {name: path for name, path in named.items() if path}
        if self._local_mode:
            return paths, {}
        # The library would forget the cover's file, so both pictures travel beside the medium, by name.
        attached = {name: InputFile(path.read_bytes(), filename=path.name) for name, path in paths.items()}
        return {name: f"attach://{name}" for name in paths}, attached

    async def _edit(self, chat_id: int, html: Html, limit: int, edit: Worded, *, beside: bool = False) -> Any:
        """What Telegram answers to an edit; None where nothing had to be changed."""
        try:
            return await self._say(chat_id, html, limit, edit, beside=beside)
        except Unchanged:
            return None

    async def _say(self, chat_id: int, html: Html, limit: int, call: Worded, *, beside: bool = False) -> Any:
        try:
            return await self._call(chat_id, lambda: call(html, ParseMode.HTML), beside=beside)
        except BadText as error:
            log.error("words were sent without their markup", chat=chat_id, error=error)  # noqa: TRY400 - the sentence says it all
            return await self._call(chat_id, lambda: call(plain(html, limit), None), beside=beside)

    async def _call(self, chat_id: int, method: Callable[[], Awaitable[Any]], *, beside: bool = False) -> Any:
        """Every call passes here. Where Telegram has said to wait, it raises `RetryLater` and makes none.

        A chat gets one call at a time, so that the ones behind it hear of the wait; `beside` the others go uploads,
        which are long, and what is no message.
        """
        async with contextlib.nullcontext() if beside else self._one_by_one.setdefault(chat_id, asyncio.Lock()):
            left = self._pacing.pause_left(chat_id, self._monotonic())
            if left:
                raise RetryLater("paused", left)
            try:
                return await method()
            except (TelegramError, KeyError) as error:
                # A body without "result" comes out of the library as a KeyError.
                meaning = classify(error)
                if isinstance(meaning, ChatGone):
                    # Who stands behind this call does not know it yet.
                    self._pacing.pause_until(chat_id, self._monotonic() + CLOSING)
                if isinstance(meaning, RetryLater):
                    log.warning("the chat has to wait", chat=chat_id, seconds=round(meaning.after), error=meaning)
                    self._pacing.pause(chat_id, self._monotonic(), meaning.after, everywhere=meaning.everywhere)
                raise meaning from error


def blank_png(side: int = 320, shade: int = 0x2B) -> bytes:
    """A plain grey square as PNG, a few hundred bytes."""
    rows = (b"\0" + bytes([shade]) * side) * side

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def _without_buttons(message: Message, error: BadButtons) -> Message:
    """The words alone, which say what the buttons would only make handy. Raises `error` where they are not enough."""
    if not message.buttons or any(isinstance(button, LinkButton) for row in message.buttons for button in row):
        raise error
    log.warning("words were sent without their buttons", error=error)
    return Message(message.html)


def _reply_to(message_id: int) -> ReplyParameters | None:
    return ReplyParameters(message_id, allow_sending_without_reply=True) if message_id else None


def _input_media(item: Item, media: InputFile | Path | str, more: dict[str, Any]) -> InputMedia:
    match item.form:
        case MediaKind.VIDEO:
            return InputMediaVideo(media, supports_streaming=True, **_geometry(item), **more)
        case MediaKind.ANIMATION:
            return InputMediaAnimation(media, **_geometry(item), **more)
        case MediaKind.PHOTO:
            return InputMediaPhoto(media, **more)
        case MediaKind.AUDIO:
            return InputMediaAudio(media, duration=_geometry(item).get("duration"), **more)
        case MediaKind.DOCUMENT:
            return InputMediaDocument(media, disable_content_type_detection=True, **more)


def _geometry(item: Item) -> dict[str, Any]:
    """What Telegram does not find out itself above some ten megabytes; clients would show a grey square."""
    if not isinstance(item, Upload):
        return {}
    found = {"width": item.media.width, "height": item.media.height, "duration": item.media.duration}
    return {name: max(1, round(value)) for name, value in found.items() if value}


def _held(message: Any) -> Held | None:
    """The file_id in Telegram's answer; it may have made something else of the file than was asked for."""
    if message.photo:
        return Held(MediaKind.PHOTO, message.photo[-1].file_id)
    for form in (MediaKind.VIDEO, MediaKind.ANIMATION, MediaKind.AUDIO, MediaKind.DOCUMENT):
        held = getattr(message, form)
        if held:
            # A cover belongs to the message, not to the file: whoever gets the file by its id has to name it too.
            cover = held.cover[-1].file_id if form is MediaKind.VIDEO and held.cover else ""
            return Held(form, held.file_id, cover)
    return None
