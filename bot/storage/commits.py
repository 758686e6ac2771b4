"""How changes come into the database, and who is woken once they are on disk."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from bot.storage.sqlite import Database, DatabaseError
from bot.storage.together import AtOnce
from bot.storage.transaction import Transaction
from bot.tracking.forecast import Forecasts
from bot.tracking.measures import DATABASE_FAILURES, TRANSACTION_DURATION
from bot.tracking.tally import Tally

T = TypeVar("T")

Change = Callable[[Transaction], Coroutine[Any, Any, None]]


class Commits:
    """Every change goes through `transaction`, `together` or `at_once`.

    `outbox_changed`, `guests_changed`, `chats_changed` and `chat_forgotten` are set, and the ids of tasks that are to
    be looked at anew come out of `tasks_changed`, after the transaction that touched them is on disk. They only wake
    somebody early; the tables are the truth. `tally` is where the stages count what they do, `forecasts` what is
    known of how long tasks take. `refusal` is why the latest change was not taken, "" if it was.
    """

    def __init__(self, database: Database) -> None:
        self.tally = Tally()
        self.forecasts = Forecasts()
        self.refusal = ""
        self.outbox_changed = asyncio.Event()
        self.guests_changed = asyncio.Event()
        self.guests_changed.set()  # nobody has looked yet
        self.chats_changed = asyncio.Event()
        self.chat_forgotten = asyncio.Event()
        self.chat_forgotten.set()  # the process before this one may not have come to the end of it
        self.tasks_changed: asyncio.Queue[int] = asyncio.Queue()
        self._database = database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """All changes made inside are kept together, or not at all; who waits for them is woken afterwards."""
        async with self._noted(), self._database.transaction() as connection:
            transaction = Transaction(connection)
            yield transaction
        self._announce(transaction)

    async def together(self, changes: Iterable[Change]) -> list[Exception | None]:
        """Changes that have nothing to do with each other, in one transaction; what came of each, in their order.

        Of one that raised nothing is kept. They may ask the transaction and nothing else, for they are made in one
        step and in another thread, where `changes` is read as well: as long as it goes on nobody else can write.
        Raises `DatabaseError`; then nothing of any of them was kept.
        """
        made: list[Transaction] = []

        async def make(connection: AtOnce, change: Change) -> None:
            transaction = Transaction(connection)
            await change(transaction)
            made.append(transaction)

        async with self._noted():
            found = await self._database.together(partial(make, change=change) for change in changes)
        for transaction in made:
            self._announce(transaction)
        for error in found:
            if isinstance(error, DatabaseError):
                self._note_refusal(error)
        return found

    async def at_once(self, change: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """One change of that kind, and what it returns; for what is small and done often. Raises `DatabaseError`.

        If whoever waits is cancelled, it may be kept all the same.
        """
        returned: list[T] = []

        async def make(transaction: Transaction) -> None:
            returned.append(await change(transaction))

        (error,) = await self.together([make])
        if error:
            raise error
        return returned[0]

    async def check_writable(self) -> None:
        """Raises `DatabaseError` if no change could be stored right now; on a full disk only a change shows that."""
        async with self._database.transaction():
            pass

    async def try_again_to_write(self) -> None:
        """After a change was not taken: writes something, and takes it back. Raises `DatabaseError`."""
        if self.refusal:
            async with self.transaction() as tx:
                await tx.write_and_forget()

    @asynccontextmanager
    async def _noted(self) -> AsyncIterator[None]:
        asked = time.monotonic()
        try:
            yield
        except DatabaseError as error:
            self._note_refusal(error)
            raise
        self.refusal = ""
        self.tally.observe(TRANSACTION_DURATION, time.monotonic() - asked)

    def _note_refusal(self, error: DatabaseError) -> None:
        self.refusal = str(error)
        self.tally.add(DATABASE_FAILURES)

    def _announce(self, transaction: Transaction) -> None:
        for end in transaction.ended:
            self.forecasts.learn(end)
        if transaction.touched_outbox:
            self.outbox_changed.set()
        if transaction.touched_guests:
            self.guests_changed.set()
        if transaction.touched_chats:
            self.chats_changed.set()
        if transaction.forgot_chat:
            self.chat_forgotten.set()
        for task_id in transaction.touched_tasks:
            self.tasks_changed.put_nowait(task_id)
