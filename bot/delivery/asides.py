"""Calls to the Bot API that put nothing into a chat: the bot's menu and its own page, and answers to inline queries.

All of it is comfort. Whatever goes wrong here, a method that the server lacks included, is left out: no chat waits
because of it, not even where Telegram says that these calls were too many.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import (
    Bot,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineQueryResult,
    InlineQueryResultCachedAudio,
    InlineQueryResultCachedDocument,
    InlineQueryResultCachedMpeg4Gif,
    InlineQueryResultCachedPhoto,
    InlineQueryResultCachedVideo,
    InlineQueryResultsButton,
)
from telegram.constants import ParseMode
from telegram.error import RetryAfter, TelegramError

from bot.delivery.errors import RetryLater, classify
from bot.delivery.pacing import EVERYWHERE, Pacing
from bot.media.probe import MediaKind
from bot.text.gallery import Label
from bot.tracking.gallery import OPENED

log = structlog.stdlib.get_logger(__name__)

PRIVATE_CHATS, GROUP_CHATS = "all_private_chats", "all_group_chats"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One file of Telegram's, as it is offered in an inline answer. `key` is unique among those of one answer."""

    key: str
    form: MediaKind
    file_id: str
    label: Label


class Asides:
    """Each call tells whether it was done. `monotonic` gives seconds."""

    def __init__(self, bot: Bot, pacing: Pacing, monotonic: Callable[[], float]) -> None:
        self._bot = bot
        self._pacing = pacing
        self._monotonic = monotonic
        self._quiet_until = monotonic()

    @property
    def bot_id(self) -> int:
        """Whose menu and files these are."""
        return self._bot.id

    async def set_commands(self, scope: str, language: str, commands: Iterable[tuple[str, str]]) -> bool:
        """The menu of (command, description). `scope`: `PRIVATE_CHATS`, `GROUP_CHATS` or a chat's ID.

        The language "" is any that has nothing of its own, here and below.
        """
        menu = list(commands)
        return await self._aside(
            lambda: self._bot.set_my_commands(menu, scope=_scope(scope), language_code=language or None)
        )

    async def drop_commands(self, scope: str, language: str) -> bool:
        """There is no menu of its own there any more."""
        return await self._aside(
            lambda: self._bot.delete_my_commands(scope=_scope(scope), language_code=language or None)
        )

    async def description(self, language: str) -> str | None:
        """What an empty chat with the bot shows now; None if Telegram does not say it."""
        found: list[str] = []

        async def look() -> None:
            found.append((await self._bot.get_my_description(language_code=language or None)).description)

        return found[0] if await self._aside(look) else None

    async def short_description(self, language: str) -> str | None:
        """What the bot's page shows now; None if Telegram does not say it."""
        found: list[str] = []

        async def look() -> None:
            found.append((await self._bot.get_my_short_description(language_code=language or None)).short_description)

        return found[0] if await self._aside(look) else None

    async def set_description(self, language: str, text: str) -> bool:
        """What an empty chat with the bot shows."""
        return await self._aside(lambda: self._bot.set_my_description(text, language_code=language or None))

    async def set_short_description(self, language: str, text: str) -> bool:
        """What the bot's page shows."""
        return await self._aside(lambda: self._bot.set_my_short_description(text, language_code=language or None))

    async def answer_inline(
        self, query_id: str, exhibits: Iterable[Exhibit] = (), *, cached: int, next_offset: str = "", button: str = ""
    ) -> bool:
        """What is offered to that one person, kept by Telegram for `cached` seconds. `button` opens the bot."""
        results = [_result(exhibit) for exhibit in exhibits]
        above = InlineQueryResultsButton(button, start_parameter=OPENED) if button else None
        return await self._aside(
            lambda: self._bot.answer_inline_query(
                query_id, results, cache_time=cached, is_personal=True, next_offset=next_offset, button=above
            )
        )

    async def _aside(self, method: Callable[[], Awaitable[Any]]) -> bool:
        now = self._monotonic()
        if now < self._quiet_until or self._pacing.pause_left(EVERYWHERE, now):
            return False
        try:
            await method()
        except (TelegramError, KeyError) as error:
            meaning = classify(error)
            if isinstance(error, RetryAfter) and isinstance(meaning, RetryLater):
                self._quiet_until = self._monotonic() + meaning.after
            log.info("left out what only adds comfort", kind=type(error).__name__, error=error)
            return False
        return True


def _scope(name: str) -> BotCommandScope:
    if name == PRIVATE_CHATS:
        return BotCommandScopeAllPrivateChats()
    return BotCommandScopeAllGroupChats() if name == GROUP_CHATS else BotCommandScopeChat(int(name))


def _result(exhibit: Exhibit) -> InlineQueryResult:
    key, file_id, label = exhibit.key, exhibit.file_id, exhibit.label
    words: dict[str, Any] = {"caption": label.caption, "parse_mode": ParseMode.HTML}
    match exhibit.form:
        case MediaKind.VIDEO:
            return InlineQueryResultCachedVideo(key, file_id, label.title, description=label.description, **words)
        case MediaKind.PHOTO:
            return InlineQueryResultCachedPhoto(key, file_id, title=label.title, description=label.description, **words)
        case MediaKind.ANIMATION:
            return InlineQueryResultCachedMpeg4Gif(key, file_id, title=label.title, **words)
        case MediaKind.AUDIO:
            return InlineQueryResultCachedAudio(key, file_id, **words)
        case MediaKind.DOCUMENT:
            return InlineQueryResultCachedDocument(key, label.title, file_id, description=label.description, **words)
