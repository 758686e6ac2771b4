"""Writes down what polls have changed: those that come at the same time in one transaction.

While one is under way the next ones gather; a change that comes alone is written at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bot.storage.commits import Change
from bot.storage.store import Store
from bot.storage.transaction import Transaction
from bot.tracking.model import Task

# So many changes are one transaction at most, and after so many seconds none is added: others want to write, too.
AT_ONCE, LONGEST = 200, 0.025
# Where a transaction was not taken, each of its changes is tried by itself for so many seconds: some may fit.
PATIENCE = 1.0


class _Decided(NamedTuple):
    """The task as it is from `now` on (epoch seconds), and whoever waits until that is stored."""

    task: Task
    now: float
    stored: "asyncio.Future[None]"

    async def write(self, tx: Transaction) -> None:
        await tx.record(self.task, self.now)


class Recorder:
    """For polls that end side by side. `monotonic` gives seconds."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._waiting: deque[_Decided] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def record(self, task: Task, now: float) -> None:
        """Returns when the change is on disk, with all that the task's chats are due for it.

        Raises `DatabaseError` if it was not taken; then nothing of it has happened. If whoever waits is cancelled,
        either is possible.
        """
        decided = _Decided(task, now, asyncio.get_running_loop().create_future())
        self._waiting.append(decided)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await decided.stored

    async def _write(self) -> None:
        try:
            while self._is_anybody_waiting():
                await self._write_some()
        finally:
            self._writing = None

    async def _write_some(self) -> None:
        taken: list[_Decided] = []
        try:
            found = await self._store.together(self._take(taken))
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            if taken:
                found = await self._write_apart(taken, error)
            else:
                # Nobody could even begin; what waits by now would have to wait as long to learn the same.
                taken += self._waiting
                self._waiting.clear()
                found = [error] * len(taken)
        for decided, outcome in zip(taken, found, strict=True):
            _settle(decided.stored, outcome)

    async def _write_apart(self, taken: list[_Decided], error: Exception) -> list[Exception | None]:
        """After all of them together were not taken; what came of each."""
        found: list[Exception | None] = [error] * len(taken)
        enough_at = self._monotonic() + PATIENCE
        for place, decided in enumerate(taken):
            if self._monotonic() >= enough_at:
                break
            try:
                (found[place],) = await self._store.together([decided.write])
            except Exception as alone:  # noqa: BLE001 - as above
                found[place] = alone
        return found

    def _is_anybody_waiting(self) -> bool:
        """Apart from those who have given up."""
        while self._waiting and self._waiting[0].stored.done():
            self._waiting.popleft()
        return bool(self._waiting)

    def _take(self, taken: list[_Decided]) -> Iterator[Change]:
        """Whatever waits, as it is written: in the database's thread, while more may come."""
        enough_at = self._monotonic() + LONGEST
        while self._waiting and len(taken) < AT_ONCE and self._monotonic() < enough_at:
            decided = self._waiting.popleft()
            if not decided.stored.done():
                taken.append(decided)
                yield decided.write


def _settle(stored: "asyncio.Future[None]", error: Exception | None) -> None:
    if stored.done():
        return  # whoever waited has given up
    if error:
        stored.set_exception(error)
    else:
        stored.set_result(None)
