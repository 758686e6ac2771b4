"""The steps that every delivery is made of, each recorded: a send that must not be repeated, an edit that may be.

A row is marked before a send and gets its message ids after it; whoever finds it marked knows that it is in doubt.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from bot.delivery.errors import DeliveryError, InDoubt, NotSent, TargetGone
from bot.delivery.telegram import Telegram
from bot.storage.patience import insist
from bot.storage.store import Store
from bot.text.message import Message
from bot.tracking.measures import DETECTION_TO_CHAT
from bot.tracking.model import Delivery, OutboxKind

Ids = tuple[int, ...]

# What is in flight when the process dies may stand in the chat twice. Results are repeated in any case, so their lines
# go out one by one; a card or an answer rarely is. A send that takes longer than `SLOW_SEND` holds up nobody.
RESULTS_AT_ONCE, OTHERS_AT_ONCE = 1, 2
SLOW_SEND = 0.5

# These are edited later, so they need a message that can be.
_ANCHORED = frozenset({OutboxKind.CARD, OutboxKind.RESULT, OutboxKind.ALBUM})
# These tell an end, with a sound.
_LINES = frozenset({OutboxKind.RESULT, OutboxKind.HEADER})


class SentPerhaps(DeliveryError):
    """A send was interrupted: the message may stand in the chat, but its id is not known."""


class Steps:
    """Sends and records, for one row at a time. `clock` gives epoch seconds."""

    def __init__(self, store: Store, telegram: Telegram, clock: Callable[[], float]) -> None:
        self._store = store
        self._telegram = telegram
        self._clock = clock
        self._result_sends = asyncio.Semaphore(RESULTS_AT_ONCE)
        self._other_sends = asyncio.Semaphore(OTHERS_AT_ONCE)
        self._is_stopping = False

    def stop_sending(self) -> None:
        """From now on no send begins: one that the end of the process cuts off may stand in the chat twice."""
        self._is_stopping = True

    async def send(self, row: Delivery, call: Callable[[], Awaitable[Ids]]) -> Ids:
        """Marks the row, sends, and records the ids: from here on the row's messages are only edited.

        Raises `SentPerhaps` where the outcome is not known.
        """
        async with _turn(self._result_sends if row.kind.is_result else self._other_sends):
            if self._is_stopping:
                raise NotSent("the bot is stopping")
            is_wanted = await self._store.at_once(lambda tx: tx.mark_sending(row.id))
            if not is_wanted:
                raise NotSent("the row was given up while it waited for its turn")
            try:
                sent = await call()
            except InDoubt as error:
                raise SentPerhaps(str(error)) from error
            if row.kind in _ANCHORED and not all(sent):
                raise TargetGone("it was sent, but can not be edited")
            sent = tuple(filter(None, sent))
            # What stands in the chat is known now and must not become a doubt, however long the database takes.
            await insist(lambda: self._store.at_once(lambda tx: tx.note_messages(row, sent)))
            if row.kind in _LINES:
                self._note_arrival(row, "line")
            return sent

    async def send_text(self, row: Delivery, message: Message, *, silent: bool, protected: bool = False) -> Ids:
        """A message that stays as it is, or that is edited later by its id."""

        async def call() -> Ids:
            message_id = await self._telegram.send_text(
                row.chat_id, row.thread_id, message, reply_to=row.reply_to, silent=silent, protected=protected
            )
            return (message_id,)

        return await self.send(row, call)

    async def finish(self, row: Delivery, look: str = "", look_again_at: float | None = None) -> None:
        """The row is through; with `look_again_at` until then."""
        await self._store.at_once(lambda tx: tx.finish(row, look, look_again_at))

    async def finish_media(self, row: Delivery, *, by_link: bool) -> None:
        """The row's media stands in the chat, or a link to it; the row is through."""
        await self.finish(row)
        self._note_arrival(row, "link" if by_link else "media")

    def _note_arrival(self, row: Delivery, step: str) -> None:
        self._store.tally.observe(DETECTION_TO_CHAT, self._clock() - row.queued_at, step)

    async def finish_reactions(self, wanted: Mapping[int, int], emoji: str) -> None:
        """The message shows `emoji`, which says what was `wanted` of these rows."""
        async with self._store.transaction() as tx:
            await tx.finish_reactions(wanted, emoji)

    # Albums, and links that stand together

    async def note_finished(self, row: Delivery, finished: Iterable[int]) -> None:
        """These items of the album are in place."""
        async with self._store.transaction() as tx:
            await tx.note_finished(row.id, sorted(finished))

    async def split_album(self, row: Delivery, stays: Ids, apart: Iterable[int]) -> None:
        """Before it is sent: the row holds only what `stays`; each of the others gets a row of its own."""
        async with self._store.transaction() as tx:
            await tx.send_apart(row, apart)
            await tx.set_outputs(row.id, stays)

    async def send_apart(self, row: Delivery, places: Iterable[int]) -> None:
        """These outputs get rows of their own."""
        async with self._store.transaction() as tx:
            await tx.send_apart(row, places)


@asynccontextmanager
async def _turn(sends: asyncio.Semaphore) -> AsyncIterator[None]:
    """One of those who may send now, until that is over or takes long."""
    await sends.acquire()
    is_over = False

    def let_next() -> None:
        nonlocal is_over
        if not is_over:
            is_over = True
            sends.release()

    timer = asyncio.get_running_loop().call_later(SLOW_SEND, let_next)
    try:
        yield
    finally:
        timer.cancel()
        let_next()
