"""`make ill`: one gateway answers in every wrong way there is; what that does to its tasks, and to those of others."""

import argparse
import asyncio
import contextlib
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tests.acceptance.front import TLS_ALERT, Front
from tests.acceptance.stage import Stage, staged
from tests.acceptance.throng import FIRST_CHAT, Watch, lateness, most_in, tardiest
from tests.acceptance.world import waited

Json = dict[str, Any]

ILL, WELL = "token360", "octopusx"
ALWAYS = 10_000_000
DONE = '{"id":"x","status":"completed","url":"https://exam'

FAULTS: Mapping[str, Json] = {
    "429": {"kind": "429"},
    "429, Retry-After: 2": {"kind": "429", "retry_after": 2},
    "429, Retry-After: 0": {"kind": "429", "retry_after": 0},
    "429, Retry-After: a date": {"kind": "429"},
    "429, Retry-After: a date long past": {"kind": "429", "retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"},
    "429, Retry-After: nonsense": {"kind": "429", "retry_after": "-1e999 soon"},
    "500": {"kind": "status"},
    "404, three times each": {"kind": "status", "status": 404, "body": {"error": {"message": "Not Found"}}},
    "processed, then silence": {"kind": "hang", "seconds": 30},
    "reset before the answer": {"kind": "reset"},
    "reset in the body": {"kind": "cut"},
    "truncated JSON": {"kind": "raw", "body": DONE, "headers": {"Content-Type": "application/json"}},
    "HTML with 200": {"kind": "html"},
    "nothing with 200": {"kind": "raw"},
    "a byte a second": {"kind": "drip", "seconds": 50},
    "redirect elsewhere": {"kind": "raw", "status": 302, "headers": {"Location": "http://169.254.169.254/"}},
    "redirect to itself": {"kind": "raw", "status": 307, "headers": {"Location": "?"}},
}
REFUSED, GARBAGE, WRONG_LENGTH = "connection refused", "TLS instead of HTTP", "content-length too small"
SHORT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n" + DONE.encode()
COLUMNS = (
    *("fault", "p99 late, quiet (ms)", "p99 late, ill (ms)", "ratio"),
    *("ended wrongly", "most requests per task and interval", "questions while ill"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """What a fault did. Lateness in seconds, of the tasks of the gateway that is well."""

    name: str
    quiet: float
    ill: float
    ended: int
    most: int
    asked: int

    @property
    def ratio(self) -> float:
        return self.ill / self.quiet if self.quiet else 1.0

    def row(self) -> str:
        cells = (self.name, f"{self.quiet * 1000:.0f}", f"{self.ill * 1000:.0f}", f"{self.ratio:.1f}", self.ended)
        return f"| {' | '.join(map(str, (*cells, self.most, self.asked)))} |"


async def run(folder: Path, tasks: int, interval: float, seconds: float, names: Sequence[str]) -> AsyncIterator[Case]:
    """So many tasks at each of two gateways; one of them falls ill for so many seconds, fault by fault."""
    pace = {"POLL_INTERVAL": str(interval), "POLL_MAX_INTERVAL": str(interval)}
    async with staged(folder, **pace) as stage, Front(stage.origin(ILL)) as front:
        stage.bot.settings[f"{ILL.upper()}_BASE_URL"] = front.origin
        await stage.bot.start()
        await _follow(stage, tasks)
        for name in names:
            yield await _measure(stage, front, name, tasks, interval, seconds)
        assert await stage.bot.stop() == 0


async def _follow(stage: Stage, tasks: int) -> None:
    for number in range(tasks):
        for provider in (ILL, WELL):
            task_id = f"{provider}-{number}"
            await stage.player.tell("tasks", provider=provider, id=task_id, end="stuck")
            await stage.say(FIRST_CHAT + number, f"/track {task_id} {provider}")
    located = "SELECT count(*) FROM tasks WHERE account >= 0 AND json_extract(snapshot, '$.state') = 'running'"

    async def all_run() -> bool:
        with contextlib.suppress(sqlite3.OperationalError):  # the bot has not made its tables yet
            return bool(stage.query(located)[0][0] == 2 * tasks)
        return False

    assert await waited(all_run, 60.0), "not every task was found"


async def _measure(stage: Stage, front: Front, name: str, tasks: int, interval: float, seconds: float) -> Case:
    await asyncio.sleep(2 * interval)
    watch = Watch(stage)
    quiet = await watch.over(seconds)
    async with _fault(stage, front, name, tasks):
        await asyncio.sleep(interval)
        ill = await watch.over(seconds)
    ended = stage.query("SELECT count(*) FROM tasks WHERE ending IS NOT NULL")[0][0]
    await waited(lambda: _is_asked_again(watch, interval), 30.0)
    late_quiet, late_ill = (tardiest(lateness(calls[WELL], interval)) for calls in (quiet, ill))
    most = most_in(ill[ILL], interval) if name not in {REFUSED, GARBAGE, WRONG_LENGTH} else 0
    asked = sum(map(len, ill[ILL].values())) or len(front.knocks)
    front.knocks.clear()
    return Case(name, late_quiet, late_ill, ended, most, asked)


async def _is_asked_again(watch: Watch, seconds: float) -> bool:
    return bool((await watch.over(seconds))[ILL])


@asynccontextmanager
async def _fault(stage: Stage, front: Front, name: str, tasks: int) -> AsyncIterator[None]:
    ways: Mapping[str, Callable[[], AbstractAsyncContextManager[None]]] = {
        REFUSED: front.refusing,
        GARBAGE: lambda: front.saying(TLS_ALERT),
        WRONG_LENGTH: lambda: front.saying(SHORT),
    }
    if name in ways:
        async with ways[name]():
            yield
        return
    # A gateway that says so all the time means it.
    times = 3 * tasks if "404" in name else ALWAYS
    await stage.player.tell("gateway-faults", provider=ILL, times=times, **_order(name))
    yield
    await stage.player.take_back("gateway-faults")


def _order(name: str) -> Json:
    order = FAULTS[name]
    if "a date" in name and "retry_after" not in order:
        return {**order, "retry_after": formatdate(time.time() + 3, usegmt=True)}
    return order


async def main() -> int:
    """The exit status: 1 if a figure was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.ill", description=__doc__)
    parser.add_argument("--tasks", type=int, default=60, help="at each gateway")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two questions about a task")
    parser.add_argument("--seconds", type=float, default=15.0, help="that each fault lasts")
    parser.add_argument("--only", default="", help="faults with these words in their name")
    chosen = parser.parse_args()
    _say(f"| {' | '.join(COLUMNS)} |")
    _say("|" + "---|" * len(COLUMNS))
    is_good = True
    with tempfile.TemporaryDirectory(prefix="rushes-ill-") as folder:
        names = [name for name in (*FAULTS, REFUSED, GARBAGE, WRONG_LENGTH) if chosen.only in name]
        async for case in run(Path(folder), chosen.tasks, chosen.interval, chosen.seconds, names):
            _say(case.row())
            is_good = is_good and case.ended == 0 and case.most <= 1
    return 0 if is_good else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
