"""A gateway that knows every task and never has a result; fast enough to be no part of what is measured.

`python -m benchmarks.gateway SECONDS {same,changing} FILE` prints its port, answers each question after so many seconds
as Token360 and OpenAI do at `/v1/videos/{id}`, writes down in FILE when it came, and ends when its standard input does.
Knows no product code.
"""

import asyncio
import itertools
import json
import mmap
import resource
import struct
import sys
import time
from collections import deque
from pathlib import Path

from benchmarks.arrivals import RECORD, RECORD_BYTES

# Room for so many records; the file is sparse.
RECORDS = 4_000_000
TICK = 0.002
TASK_DIGITS = 32
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: %s\r\nServer: nginx\r\nContent-Length: %d\r\n\r\n"
DATE = b"Sun, 22 Nov 2026 18:00:00 GMT"
ID, STAMP = b"task_" + b"0" * TASK_DIGITS, b"1795000000"
BODY = {
    "id": ID.decode(),
    "object": "video",
    "model": "seedance-2.0",
    "status": "in_progress",
    "progress": 40,
    "created_at": 1795000000 - 60,
    "updated_at": int(STAMP),
    "prompt": "a red fox in the snow, slow dolly",
    "duration": 8,
    "resolution": "720p",
    "parameters": {"duration": 8, "resolution": "720p", "aspect_ratio": "16:9", "video_mode": "t2v"},
}


def task_id(number: int) -> str:
    """The name under which the task of this number is asked for."""
    return f"task_{number:0{TASK_DIGITS}d}"


def body(number: int, stamp: int = int(STAMP)) -> bytes:
    """What is said of it; `stamp` is all that changes."""
    return json.dumps({**BODY, "id": task_id(number), "updated_at": stamp}).encode()


class Log:
    """Records in a file that others may read while it is written: first how many they are."""

    def __init__(self, path: Path) -> None:
        size = RECORD_BYTES * (RECORDS + 1)
        with path.open("w+b") as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self._count = 0

    def add(self, number: int) -> None:
        if self._count < RECORDS:
            self._count += 1
            struct.pack_into(RECORD, self._map, RECORD_BYTES * self._count, time.monotonic(), number)
            struct.pack_into("d", self._map, 0, self._count)


def read(path: Path) -> bytes:
    """The records that stand there by now."""
    with path.open("rb") as file:
        (count,) = struct.unpack("d", file.read(RECORD_BYTES)[:8])
        return file.read(RECORD_BYTES * int(count))


class Gateway:
    """Answers in the order of the questions; one look at the clock serves all that are due."""

    def __init__(self, seconds: float, log: Log, *, changing: bool) -> None:
        plain = json.dumps(BODY).encode()
        # Each answer is as long as any other.
        head, self._middle = (HEAD % (DATE, len(plain)) + plain).split(ID)
        self._head = head
        before, self._tail = self._middle.split(STAMP)
        self._before = before
        self._stamps = itertools.count(int(STAMP)) if changing else itertools.repeat(int(STAMP))
        self._seconds = seconds
        self._log = log
        self._due = deque[tuple[float, asyncio.Transport, bytes]]()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, transport: asyncio.Transport, name: bytes) -> None:
        self._log.add(int(name[-TASK_DIGITS:]))
        if not self._seconds:
            self._answer(transport, name)
            return
        self._due.append((self._loop.time() + self._seconds, transport, name))
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._tell)

    def _tell(self) -> None:
        now = self._loop.time()
        while self._due and self._due[0][0] <= now + TICK / 2:
            _, transport, name = self._due.popleft()
            self._answer(transport, name)
        wait = max(TICK, self._due[0][0] - now) if self._due else 0.0
        self._timer = self._loop.call_later(wait, self._tell) if self._due else None

    def _answer(self, transport: asyncio.Transport, name: bytes) -> None:
        if not transport.is_closing():
            stamp = b"%d" % next(self._stamps)
            transport.write(b"".join((self._head, name, self._before, stamp, self._tail)))


class Connection(asyncio.Protocol):
    """One question after the other."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *heads, self._read = (self._read + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            self._gateway.ask(self._transport, path.rpartition(b"/")[2])


async def serve(seconds: float, path: Path, *, changing: bool) -> None:
    """Runs until standard input ends, so that no measurement leaves a gateway behind."""
    loop = asyncio.get_running_loop()
    gateway = Gateway(seconds, Log(path), changing=changing)
    server = await loop.create_server(lambda: Connection(gateway), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(float(sys.argv[1]), Path(sys.argv[3]), changing=sys.argv[2] == "changing"))
