"""Where a task's outputs are to be had: what Telegram holds already, what was fetched, what the gateway gives anew.

One task's outputs are brought once, however many chats wait for them: the later ones find them at Telegram.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from weakref import WeakValueDictionary

import structlog

from bot.delivery.errors import NotSent
from bot.delivery.files import Files, LocalFile
from bot.delivery.media import Held
from bot.media.download import DownloadFailed, Reason
from bot.media.probe import MediaKind
from bot.storage.store import Store
from bot.tracking.model import Delivery, Task

log = structlog.stdlib.get_logger(__name__)

UPLOADS = 3
FETCH_ATTEMPTS = 4


class Stock:
    """Files and file_ids, by task and position of the output, and by whether it is wanted `as_file` or as media."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._uploads = asyncio.Semaphore(UPLOADS)
        self._one_by_one: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def turn(self, task: Task) -> AbstractAsyncContextManager[None]:
        """Who wants to bring something of the task waits here until nobody else does."""
        return self._one_by_one.setdefault(task.id, asyncio.Lock())

    def upload(self) -> AbstractAsyncContextManager[None]:
        """A few at once: each takes room on the disk, and Telegram minds many."""
        return self._uploads

    async def held(self, task: Task, place: int, *, as_file: bool) -> Held | None:
        """Telegram's own copy, if it has one."""
        known = await self._store.file_of(task.id, place, _wish(as_file=as_file))
        return Held(MediaKind(known[0]), *known[1:]) if known else None

    async def keep(self, task: Task, place: int, held: Held | None, *, as_file: bool) -> None:
        """Remembers the copy that Telegram has now; not one that is no file where a file was wanted."""
        if held and (not as_file or held.form is MediaKind.DOCUMENT):
            async with self._store.transaction() as tx:
                wish = _wish(as_file=as_file)
                await tx.remember_file(task.id, place, held.form, held.file_id, held.cover, wish)

    async def forget(self, task: Task, place: int, *, as_file: bool) -> None:
        """Telegram does not know that file_id (any more)."""
        async with self._store.transaction() as tx:
            await tx.forget_file(task.id, place, _wish(as_file=as_file))

    def fetched(self, task: Task, place: int, *, as_file: bool) -> AbstractAsyncContextManager[LocalFile]:
        """As `Files.fetched`."""
        return self._files.fetched(task, place, as_file=as_file)

    async def renewed(self, row: Delivery, task: Task, error: DownloadFailed) -> Task | None:
        """The task with fresh links, where those that failed are dead and the gateway gives others.

        Raises `NotSent` while the same links are worth another attempt.
        """
        if error.reason is Reason.UNAVAILABLE and row.attempts < FETCH_ATTEMPTS:
            raise NotSent(error.detail) from error
        latest = await self._files.renewed(task)
        if latest is None or task.snapshot is None:
            return None
        log.info("the links were dead, the gateway gave fresh ones")
        snapshot = replace(task.snapshot, outputs=latest.outputs, handles=latest.handles, expires_at=latest.expires_at)
        async with self._store.transaction() as tx:
            await tx.renew_links(task.id, snapshot)
        return replace(task, snapshot=snapshot)


def _wish(*, as_file: bool) -> str:
    return "document" if as_file else "media"
