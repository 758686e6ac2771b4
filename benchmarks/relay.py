"""What it costs to bring a film into a chat, beside what curl and a simple bot need for the same; Linux only.

Servers have one core and clients the other; every measurement is a fresh process, and the sides take turns.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.processes import serving, surroundings
from benchmarks.rows import Row
from sandbox.media import Media

CURL_REPORTS = "%{time_total}\\n"
# As fast as the Bot API may ever answer; with less, few of the calls would really be in flight.
THINKING = 0.02
CALLS = 1500


@dataclass(frozen=True, slots=True)
class Load:
    """So many files of a size, one after the other, measured so many times on our side and with curl."""

    size: int
    count: int
    rounds: int

    def __str__(self) -> str:
        return f"{self.count} x {self.size / 1e6:.0f} MB"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took; curl's memory is not asked for."""

    seconds: float
    cpu: float
    peak_mb: float = 0.0


LOADS = (Load(45_000_000, count=4, rounds=5), Load(1_900_000_000, count=1, rounds=3))
CALL_ROUNDS = 5

Side = Callable[[], Cost]


def rows() -> Iterator[Row]:
    """Relays of small and of large files, and small calls."""
    with tempfile.TemporaryDirectory() as folder:
        media = Media(Path(folder))
        media.make()
        for load in LOADS:
            yield from _relay(load, media)
    with _server(THINKING) as server:
        ours, peer = _in_turns(CALL_ROUNDS, _client("calls-ours", server, CALLS), _client("calls-peer", server, CALLS))
    yield Row(
        "a call, 30 in flight, CPU µs", ours.cpu / CALLS * 1e6, peer.cpu / CALLS * 1e6, "the library's own connections"
    )


def _relay(load: Load, media: Media) -> Iterator[Row]:
    film = media.path(f"big-{load.size}.mp4")
    assert film
    with _server(0.0, film) as server:
        ours, limit = _in_turns(
            load.rounds,
            _client("relay-ours", server, load.count, film.name),
            lambda: _curl(f"{server}/{film.name}", f"{server}/bot1/sendVideo", load.count),
        )
        # Once is enough: it is far away in everything, and takes longer than all the rest together.
        [peer] = _in_turns(1, _client("relay-peer", server, load.count, film.name))
    megabytes = load.size * load.count / 1e6
    curl, simple = "curl -o file, then curl -F", "a simple bot, all in memory"
    yield Row(f"{load} into a chat, MB/s", megabytes / ours.seconds, megabytes / limit.seconds, curl)
    yield Row("  the same", megabytes / ours.seconds, megabytes / peer.seconds, simple)
    yield Row("  CPU ms", ours.cpu * 1000, limit.cpu * 1000, curl)
    yield Row("  the same", ours.cpu * 1000, peer.cpu * 1000, simple)
    yield Row("  peak memory, MB", ours.peak_mb, peer.peak_mb, simple)


def _in_turns(rounds: int, *sides: Side) -> list[Cost]:
    """The median of each side."""
    costs = [[_settled(side) for side in sides] for _ in range(rounds)]
    return [
        Cost(*(median(getattr(cost, name) for cost in of_side) for name in Cost.__slots__))
        for of_side in zip(*costs, strict=True)
    ]


def _settled(side: Side) -> Cost:
    # What one side has left to be written to the disk is not to slow down the next.
    os.sync()
    return side()


def _client(which: str, server: str, count: int, name: str = "-") -> Side:
    command = [sys.executable, "-m", "benchmarks.clients", which, server, name, str(count)]

    def run() -> Cost:
        done = subprocess.run(command, env=surroundings(), stdout=subprocess.PIPE, check=True)
        return Cost(**json.loads(done.stdout))

    return run


def _curl(source: str, target: str, count: int) -> Cost:
    """The time is curl's own word, so that its start is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        costs = []
        for number in range(count):
            path = f"{folder}/{number}"
            costs += [_one_curl("-o", path, source), _one_curl("-o", "/dev/null", "-F", f"video=@{path}", target)]
    return Cost(sum(cost.seconds for cost in costs), sum(cost.cpu for cost in costs))


def _one_curl(*arguments: str) -> Cost:
    command = ["curl", "--silent", "--fail", "-w", CURL_REPORTS, *arguments]
    before = os.times()
    done = subprocess.run(command, env=surroundings(), stdout=subprocess.PIPE, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(float(done.stdout), cpu)


@contextmanager
def _server(thinking: float, *files: Path) -> Iterator[str]:
    """A server's address."""
    with serving(sys.executable, "-m", "benchmarks.server", str(thinking), *map(str, files)) as port:
        yield f"http://127.0.0.1:{port}"
