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

_BATCH = 1 << 20
_BASE64_KEYS = ("base64", "b64_json", "video_base64", "image_base64", "b64")


class FileWriter:
    """Writes `path` in a thread, at most `limit` bytes; the file stays only if it was kept before leaving the context.

    Raises TooLarge past the limit, and OSError as the file system does.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._waiting = bytearray()
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
        await _in_thread(self._close)

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise TooLarge
        self._waiting += data
        if len(self._waiting) >= _BATCH:
            await self._flush()

    async def restart(self) -> None:
        """Empties the file: what follows is its beginning."""
        self._waiting.clear()
        self.size = 0
        if self._file is not None:
            await _in_thread(partial(self._file.truncate, 0))
            self._file.seek(0)

    async def keep(self) -> Path:
        """The finished file."""
        await self._flush()
        self._is_kept = True
        return self._path

    async def _flush(self) -> None:
        if self._file is not None and self._waiting:
            batch, self._waiting = self._waiting, bytearray()
            await _in_thread(partial(self._file.write, batch))

    def _open(self) -> None:
        self._file = self._path.open("wb")

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
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
