"""Inline mode: a person's own finished media, offered in whatever chat they type the bot's name, by file_id.

These are questions: they are not stored, change nothing, and may be lost. Of one person only the newest counts.
"""

import asyncio
import re
from types import TracebackType
from typing import Self

import structlog

from bot.delivery.asides import Asides, Exhibit
from bot.media.probe import MediaKind
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.text.catalogue import bare, say
from bot.text.gallery import label
from bot.tracking.gallery import Find, Place, Search
from bot.tracking.gateways import Gateways

log = structlog.stdlib.get_logger(__name__)

PAGE = 30
# People who are answered at once; beyond half of them only those who are let in.
AT_ONCE = 64
# Seconds for which Telegram itself answers the same question again.
CACHED, STRANGERS_CACHED = 10, 60
BUTTON_LIMIT = 60

_OFFSET = re.compile(r"(\d{1,18})-(\d{1,9})")


class Gallery:
    """Answers inline queries for as long as it is open."""

    def __init__(self, store: Store, asides: Asides, gateways: Gateways, default_language: str) -> None:
        self._store = store
        self._asides = asides
        self._gateways = gateways
        self._default_language = default_language
        self._newest: dict[int, Search] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def browse(self, search: Search) -> None:
        """Sees to it that the search is answered, unless the person goes on typing or too many people do."""
        user = search.user_id
        if user in self._workers:
            self._newest[user] = search
        elif len(self._workers) < (AT_ONCE if search.is_let_in else AT_ONCE // 2):
            self._newest[user] = search
            self._workers[user] = asyncio.create_task(self._serve(user))

    async def _serve(self, user: int) -> None:
        try:
            while search := self._newest.pop(user, None):
                await self._answer(search)
        except DatabaseError as error:
            log.warning("an inline query goes without an answer", user=user, error=error)
        finally:
            del self._workers[user]

    async def _answer(self, search: Search) -> None:
        if not search.is_let_in:
            await self._asides.answer_inline(search.query_id, cached=STRANGERS_CACHED)
            return
        chosen = await self._store.choices(search.user_id, 0)
        language = chosen.language or search.language or self._default_language
        found = await self._store.media_of(search.user_id, search.text, _place(search.offset), PAGE + 1)
        shown = found[:PAGE]
        # Somebody may follow one task in several chats.
        exhibits = {exhibit.key: exhibit for exhibit in (self._exhibit(find, language) for find in shown)}
        nothing = "" if found or search.offset else "not_found" if search.text.strip() else "nothing"
        await self._asides.answer_inline(
            search.query_id,
            exhibits.values(),
            cached=CACHED,
            next_offset=_offset(shown[-1].place) if len(found) > PAGE else "",
            button=bare(say(language, f"gallery.{nothing}"), BUTTON_LIMIT) if nothing else "",
        )

    def _exhibit(self, find: Find, language: str) -> Exhibit:
        words = label(find.task, self._gateways.title(find.task.speaker), language)
        return Exhibit(f"{find.task.id}-{find.place.output}", MediaKind(find.form), find.file_id, words)


def _offset(place: Place) -> str:
    return f"{place.subscription_id}-{place.output}"


def _place(offset: str) -> Place | None:
    found = _OFFSET.fullmatch(offset)
    return Place(int(found[1]), int(found[2])) if found else None
