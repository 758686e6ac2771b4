"""Streams go to disk, never whole into memory; knows nothing of who sends them."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from sandbox.params import Upload


class Spool:
    """Writes a stream to disk and counts it. Past `limit` bytes it goes on reading and throws the rest away."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._path = folder / secrets.token_hex(12)
        self._file = self._path.open("wb")
        self._hash = hashlib.sha256()
        self._limit = limit
        self.size = 0

    @property
    def is_over(self) -> bool:
        """Whether more came than may."""
        return self.size > self._limit

    async def fill(self, chunks: AsyncIterator[bytes]) -> None:
        """Take the whole stream."""
        with self._file:
            async for chunk in chunks:
                self.size += len(chunk)
                if not self.is_over:
                    self._hash.update(chunk)
                    self._file.write(chunk)

    def upload(self, name: str, mime: str) -> Upload:
        """What was written."""
        return Upload(name, mime, self._path, self.size, self._hash.hexdigest())
