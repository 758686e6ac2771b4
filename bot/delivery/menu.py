"""What Telegram shows of the bot itself: the menu of commands by place and language, and its descriptions.

Told in the background after the start, and only what has changed since it was told last.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import structlog

from bot.delivery.asides import GROUP_CHATS, PRIVATE_CHATS, Asides
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.text.catalogue import CATALOGUES, bare, say

log = structlog.stdlib.get_logger(__name__)

FOR_ALL = ("track", "list", "status", "untrack", "resend", "settings", "lang", "token", "forget", "help")
FOR_ADMINS = ("stats", "allow", "deny", "invite")

# Telegram's bounds, in characters.
COMMAND_LIMIT, DESCRIPTION_LIMIT, SHORT_LIMIT = 256, 512, 120

_COMMANDS = "commands"


@dataclass(frozen=True, slots=True)
class _News:
    """Something to be told: `what` it is about, a digest of it, and the call that tells it.

    `known` asks what Telegram shows there now, where that may be the operator's own.
    """

    what: str
    digest: str
    tell: Callable[[], Awaitable[bool]]
    known: Callable[[], Awaitable[str | None]] | None = None


class Menu:
    """The bot's menu and descriptions, in every language; whose language is none of them gets `default_language`."""

    def __init__(self, store: Store, asides: Asides, admins: frozenset[int], default_language: str) -> None:
        self._store = store
        self._asides = asides
        self._admins = admins
        self._default_language = default_language

    async def tell(self) -> None:
        """Tells what is new and takes back what is no more. What fails is tried again at the next start."""
        try:
            told = await self._store.told()
            news = list(self._news())
            for item in news:
                before = told.get(item.what, "")
                if before != item.digest and await self._tell(item, before):
                    async with self._store.transaction() as tx:
                        await tx.note_told(item.what, item.digest)
            for what in told.keys() - {item.what for item in news}:
                await self._take_back(what)
        except DatabaseError as error:
            log.warning("the menu of commands stays as it is", error=error)
        except Exception:
            log.exception("the menu of commands was not told")

    async def _tell(self, item: _News, before: str) -> bool:
        """`before`: the digest of what was told there last. Words that are not ours stay: somebody chose them."""
        if item.known is None:
            return await item.tell()
        known = await item.known()
        if known is None:
            return False
        # Told, but not noted: the bot may have been stopped in between.
        is_ours = not known or self._digest(known) == before or known in _own_words()
        return await item.tell() if is_ours else True

    async def _take_back(self, what: str) -> None:
        """The menu of somebody who is no admin any more, or of a language that is gone."""
        kind, _, rest = what.partition(":")
        scope, _, language = rest.partition(":")
        if kind == _COMMANDS and await self._asides.drop_commands(scope, language):
            async with self._store.transaction() as tx:
                await tx.forget_told(what)

    def _news(self) -> Iterator[_News]:
        # The language-less ones last: until then Telegram can not show them in place of what is asked for.
        for code in (*sorted(CATALOGUES), ""):
            yield from self._commands(code, code or self._default_language)
            yield from self._descriptions(code, code or self._default_language)

    def _commands(self, code: str, language: str) -> Iterator[_News]:
        scopes: dict[str, tuple[str, ...]] = {PRIVATE_CHATS: FOR_ALL, GROUP_CHATS: FOR_ALL}
        scopes |= {str(admin): (*FOR_ALL, *FOR_ADMINS) for admin in sorted(self._admins)}
        for scope, names in scopes.items():
            menu = tuple((name, bare(say(language, f"menu.{name}"), COMMAND_LIMIT)) for name in names)

            async def tell(scope: str = scope, menu: tuple[tuple[str, str], ...] = menu) -> bool:
                return await self._asides.set_commands(scope, code, menu)

            yield _News(f"{_COMMANDS}:{scope}:{code}", self._digest(menu), tell)

    def _descriptions(self, code: str, language: str) -> Iterator[_News]:
        asides = self._asides
        long = bare(say(language, "menu.description"), DESCRIPTION_LIMIT)
        short = bare(say(language, "menu.short_description"), SHORT_LIMIT)
        yield _News(
            f"description:{code}",
            self._digest(long),
            lambda: asides.set_description(code, long),
            lambda: asides.description(code),
        )
        yield _News(
            f"short_description:{code}",
            self._digest(short),
            lambda: asides.set_short_description(code, short),
            lambda: asides.short_description(code),
        )

    def _digest(self, told: object) -> str:
        """Of that, told about this bot: with another token there is another one."""
        return hashlib.sha256(repr((self._asides.bot_id, told)).encode()).hexdigest()[:16]


def _own_words() -> set[str]:
    """What the bot may have said of itself, in any language."""
    limits = {"menu.description": DESCRIPTION_LIMIT, "menu.short_description": SHORT_LIMIT}
    return {bare(say(language, key), limit) for language in CATALOGUES for key, limit in limits.items()}
