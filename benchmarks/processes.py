"""Servers and clients as processes of their own: servers have the first core, what is measured the last."""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# The clock of another process's processor time, all of its threads included (Linux, CPUCLOCK_SCHED).
_CLOCK = 2
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


_CORES = sorted(os.sched_getaffinity(0))
SERVERS, CLIENTS = _CORES[0], _CORES[-1]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Meanwhile it and whatever it starts have only that core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def serving(*command: str) -> Iterator[int]:
    """A server's port; everything that this process starts meanwhile is a client.

    The server prints its port, and ends when its standard input does.
    """
    with pinned(SERVERS):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process, pinned(CLIENTS):
        assert process.stdin
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


class Child:
    """A process that is looked at from outside, and spoken with in lines."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def hear(self, patience: float) -> bytes:
        """Its next line. Raises `TimeoutError`, or `EOFError` if it has ended."""
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], patience)[0]:
            raise TimeoutError("a measured process says nothing")
        line = self._process.stdout.readline()
        if not line:
            raise EOFError("a measured process has ended")
        return line

    def say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def report(self, patience: float) -> dict[str, float]:
        """What it knows of itself."""
        self.say("report")
        found: dict[str, float] = json.loads(self.hear(patience))
        return found

    def cpu(self) -> float:
        """Seconds of processor time that it took so far."""
        return time.clock_gettime((~self._process.pid << 3) | _CLOCK)

    def memory(self) -> int:
        """Its resident bytes."""
        with open(f"/proc/{self._process.pid}/statm", encoding="ascii") as file:  # noqa: PTH123  # no path of a user's
            return int(file.read().split()[1]) * PAGE_BYTES


@contextmanager
def measured(*command: str) -> Iterator[Child]:
    """A client; what this process does meanwhile, it does beside the servers. It is killed at the end."""
    with pinned(CLIENTS):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings())
    with process, pinned(SERVERS):
        try:
            yield Child(process)
        finally:
            process.kill()


def surroundings() -> Mapping[str, str]:
    """The environment of whatever talks with a server on this machine."""
    return {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
