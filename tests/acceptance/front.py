"""A door in front of a gateway's stand-in: open, bytes go both ways; else nobody is there, or somebody odd."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
AWAY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
# What a server says that speaks TLS, to somebody who does not.
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


class Front:
    """One port that stays the same. `knocks` are the moments at which somebody odd was asked."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._behind = (parts.hostname, parts.port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._says: bytes | None = None
        self._port = 0
        self.knocks: list[float] = []

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self._port}"

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """Nobody listens."""
        await self._close()
        yield
        await self._open()

    @asynccontextmanager
    async def saying(self, words: bytes) -> AsyncIterator[None]:
        """Whoever comes hears that, and no more."""
        self.drop()
        self._says = words
        yield
        self._says = None

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        self.drop()

    def drop(self) -> None:
        """Breaks every connection; new ones are welcome."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            if self._says is None:
                await self._forward(reader, writer)
            else:
                self.knocks.append(time.time())
                await reader.read(1)
                writer.write(self._says)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._behind)
        ways = (_pass_on(reader, there_writer), _pass_on(there_reader, writer))
        await asyncio.wait([asyncio.create_task(way) for way in ways], return_when=asyncio.FIRST_COMPLETED)
        there_writer.close()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    target.close()
