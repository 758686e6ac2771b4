"""Bots as forks of one process that has imported everything already: a start takes a tenth of the work.

Run as a program it reads orders, one in a line: start a bot with that environment in that folder, or wait for one to
end. Each is answered by one number, a process id or an exit status. A bot inherits nothing but what was imported: no
loop, no thread and no connection runs here. When the orders end, so do the bots.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

from bot.__main__ import main
from sandbox.bot_process import CHECKOUT, surroundings
from tests.acceptance import weather

STOP_SECONDS = 20.0


class ForkedBot:
    """`python -m bot run`, but for the imports; its log is appended to `bot.log` in its folder."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._end: asyncio.Task[int] | None = None

    async def wait(self) -> int:
        """Until it ends; returns the exit status, or the negative number of the signal that killed it."""
        self._end = self._end or asyncio.create_task(self._nursery.ask(wait=self.pid))
        return await asyncio.shield(self._end)

    async def kill(self) -> int:
        """Without any warning, as a crash or a power cut would."""
        return await self._signal(signal.SIGKILL)

    async def stop(self) -> int:
        """As a service manager would; returns the exit status."""
        try:
            return await asyncio.wait_for(self._signal(signal.SIGTERM), STOP_SECONDS)
        except TimeoutError:
            await self.kill()
            raise

    async def _signal(self, number: signal.Signals) -> int:
        # Until somebody has waited for it the process is there, though it may have ended: the id means no other one.
        if not (self._end and self._end.done()):
            os.kill(self.pid, number)
        return await self.wait()


class Nursery:
    """Where bots come from, for as long as the context is open.

    `before`: how Python is told to run a module, where it is not to run it plainly.
    """

    def __init__(self, before: Sequence[str] = ("-m",)) -> None:
        self._before = before

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, *self._before, "tests.acceptance.nursery"],
            cwd=CHECKOUT,
            env=surroundings({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._turn = threading.Lock()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    async def start(self, environment: Mapping[str, str], folder: Path) -> ForkedBot:
        """A bot in `folder`, with this environment and no other."""
        order = {"environment": surroundings(environment), "folder": str(folder)}
        return ForkedBot(self, await self.ask(start=order))

    async def ask(self, **order: Any) -> int:
        """One order, one number."""
        return await asyncio.to_thread(self._ask, json.dumps(order))

    def _ask(self, order: str) -> int:
        with self._turn:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"{order}\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


def nurse() -> None:
    born = set()
    for line in sys.stdin:
        order = json.loads(line)
        answer = _start(**order["start"]) if "start" in order else _wait(order["wait"])
        born.add(order.get("wait", answer))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in born:
        _end(pid)


def _start(environment: dict[str, str], folder: str) -> int:
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        if "WEATHER" in environment:
            weather.put_on(environment["WEATHER"])
        _be_the_bot()
    return pid


def _be_the_bot() -> NoReturn:
    """What `python -m bot run` does, with the same input and output as the sandbox gives it."""
    log = os.open("bot.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(file, number)
    sys.exit(main(["run"]))


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return  # somebody has waited for it already


if __name__ == "__main__":
    nurse()
