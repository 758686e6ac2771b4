"""Gets a result's file onto this machine, whichever way its gateway hands it out, and says what it is.

Knows the gateways' second requests and plain downloads; nothing of Telegram and SQL.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.delivery.media import is_result
from bot.media.download import Downloader, DownloadFailed, Reason
from bot.media.probe import Media, probe
from bot.tracking.gateways import Gateways
from bot.tracking.model import Task
from providers.base import Output, QueryError
from providers.client import GatewayClient


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that was fetched, and what its bytes are."""

    path: Path
    media: Media


class Files:
    """Fetches into `folder`, which is emptied when the bot starts; no file is larger than `limit` bytes."""

    def __init__(
        self, downloader: Downloader, client: GatewayClient, gateways: Gateways, folder: Path, limit: int
    ) -> None:
        self._downloader = downloader
        self._client = client
        self._gateways = gateways
        self._folder = folder
        self._limit = limit

    def clean(self) -> None:
        """Removes what a killed process left behind."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @asynccontextmanager
    async def fetched(self, task: Task, place: int) -> AsyncIterator[LocalFile]:
        """The task's output at `place`, for as long as the block runs.

        Raises `TooLarge` or `DownloadFailed`.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "result"
            await self._fetch(task, place, path)
            media = await asyncio.to_thread(probe, path)
            if not is_result(media):
                raise DownloadFailed(Reason.UNAVAILABLE, f"the answer is {media.format}, not media")
            yield LocalFile(path, media)

    async def _fetch(self, task: Task, place: int, path: Path) -> None:
        outputs = task.snapshot.outputs if task.snapshot else ()
        output = outputs[place] if place < len(outputs) else None
        if output and not output.needs_auth and not output.url.startswith("data:"):
            await self._downloader.download(output.url, path, self._limit)
            return
        found = await self._fetch_with_key(task, place, output, path)
        if isinstance(found, QueryError):
            raise DownloadFailed(Reason.UNAVAILABLE, found.message)
        if isinstance(found, Output):
            await self._downloader.download(found.url, path, self._limit)

    async def _fetch_with_key(
        self, task: Task, place: int, output: Output | None, path: Path
    ) -> Path | Output | QueryError:
        """What only the gateway itself gives out: by a second request, behind the key, or inside its answer."""
        if task.snapshot is None or not self._gateways.knows(task.address):
            raise DownloadFailed(Reason.UNAVAILABLE, f"{task.provider} is not configured any more")
        provider, key = self._gateways.provider(task.provider), self._gateways.key(task.address)
        try:
            if output is None:
                return await self._client.fetch(provider, key, task.external_id, task.snapshot, path, self._limit)
            if output.needs_auth:
                return await self._client.fetch_own(provider, key, output, path, self._limit)
            endpoint = self._gateways.endpoint(task.address)
            return await self._client.fetch_inline(provider, endpoint, key, task.external_id, place, path, self._limit)
        except ValueError as error:
            # The provider's description has changed since the task was seen.
            raise DownloadFailed(Reason.UNAVAILABLE, str(error)) from error
