"""Telegram's updates: fetched, stored, only then confirmed, and handed to the router in each chat's order.

The offset of the next request confirms what is stored; an update is lost neither by a crash before that (Telegram
hands it out again) nor after it (it waits in the inbox). Knows nothing of what the commands do.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from telegram import InlineQuery, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application

from bot.intake.asks import read_search
from bot.intake.gate import Gate
from bot.intake.glance import Glance, glance
from bot.intake.invitations import without_code
from bot.intake.keys import mask_all
from bot.storage.patience import insist
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.text.catalogue import language_of
from bot.tracking.gallery import Search

log = logging.getLogger(__name__)

Json = dict[str, Any]

WANTED = ["message", "callback_query", "inline_query"]
LONG_POLL = 30  # seconds; Telegram allows 50
READ_MARGIN = 10  # seconds on top of that before the connection counts as dead
AT_ONCE = 0.2
PAUSE_AFTER_ERROR = 1.0
LONGEST_PAUSE = 30.0
ATTEMPTS = 5
# Telegram keeps an update for a day. After a week without any it starts with new numbers, perhaps lower ones.
REMEMBERED = 2 * 86_400.0
FORGETTING = 600.0  # seconds between two looks for what may be forgotten: each reads the whole inbox
OFFSET_LIFE = 3 * 86_400.0
# Updates in hand at once; more wait at Telegram. One person alone can not fill it: the gate takes less of them at once.
IN_HAND = 5000
# A chat in which more than so many wait rests between two, nine times as long as the one took, while somebody else has
# spoken within the last seconds: what was said at once is handled one by one, and holds up nobody else.
LONG_LINE, REST, LONGEST_REST, LATELY = 25, 9, 0.1, 2.0
# Chats whose people's language is known to be stored.
HEARD = 10_000


@dataclass(frozen=True, slots=True)
class Letter:
    """An update as it is stored, and what the first look at it saw."""

    update_id: int
    seen: Glance
    body: Json


class Updates:
    """The update loop. `last_answer` is when Telegram last answered, for the health check.

    `browse` is given what people search for; that is not stored.
    """

    def __init__(
        self,
        application: Application[Any, Any, Any, Any, Any, Any],
        store: Store,
        gate: Gate,
        browse: Callable[[Search], None],
        clock: Callable[[], float],
    ) -> None:
        self.last_answer = clock()
        self._application = application
        self._store = store
        self._gate = gate
        self._browse = browse
        self._clock = clock
        self._offset: int | None = None
        self._last_update_at = clock()
        self._forget_at = 0.0
        self._chains: dict[int, asyncio.Task[None]] = {}
        self._lines: Counter[int] = Counter()
        self._latest_short = 0, -LATELY  # the chat without a long line that spoke last, and when
        self._slots = asyncio.Semaphore(IN_HAND)
        self._failed: set[int] = set()
        self._heard: dict[int, str] = {}
        application.add_error_handler(self._note_failure)

    async def run(self) -> None:
        """Handles what was left in the inbox, then fetches for ever. Ends only by being cancelled."""
        for _, body in await insist(self._store.waiting_updates):
            await self._dispatch(_stored(json.loads(body)))
        pause = PAUSE_AFTER_ERROR
        while True:
            try:
                await self._take_in(await self._fetch())
                pause = PAUSE_AFTER_ERROR
            except (TelegramError, DatabaseError) as error:
                # What was not stored is not confirmed either: Telegram hands it out again.
                await asyncio.sleep(_pause_for(error, pause))
                pause = min(pause * 2, LONGEST_PAUSE)

    async def drain(self) -> None:
        """Waits until every update in hand is handled."""
        while self._chains:
            await asyncio.gather(*self._chains.values(), return_exceptions=True)

    async def _fetch(self) -> list[Json]:
        asked = time.monotonic()
        updates: list[Json] = await self._application.bot.get_raw_updates(self._offset, LONG_POLL, READ_MARGIN, WANTED)
        self.last_answer = self._clock()
        if updates:
            self._last_update_at = self.last_answer
        elif time.monotonic() - asked < AT_ONCE:
            await asyncio.sleep(AT_ONCE)  # a server that does not know long polling is not to be hammered
        if self.last_answer - self._last_update_at > OFFSET_LIFE:
            self._offset = None
        return updates

    async def _take_in(self, updates: Sequence[Json]) -> None:
        if not updates:
            return
        await self._learn_verdicts()
        welcome = [letter for letter in map(self._admitted, updates) if letter]
        fresh = await self._keep(welcome) if welcome else set()
        self._offset = updates[-1]["update_id"] + 1
        for letter in welcome:
            if letter.update_id in fresh:
                await self._dispatch(letter)

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
        news = {chat: heard for chat, heard in languages.items() if heard and self._heard.get(chat) != heard}
        async with self._store.transaction() as tx:
            bodies = [(letter.update_id, json.dumps(letter.body)) for letter in welcome]
            fresh = set(await tx.keep_updates(bodies, now))
            if now >= self._forget_at:
                await tx.forget_updates_before(now - REMEMBERED)
            for chat, heard in news.items():
                await tx.hear_language(chat, heard)
        if now >= self._forget_at:
            self._forget_at = now + FORGETTING
        if len(self._heard) >= HEARD:
            self._heard.clear()
        self._heard.update(news)
        return fresh

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
        for attempt in range(ATTEMPTS):
            await self._application.process_update(update)
            if update.update_id not in self._failed:
                return
            self._failed.discard(update.update_id)
            await asyncio.sleep(PAUSE_AFTER_ERROR * 2**attempt)
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
            self._failed.add(update.update_id)
            log.error("update %s failed", update.update_id, exc_info=context.error)

    def _parse(self, letter: Letter) -> Update | None:
        """The library's object; None for what it can not read."""
        try:
            return Update.de_json(letter.body, self._application.bot)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.exception("update %d is not what Telegram says that an update is", letter.update_id)
            return None


def _stored(body: Json) -> Letter:
    return Letter(body["update_id"], glance(body), body)


def _pause_for(error: TelegramError | DatabaseError, usual: float) -> float:
    """Says once per failure what it means for the operator; returns how many seconds to wait."""
    if isinstance(error, RetryAfter):
        return error.retry_after if isinstance(error.retry_after, (int, float)) else error.retry_after.total_seconds()
    if isinstance(error, Conflict):
        log.error("Telegram: another process reads this bot's updates (or a webhook is set); stop it. Trying on.")
    elif isinstance(error, InvalidToken):
        log.error("Telegram does not accept TELEGRAM_BOT_TOKEN any more; get a new one from BotFather. Trying on.")
    elif isinstance(error, DatabaseError):
        log.error("%s Commands wait at Telegram until it does; trying on.", error)
    else:
        log.warning("Telegram gave no updates (%s); trying on.", type(error).__name__)
    return usual
