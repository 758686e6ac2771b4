"""Gets a result's file onto this machine, whichever way its gateway hands it out, and says what it is.

Knows the gateways' second requests and plain downloads; nothing of Telegram and SQL.
"""

import asyncio
import base64
import binascii
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
from providers.base import Output, QueryError, Snapshot, TooLarge
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
        if place >= len(outputs):
            await self._fetch_from_gateway(task, path)
        elif outputs[place].url.startswith("data:"):
            await self._fetch_inline(task, place, path)
        else:
            await self._downloader.download(outputs[place].url, path, self._limit)

    async def _fetch_from_gateway(self, task: Task, path: Path) -> None:
        """The second request, with the key; where it only names an address, that is fetched without it."""
        self._check(task)
        provider = self._gateways.provider(task.provider)
        key = self._gateways.key(task.address)
        fetched = await self._client.fetch(provider, key, task.external_id, path, self._limit)
        if isinstance(fetched, QueryError):
            raise DownloadFailed(Reason.UNAVAILABLE, fetched.message)
        if isinstance(fetched, Output):
            await self._downloader.download(fetched.url, path, self._limit)

    async def _fetch_inline(self, task: Task, place: int, path: Path) -> None:
        """A `data:` URL is not kept; the gateway is asked for it once more."""
        self._check(task)
        provider, endpoint = self._gateways.provider(task.provider), self._gateways.endpoint(task.address)
        answer = await self._client.query(provider, endpoint, self._gateways.key(task.address), task.external_id)
        if not isinstance(answer, Snapshot) or place >= len(answer.outputs):
            raise DownloadFailed(Reason.UNAVAILABLE, "the gateway does not repeat the result")
        await asyncio.to_thread(_write_data_url, answer.outputs[place].url, path, self._limit)

    def _check(self, task: Task) -> None:
        if not self._gateways.knows(task.address):
            raise DownloadFailed(Reason.UNAVAILABLE, f"{task.provider} is not configured any more")


def _write_data_url(url: str, path: Path, limit: int) -> None:
    head, _, body = url.partition(",")
    if len(body) * 3 // 4 > limit:
        raise TooLarge(len(body) * 3 // 4)
    try:
        path.write_bytes(base64.b64decode(body, validate=True) if head.endswith(";base64") else body.encode())
    except (binascii.Error, OSError) as error:
        raise DownloadFailed(Reason.UNAVAILABLE, "the inline result is damaged") from error
