"""A file server and a Bot API in one process, fast enough to be no part of what is measured; knows no product code.

`python -m benchmarks.server SECONDS FILE...` prints its port, serves each file under its name, takes every call of the
Bot API, thinks about each for around so many seconds, and ends when its standard input does.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# One look at the socket takes as much as Linux has ready on loopback.
BUFFER_BYTES = 4 * 2**20
# No two answers in a row after the same time, or all calls in flight would march in step.
SPREAD = (0.5, 1.2, 0.8, 1.5, 1.0, 0.6, 1.4)

TEXT = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"}
VIDEO = {"file_id": "f", "file_unique_id": "u", "width": 640, "height": 360, "duration": 3}
BOT = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
RESULTS: Mapping[str, object] = {
    "getMe": BOT,
    "sendMessage": TEXT,
    "sendVideo": {**TEXT, "video": VIDEO},
    "editMessageMedia": {**TEXT, "video": VIDEO},
}


def _head(kind: str, size: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode()


def _answer(result: object) -> bytes:
    body = json.dumps({"ok": True, "result": result}).encode()
    return _head("application/json", len(body)) + body


ANSWERS = {method: _answer(result) for method, result in RESULTS.items()}


class Connection(asyncio.BufferedProtocol):
    """One request after the other; a body is counted and forgotten."""

    def __init__(self, files: Mapping[str, Path], thinking: Iterator[float]) -> None:
        self._files = files
        self._thinking = thinking
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._head = b""
        self._name = ""
        self._left = 0
        self._sending: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # asyncio's interface
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._left:
            self._take(nbytes)
            return
        self._head += self._buffer[:nbytes]
        head, end, body = self._head.partition(b"\r\n\r\n")
        if end:
            self._head = b""
            self._open(head)
            self._take(len(body))

    def _open(self, head: bytes) -> None:
        headers = {name.lower(): value for name, _, value in (line.partition(b": ") for line in head.split(b"\r\n"))}
        self._name = head.split(b" ", 2)[1].decode().rpartition("/")[2]
        self._left = int(headers.get(b"content-length", 0))
        if b"expect" in headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left:
            return
        if file := self._files.get(self._name):
            self._sending = asyncio.create_task(self._send(file, file.stat().st_size))
        else:
            self._loop.call_later(next(self._thinking), self._transport.write, ANSWERS[self._name])

    async def _send(self, path: Path, size: int) -> None:
        self._transport.write(_head("video/mp4", size))
        with path.open("rb") as file:
            await self._loop.sendfile(self._transport, file)


async def serve(seconds: float, files: Mapping[str, Path]) -> None:
    """Runs until standard input ends, so that no measurement leaves a server behind."""
    loop = asyncio.get_running_loop()
    thinking = itertools.cycle([seconds * share for share in SPREAD])
    server = await loop.create_server(lambda: Connection(files, thinking), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), {path.name: path for path in map(Path, sys.argv[2:])}))
