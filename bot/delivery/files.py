"""Gets a result's file onto this machine, whichever way its gateway hands it out, and says what it is.

Knows the gateways' second requests and plain downloads; nothing of Telegram and SQL.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.delivery.media import Upload, best_form, file_name, is_result
from bot.media.download import Downloader, DownloadFailed, Reason
from bot.media.probe import Media, MediaKind, probe
from bot.media.stills import Stills, stills
from bot.tracking.gateways import Gateways
from bot.tracking.model import Task
from providers.base import Output, QueryError, QueryErrorKind, Snapshot, State
from providers.client import GatewayClient

# Below this the database next door would soon be unable to write.
_DISK_RESERVE = 64 * 2**20
# A gateway that has just given the same dead link again is left alone for so many seconds.
_ASK_AGAIN_AFTER = 600.0


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that was fetched, what its bytes are, and how it looks."""

    path: Path
    media: Media
    stills: Stills

    def upload(self) -> Upload:
        """The file in its best form."""
        return Upload(best_form(self.media), self.path, self.media, self.stills.thumbnail, self.stills.cover)


class Files:
    """Fetches into `folder`, which is emptied when the bot starts; no file is larger than `limit` bytes.

    `shared`: another server on this machine, run by somebody else, reads the files by their path.
    """

    def __init__(
        self,
        downloader: Downloader,
        client: GatewayClient,
        gateways: Gateways,
        folder: Path,
        limit: int,
        *,
        shared: bool = False,
    ) -> None:
        self._downloader = downloader
        self._client = client
        self._gateways = gateways
        self._folder = folder
        self._limit = limit
        self._shared = shared
        self._renewed: dict[int, float] = {}

    def clean(self) -> None:
        """Removes what a killed process left behind."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o755 if self._shared else 0o700)

    @asynccontextmanager
    async def fetched(self, task: Task, place: int, *, as_file: bool = False) -> AsyncIterator[LocalFile]:
        """The task's output at `place`, for as long as the block runs; `as_file`: it is not to be shown as a photo.

        Raises `TooLarge` or `DownloadFailed`.
        """
        if shutil.disk_usage(self._folder).free < _DISK_RESERVE:
            raise DownloadFailed(Reason.UNAVAILABLE, "the disk is nearly full")
        async with AsyncExitStack() as stack:
            try:
                folder = stack.enter_context(tempfile.TemporaryDirectory(dir=self._folder))
                file = await self._brought(task, place, folder, as_file=as_file)
            except OSError as error:
                raise DownloadFailed(Reason.UNAVAILABLE, error.strerror or type(error).__name__) from error
            yield file

    async def _brought(self, task: Task, place: int, folder: str, *, as_file: bool) -> LocalFile:
        path = Path(folder) / "result"
        await self._fetch(task, place, path)
        media = await asyncio.to_thread(probe, path)
        if not is_result(media):
            raise DownloadFailed(Reason.UNAVAILABLE, f"the answer is {media.format}, not media")
        # A server that reads it by its path shows that name.
        path = path.rename(path.with_name(file_name(media, task.external_id, place)))
        # Telegram makes the pictures of a photo itself.
        is_photo = best_form(media) is MediaKind.PHOTO and not as_file
        pictures = Stills() if is_photo else await stills(path, media.format, path.parent)
        if self._shared:
            _let_others_read(path.parent)
        return LocalFile(path, media, pictures)

    async def renewed(self, task: Task) -> Snapshot | None:
        """What the gateway says of a finished task today, with links that are fresh; None if it gives no others."""
        if not self._gateways.knows(task.address) or not self._may_ask_again(task):
            return None
        provider, key = self._gateways.provider(task.provider), self._gateways.key(task.address)
        try:
            answer = await self._client.query(provider, self._gateways.endpoint(task.address), key, task.external_id)
            if isinstance(answer, Snapshot):
                answer = await self._client.complete(provider, key, task.external_id, answer)
        except ValueError:
            return None  # the provider's description has changed since the task was seen
        return answer if isinstance(answer, Snapshot) and _has_fresh_links(answer, task.snapshot) else None

    def _may_ask_again(self, task: Task) -> bool:
        now = time.monotonic()
        self._renewed = {task_id: when for task_id, when in self._renewed.items() if now - when < _ASK_AGAIN_AFTER}
        return self._renewed.setdefault(task.id, now) == now

    async def _fetch(self, task: Task, place: int, path: Path) -> None:
        outputs = task.snapshot.outputs if task.snapshot else ()
        output = outputs[place] if place < len(outputs) else None
        if output and not output.needs_auth and not output.url.startswith("data:"):
            await self._downloader.download(output.url, path, self._limit)
            return
        found = await self._fetch_with_key(task, place, output, path)
        if isinstance(found, QueryError):
            reason = Reason.GONE if found.kind is QueryErrorKind.NOT_FOUND else Reason.UNAVAILABLE
            raise DownloadFailed(reason, found.message)
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


def _let_others_read(folder: Path) -> None:
    for file in folder.iterdir():
        file.chmod(0o644)
    folder.chmod(0o755)


def _has_fresh_links(latest: Snapshot, before: Snapshot | None) -> bool:
    """Whether the same results are to be had by other links than before."""
    known = before.outputs if before else ()
    return (
        latest.state is State.SUCCEEDED
        and [output.kind for output in latest.outputs] == [output.kind for output in known]
        and latest.outputs != known
    )
