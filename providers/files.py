"""Brings the body of an HTTP answer into a file, bounded in size and without holding up the event loop."""

import asyncio
import json
from collections.abc import AsyncIterable, Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from providers.base import TooLarge
from providers.envelope import peel
from providers.inline import Unpacker, decode

# Few trips to a thread, and little memory: at most two of these for a file.
_BATCH = 3 << 20
_BASE64_KEYS = ("base64", "b64_json", "video_base64", "image_base64", "b64")


class FileWriter:
    """Writes `path` in a thread, at most `limit` bytes; the file stays only if it was kept before leaving the context.

    A batch is written while the next one is still coming. Raises TooLarge past the limit, and OSError as the file
    system does, a batch later.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._writing: asyncio.Task[None] | None = None
        self._file: BinaryIO | None = None
        self._is_kept = False
        self.size = 0

    @property
    def left(self) -> int:
        """How many bytes may still come."""
        return self._limit - self.size

    async def __aenter__(self) -> Self:
        try:
            await _in_thread(self._open)
        except asyncio.CancelledError:
            self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writing:
            await asyncio.gather(self._writing, return_exceptions=True)
        await _in_thread(self._close)

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise TooLarge
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting >= _BATCH:
            await self._flush()

    async def restart(self) -> None:
        """Empties the file: what follows is its beginning."""
        self._pieces, self._waiting, self.size = [], 0, 0
        await self._settle()
        await _in_thread(self._empty)

    async def keep(self) -> Path:
        """The finished file."""
        await self._flush()
        await self._settle()
        self._is_kept = True
        return self._path

    async def _flush(self) -> None:
        await self._settle()
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        self._writing = asyncio.create_task(_in_thread(partial(self._put, pieces)))

    async def _settle(self) -> None:
        """Waits for the batch that is being written."""
        writing, self._writing = self._writing, None
        if writing:
            await writing

    def _open(self) -> None:
        self._file = self._path.open("wb")

    def _put(self, pieces: list[bytes]) -> None:
        if self._file is not None:
            self._file.writelines(pieces)

    def _empty(self) -> None:
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()

    def _close(self) -> None:
        try:
            if self._file is not None:
                self._file.close()
        finally:
            if not self._is_kept:
                self._path.unlink(missing_ok=True)


async def _in_thread(work: Callable[[], object]) -> None:
    """Runs what blocks; a cancellation waits for its end, so that nothing is written to a file already removed."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def unpack(chunks: AsyncIterable[bytes], file: FileWriter, unpacker: Unpacker) -> None:
    """Writes what `unpacker` takes out of a JSON body. Raises ValueError for what cannot be JSON or base64."""
    async for chunk in chunks:
        if data := unpacker.feed(chunk):
            await file.write(data)


def short_base64(document: bytes) -> bytes | None:
    """The bytes of a small file that a JSON document holds under one of the usual names."""
    try:
        root = json.loads(document)
    except (ValueError, RecursionError):
        return None
    layers = peel(root) if isinstance(root, dict) else []
    texts = (layer.get(key) for layer in layers for key in _BASE64_KEYS)
    return next((data for text in texts if isinstance(text, str) and (data := decode(text))), None)
