"""The steps that every delivery is made of, each recorded: a send that must not be repeated, an edit that may be.

A row is marked before a send and gets its message ids after it; whoever finds it marked knows that it is in doubt.
"""

import asyncio
from collections.abc import Awaitable, Callable

from bot.delivery.errors import DeliveryError, InDoubt
from bot.delivery.telegram import Telegram
from bot.storage.store import Store
from bot.text.message import Message
from bot.tracking.model import Delivery

Ids = tuple[int, ...]

# What is in flight when the process dies may stand in the chat twice. These calls are tiny; a few at once are as fast
# as Telegram allows.
SENDS_AT_ONCE = 4


class SentPerhaps(DeliveryError):
    """A send was interrupted: the message may stand in the chat, but its id is not known."""


class Steps:
    """Sends and records, for one row at a time."""

    def __init__(self, store: Store, telegram: Telegram) -> None:
        self._store = store
        self._telegram = telegram
        self._sends = asyncio.Semaphore(SENDS_AT_ONCE)

    async def send(self, row: Delivery, call: Callable[[], Awaitable[Ids]]) -> Ids:
        """Marks the row, sends, and records the ids: from here on the row's messages are only edited.

        Raises `SentPerhaps` where the outcome is not known.
        """
        async with self._sends:
            async with self._store.transaction() as tx:
                await tx.mark_sending(row.id)
            try:
                sent = await call()
            except InDoubt as error:
                raise SentPerhaps(str(error)) from error
            async with self._store.transaction() as tx:
                await tx.note_messages(row, sent)
            return sent

    async def send_text(self, row: Delivery, message: Message, *, silent: bool) -> Ids:
        """A message that stays as it is, or that is edited later by its id."""

        async def call() -> Ids:
            message_id = await self._telegram.send_text(
                row.chat_id, row.thread_id, message, reply_to=row.reply_to, silent=silent
            )
            return (message_id,)

        return await self.send(row, call)

    async def finish(self, row: Delivery, look: str = "") -> None:
        """The row is through."""
        async with self._store.transaction() as tx:
            await tx.finish(row, look)
