"""The inbox: what Telegram sends is stored, and handed to the router in each chat's order. Knows not how it came.

What is stored is lost to no crash: it waits in the inbox. Knows nothing of what the commands do.
"""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars
from telegram import InlineQuery, Update
from telegram.ext import Application

from bot.intake.asks import read_search
from bot.intake.gate import Gate
from bot.intake.glance import Glance, glance
from bot.intake.invitations import without_code
from bot.intake.keys import mask_all
from bot.storage.patience import insist
from bot.storage.sqlite import DatabaseError, DatabaseUnavailable
from bot.storage.store import Store
from bot.text.catalogue import language_of
from bot.tracking.gallery import Search
from bot.tracking.measures import UPDATES

log = structlog.stdlib.get_logger(__name__)

Json = dict[str, Any]

# The kinds of update that are read at all.
WANTED = ("message", "callback_query", "inline_query")
PAUSE_AFTER_FAILURE = 1.0
ATTEMPTS = 5
STORAGE_PAUSE = 5.0
# Telegram keeps an update for a day, and numbers them anew, perhaps lower, after a week without any.
REMEMBERED = 2 * 86_400.0
FORGETTING = 600.0  # seconds between two looks for what may be forgotten: each reads the whole inbox
# Updates in hand at once; more wait at Telegram. One person alone can not fill it: the gate takes less of them at once.
IN_HAND = 5000
# A chat in which more than so many wait rests between two, nine times as long as the one took, while somebody else has
# spoken within the last seconds: what was said at once is handled one by one, and holds up nobody else.
LONG_LINE, REST, LONGEST_REST, LATELY = 25, 9, 0.1, 2.0
# Chats of which it is known that what was heard there is stored; to be stored anew after so many seconds.
HEARD, HEARD_AGAIN = 10_000, 86_400.0


@dataclass(frozen=True, slots=True)
class Letter:
    """An update as it is stored, and what the first look at it saw."""

    update_id: int
    seen: Glance
    body: Json


class Inbox:
    """Takes updates in and has them handled. `browse` is given what people search for; that is not stored."""

    def __init__(
        self,
        application: Application[Any, Any, Any, Any, Any, Any],
        store: Store,
        gate: Gate,
        browse: Callable[[Search], None],
        clock: Callable[[], float],
    ) -> None:
        self._application = application
        self._store = store
        self._gate = gate
        self._browse = browse
        self._clock = clock
        self._forget_at = 0.0
        self._chains: dict[int, asyncio.Task[None]] = {}
        self._lines: Counter[int] = Counter()
        self._latest_short = 0, -LATELY  # the chat without a long line that spoke last, and when
        self._slots = asyncio.Semaphore(IN_HAND)
        self._failed: dict[int, Exception] = {}
        self._heard: dict[int, str | None] = {}
        self._hear_again_at = 0.0
        application.add_error_handler(self._note_failure)

    async def resume(self) -> None:
        """Hands on what an earlier life stored and did not handle; to be done before anything is taken in."""
        for _, body in await insist(self._store.waiting_updates):
            await self._dispatch(_stored(json.loads(body)))

    async def take_in(self, updates: Sequence[Json]) -> None:
        """Stores updates, and hands on those that were not known before; one may come twice.

        Raises `DatabaseError`; then nothing was stored.
        """
        await self._learn_verdicts()
        welcome = [letter for letter in map(self._admitted, updates) if letter]
        fresh = await self._keep(welcome) if welcome else set()
        self._count(updates, {letter.update_id for letter in welcome}, fresh)
        for letter in welcome:
            if letter.update_id in fresh:
                fresh.remove(letter.update_id)
                await self._dispatch(letter)

    async def drain(self) -> None:
        """Waits until every update in hand is handled."""
        while self._chains:
            await asyncio.gather(*self._chains.values(), return_exceptions=True)

    def _count(self, updates: Sequence[Json], welcome: set[int], fresh: set[int]) -> None:
        for update in updates:
            kind = next((kind for kind in WANTED if kind in update), "other")
            number = update["update_id"]
            outcome = "taken" if number in fresh else "repeated" if number in welcome else "turned_away"
            self._store.tally.add(UPDATES, kind, outcome)

    def _admitted(self, body: Json) -> Letter | None:
        """The update as it is stored, if the gate lets it pass.

        Nothing behind this point ever sees a key that somebody pasted, or an invitation's code.
        """
        seen = glance(body)
        verdict = self._gate.glances(seen)
        if verdict is False:
            return None
        letter = Letter(body["update_id"], seen, mask_all(without_code(body)))
        if verdict is None:
            update = self._parse(letter)
            if update and update.inline_query:
                self._search(update.inline_query)
            verdict = update is not None and self._gate.admits(update)
        return letter if verdict else None

    def _search(self, query: InlineQuery) -> None:
        self._browse(read_search(query, is_let_in=self._gate.lets_in(query.from_user.id)))

    async def _learn_verdicts(self) -> None:
        """Tells the gate what was decided about people since it was told last."""
        changed = self._store.guests_changed
        if not changed.is_set():
            return
        changed.clear()  # before the look: a change that comes during it is looked at once more
        try:
            self._gate.learn(await self._store.verdicts())
        except DatabaseError:
            changed.set()
            raise

    async def _keep(self, welcome: Sequence[Letter]) -> set[int]:
        """Stores them; returns the numbers of those that were not known before."""
        now = self._clock()
        languages = {letter.seen.chat_id: language_of(letter.seen.language_code) for letter in welcome}
        self._unlearn(now)
        news = {
            chat: heard for chat, heard in languages.items() if chat not in self._heard or heard != self._heard[chat]
        }
        async with self._store.transaction() as tx:
            bodies = [(letter.update_id, json.dumps(letter.body)) for letter in welcome]
            fresh = set(await tx.keep_updates(bodies, now))
            if now >= self._forget_at:
                await tx.forget_updates_before(now - REMEMBERED)
            for chat, heard in news.items():
                await tx.hear(chat, heard, now)
        if now >= self._forget_at:
            self._forget_at = now + FORGETTING
        self._heard.update(news)
        return fresh

    def _unlearn(self, now: float) -> None:
        """What is known to be stored may be gone by now, and has to be stored anew from day to day."""
        changed = self._store.chats_changed
        if changed.is_set() or now >= self._hear_again_at or len(self._heard) >= HEARD:
            changed.clear()
            self._heard.clear()
            self._hear_again_at = now + HEARD_AGAIN

    async def _dispatch(self, letter: Letter) -> None:
        """Queues the update behind the earlier ones of its chat; other chats do not wait for it."""
        await self._slots.acquire()
        chat = letter.seen.chat_id
        self._lines[chat] += 1
        if self._lines[chat] <= LONG_LINE:
            self._latest_short = chat, time.monotonic()
        link = asyncio.create_task(self._handle_after(self._chains.get(chat), letter))
        self._chains[chat] = link
        link.add_done_callback(lambda done: self._unchain(chat, done))

    def _unchain(self, chat: int, done: asyncio.Task[None]) -> None:
        self._slots.release()
        self._lines[chat] -= 1
        if self._chains.get(chat) is done:
            del self._chains[chat], self._lines[chat]

    async def _handle_after(self, previous: asyncio.Task[None] | None, letter: Letter) -> None:
        if previous:
            await asyncio.wait({previous})
        began = time.monotonic()
        bind_contextvars(update=letter.update_id, chat=letter.seen.chat_id)
        await self._handle(letter)
        await self._let_others_go(letter.seen.chat_id, time.monotonic() - began)

    async def _let_others_go(self, chat: int, took: float) -> None:
        other, heard_at = self._latest_short
        if self._lines[chat] > LONG_LINE and other != chat and time.monotonic() - heard_at < LATELY:
            await asyncio.sleep(min(REST * took, LONGEST_REST))

    async def _handle(self, letter: Letter) -> None:
        update = self._parse(letter)
        if update is None:
            await self._give_up(letter)
            return
        attempt = 0
        while attempt < ATTEMPTS:
            await self._application.process_update(update)
            error = self._failed.pop(update.update_id, None)
            if error is None:
                return
            if isinstance(error, DatabaseUnavailable):
                # It is not the update's fault that nothing can be stored: it waits until that is over.
                await asyncio.sleep(STORAGE_PAUSE)
                continue
            await asyncio.sleep(PAUSE_AFTER_FAILURE * 2**attempt)
            attempt += 1
        await self._give_up(letter)

    async def _give_up(self, letter: Letter) -> None:
        """Says that it went wrong. If not even that can be stored, the next start finds the update in the inbox."""
        with contextlib.suppress(DatabaseError):
            async with self._store.transaction() as tx:
                if letter.seen.kind == "callback_query":
                    await tx.toast(letter.seen.chat_id, letter.seen.query_id, "broken", self._clock())
                elif letter.seen.kind == "message":
                    await tx.reply(letter.seen.origin, {"say": "broken"}, self._clock())
                await tx.finish_update(letter.update_id)

    async def _note_failure(self, update: object, context: Any) -> None:
        if isinstance(update, Update):
            self._failed[update.update_id] = context.error
            if isinstance(context.error, DatabaseUnavailable):
                log.error("an update waits until the database answers", error=context.error)
            else:
                log.error("an update failed", exc_info=context.error)

    def _parse(self, letter: Letter) -> Update | None:
        """The library's object; None for what it can not read."""
        try:
            return Update.de_json(letter.body, self._application.bot)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.exception("an update is not what Telegram says that an update is", update=letter.update_id)
            return None


def _stored(body: Json) -> Letter:
    return Letter(body["update_id"], glance(body), body)
