"""Doubles at the edges of a process: a clock that runs faster, and a SQLite whose n-th call fails.

`python -m tests.acceptance.edges SPEED SINCE MODULE …` puts them in place and runs the module as a program. Nothing in
it knows: `time`, the waits of event loops and `sqlite3` are what the process sees of the outside. Clocks agree between
processes that were given the same `SINCE`, the moment, in real epoch seconds, from which on time runs faster.

On SIGUSR1 such a process writes the number of its unfinished asyncio tasks into `vitals.json` in its folder.
"""

import asyncio
import gc
import json
import os
import runpy
import selectors
import signal
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

# Which calls of the database fail, for example `commit:12` or `read:1,commit:3`; see `Brittle`.
FAULT = "SQLITE_FAULT"
FIRED = "fault-fired"
VITALS = "vitals.json"


def quicken(speed: float, since: float) -> None:
    """From now on every second of this process is one of `speed` that pass in a real one."""
    real_time, real_monotonic, real_sleep = time.time, time.monotonic, time.sleep
    real_select = selectors.EpollSelector.select

    def select(self: Any, timeout: float | None = None) -> Any:
        return real_select(self, timeout / speed if timeout and timeout > 0 else timeout)

    time.time = lambda: since + (real_time() - since) * speed
    time.monotonic = lambda: real_monotonic() * speed
    time.sleep = lambda seconds: real_sleep(float(seconds) / speed)
    selectors.EpollSelector.select = select  # type: ignore[method-assign]


class Brittle(sqlite3.Connection):
    """A connection of which some calls fail, each once in the life of the process, as the environment says.

    Kinds: `begin` (a transaction does not begin), `change` (a statement inside of one), `commit` (nothing is kept),
    `read` (a question beside it). What is done while the file is opened does not count.
    """

    calls: ClassVar[Counter[str]] = Counter()

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
        if not sql.startswith("PRAGMA"):
            self._perhaps_fail("begin" if sql.startswith("BEGIN") else "change" if self.in_transaction else "read")
        return super().execute(sql, *more)

    def executemany(self, sql: str, *more: Any) -> sqlite3.Cursor:
        self._perhaps_fail("change")
        return super().executemany(sql, *more)

    def commit(self) -> None:
        self._perhaps_fail("commit")
        super().commit()

    def _perhaps_fail(self, kind: str) -> None:
        self.calls[kind] += 1
        call = f"{kind}:{self.calls[kind]}"
        if call in os.environ.get(FAULT, "").split(","):
            with Path(FIRED).open("a") as file:
                file.write(f"{call}\n")
            raise sqlite3.OperationalError("disk I/O error")


def make_brittle() -> None:
    """Every connection from now on, also those that aiosqlite opens."""
    connect: Any = sqlite3.connect

    def brittle(*arguments: Any, **more: Any) -> Any:
        return connect(*arguments, **{"factory": Brittle, **more})

    sqlite3.connect = brittle


def _tell_vitals(*_: object) -> None:
    unfinished = [found for found in gc.get_objects() if isinstance(found, asyncio.Task) and not found.done()]
    names = Counter(str(getattr(task.get_coro(), "__qualname__", "?")) for task in unfinished)
    Path(f"{VITALS}.new").write_text(json.dumps({"tasks": len(unfinished), "names": names}))
    Path(f"{VITALS}.new").rename(VITALS)


def main() -> None:
    speed, since, module = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    quicken(speed, since)
    make_brittle()
    signal.signal(signal.SIGUSR1, _tell_vitals)
    sys.argv = sys.argv[3:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
