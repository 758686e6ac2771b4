"""What a poll costs, and how many open tasks can be asked about on time: the engine beside what people use instead.

Every cell is a fresh process on a core of its own, looked at from outside: the kernel tells its processor time and its
memory, the gateway which task was asked for when. The pollers take turns.
"""

import asyncio
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks import engine, gateway
from benchmarks.arrivals import Arrivals
from benchmarks.contest import INTERVAL
from benchmarks.processes import CLIENTS, SERVERS, Child, measured, serving, surroundings

ANSWER = 0.2
ROUNDS = 2
# A poller has fallen over when it comes to less than half of its polls, or loses one in twenty.
FALLEN, LOST = 0.5, 0.05
# It holds so many tasks when it comes to nearly all polls, and is late by no more than this, in ms.
HELD, LATE = 0.97, 500.0
CROWD, CROWD_PATIENCE = 100_000, 90.0
STEPS = 2
MOST = 80_000
START = 30.0


@dataclass(frozen=True, slots=True)
class Poller:
    """One way to do it. `asleep` begins its pause when the answer is there, so its period is longer by that.

    `needs` is the package that it can not do without, `patience` the seconds in which it has to have asked for all.
    """

    name: str
    says: str
    module: str
    which: str
    needs: str = ""
    asleep: bool = False
    changing: bool = True
    patience: float = 2 * INTERVAL

    @property
    def period(self) -> float:
        return INTERVAL + ANSWER if self.asleep else INTERVAL

    @property
    def is_here(self) -> bool:
        """Whether what it needs is installed."""
        return not self.needs or find_spec(self.needs) is not None


OURS = Poller("ours", "the whole engine", "engine", "ours", patience=4 * INTERVAL)
OURS_SAME = Poller("ours, same bytes", "the whole engine, answers that never change", "engine", "ours", changing=False)
JOBS = Poller("JobQueue", "(a) a JobQueue job per task, one httpx client", "peers", "jobs", "apscheduler")
TASKS = Poller(
    "task per item", "(b) an asyncio task per item, one httpx client", "peers", "tasks", "apscheduler", asleep=True
)
SDK = Poller("openai", "(c) openai videos.poll per item", "sdk", "poll", "openai", asleep=True)
AIOHTTP = Poller("loop, aiohttp", "(d) a bare loop, aiohttp", "loops", "aiohttp", "pyreqwest")
PYREQWEST = Poller("loop, pyreqwest", "(d) a bare loop, pyreqwest", "loops", "pyreqwest", "pyreqwest")
TRANSPORT = Poller("loop, our client", "(d) a bare loop, our own client", "loops", "transport", "pyreqwest")
ALL = (OURS, OURS_SAME, JOBS, TASKS, SDK, AIOHTTP, PYREQWEST, TRANSPORT)
LOOPS = (AIOHTTP, PYREQWEST, TRANSPORT)

# Which pollers are measured at which size, in turns and once. What has fallen over is not asked for more.
IN_TURNS = {
    1_000: (OURS, JOBS, TASKS, PYREQWEST, TRANSPORT),
    10_000: (OURS, PYREQWEST, TRANSPORT),
}
ONCE = {
    100: (OURS, JOBS, TASKS, SDK, PYREQWEST, TRANSPORT),
    1_000: (OURS_SAME, SDK, AIOHTTP),
    2_000: (OURS, JOBS, TASKS, SDK, PYREQWEST, TRANSPORT),
    10_000: (OURS_SAME, AIOHTTP, SDK),
    30_000: (OURS, PYREQWEST, TRANSPORT),
}
SIZES = (100, 1_000, 2_000, 10_000, 30_000)
QUICK = (1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one poller did with so many tasks. Lateness in ms, memory in bytes, `loaded` and `all_once` in seconds.

    `errors` counts from the start on. What was not measured or can not be known is NaN.
    """

    poller: str
    tasks: int
    cpu_us: float
    per_second: float
    wanted: float
    late_p50: float
    late_p99: float
    period: float
    bytes_per_task: float
    errors: float
    busy: float
    blocked_ms: float = math.nan
    loaded: float = math.nan
    all_once: float = math.nan

    @property
    def has_fallen(self) -> bool:
        return self.per_second < FALLEN * self.wanted or self.errors > LOST * self.wanted * INTERVAL

    @property
    def holds(self) -> bool:
        return self.per_second >= HELD * self.wanted and self.late_p99 < LATE

    def __str__(self) -> str:
        fell = "   fell over" if self.has_fallen else ""
        return (
            f"{self.poller:18s}{self.tasks:8d}{self.cpu_us:10.0f}{self.per_second:10.0f}{self.wanted:8.0f}"
            f"{self.late_p50:9.1f}{self.late_p99:9.1f}{self.bytes_per_task:9.0f}{self.errors:8.0f}{self.busy:7.2f}{fell}"
        )


HEADINGS = (
    f"{'poller':18s}{'tasks':>8s}{'CPU µs':>10s}{'polls/s':>10s}{'wanted':>8s}{'p50 ms':>9s}{'p99 ms':>9s}"
    f"{'B/task':>9s}{'errors':>8s}{'busy':>7s}"
)


def cells(sizes: Iterable[int], *, quick: bool) -> Iterator[Cell]:
    """The table, size by size; medians of the turns."""
    fallen = {poller for poller in ALL if not poller.is_here}
    for size in sizes:
        turns = [poller for poller in IN_TURNS.get(size, ()) if poller not in fallen]
        once = [poller for poller in ONCE.get(size, ()) if poller not in fallen and not quick]
        rounds = [[measure(poller, size) for poller in turns] for _ in range(1 if quick else ROUNDS)]
        found = [_median(of_poller) for of_poller in zip(*rounds, strict=True)]
        for poller, cell in zip(turns, found, strict=True):
            yield cell
            if cell.has_fallen:
                fallen.add(poller)
        for poller in once:
            cell = measure(poller, size)
            yield cell
            if cell.has_fallen:
                fallen.add(poller)


def _median(cells: Sequence[Cell]) -> Cell:
    numbers = {
        field.name: median(getattr(cell, field.name) for cell in cells)
        for field in fields(Cell)
        if field.name not in {"poller", "tasks"}
    }
    return replace(cells[0], **numbers)


def measure(
    poller: Poller, count: int, seconds: float = INTERVAL, *, watched: bool = False, patience: float = 0.0
) -> Cell:
    """One fresh process, from its start until `seconds` after it has asked for everything once."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "rushes.db"
        if poller.module == "engine":
            asyncio.run(engine.fill(database, count))
        os.sync()
        with (
            _gateway(Path(folder) / "log", ANSWER, changing=poller.changing) as (server, log),
            measured(*_command(poller, server, count, database, watched=watched)) as process,
        ):
            return _observe(poller, count, process, log, seconds, patience or poller.patience)


def _observe(poller: Poller, count: int, process: Child, log: Path, seconds: float, patience: float) -> Cell:
    process.hear(START)
    empty = process.memory()
    began = time.monotonic()
    process.say("go")
    while Arrivals(gateway.read(log)).tasks < count and time.monotonic() < began + patience:
        time.sleep(0.25)
    # Whoever has fallen behind until now shows it in what follows.
    time.sleep(max(0.0, began + INTERVAL + 1 - time.monotonic()))
    since, cpu = time.monotonic(), process.cpu()
    time.sleep(seconds)
    until, cpu = time.monotonic(), process.cpu() - cpu
    memory = process.memory() - empty
    report = process.report(START)
    arrivals = Arrivals(gateway.read(log))
    pace = arrivals.pace(since, until, poller.period, count - arrivals.tasks, began)
    all_once = arrivals.all_once(count)
    return Cell(
        poller.name,
        count,
        cpu / pace.polls * 1e6 if pace.polls else math.nan,
        pace.per_second,
        count / poller.period,
        pace.late_p50,
        pace.late_p99,
        pace.period,
        memory / count,
        report["errors"],
        cpu / (until - since),
        report["blocked_ms"],
        report.get("loaded", math.nan),
        math.nan if all_once is None else all_once - began,
    )


def capacity(known: Iterable[Cell]) -> Iterator[Cell]:
    """Looks for the most tasks that the engine holds, on from what the table says: by doubling, then by halves."""
    ours = [cell for cell in known if cell.poller == OURS.name]
    low = max((cell.tasks for cell in ours if cell.holds), default=1_000)
    above = [cell.tasks for cell in ours if not cell.holds and cell.tasks > low]
    high = min(above) if above else None
    while high is None and 2 * low <= MOST:
        cell = measure(OURS, 2 * low)
        yield cell
        low, high = (cell.tasks, None) if cell.holds else (low, cell.tasks)
    for _ in range(STEPS if high else 0):
        assert high
        cell = measure(OURS, (low + high) // 2)
        yield cell
        low, high = (cell.tasks, high) if cell.holds else (low, cell.tasks)


def most_held(cells: Iterable[Cell], *pollers: Poller) -> int:
    """The most tasks that any of them held, 0 if none did."""
    names = {poller.name for poller in pollers}
    return max((cell.tasks for cell in cells if cell.poller in names and cell.holds), default=0)


def overload(held: int) -> Cell:
    """Twice what it holds."""
    return measure(OURS, 2 * held, 2 * INTERVAL, watched=True)


def crowd() -> tuple[Cell, Cell]:
    """A hundred thousand tasks: the engine from its start on, and what the bare loop comes to with as many."""
    return measure(OURS, CROWD, watched=True, patience=CROWD_PATIENCE), measure(TRANSPORT, CROWD)


def limit_of_machine() -> tuple[float, float] | None:
    """Requests a second and CPU µs of each with wrk, which never pauses; None where it is not installed."""
    if not shutil.which("wrk"):
        return None
    with tempfile.TemporaryDirectory() as folder, _gateway(Path(folder) / "log", 0.0, changing=True) as (server, _):
        before = os.times()
        done = subprocess.run(  # the whole run is bounded by its own -d
            ["wrk", "-t1", "-c50", "-d5s", f"{server}/v1/videos/{gateway.task_id(1)}"],  # noqa: S607
            env=surroundings(),
            stdout=subprocess.PIPE,
            check=True,
            timeout=START,
        )
        after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    count = re.search(rb"(\d+) requests in", done.stdout)
    rate = re.search(rb"Requests/sec:\s+([\d.]+)", done.stdout)
    assert count
    assert rate
    return float(rate[1]), cpu / int(count[1]) * 1e6


def _command(poller: Poller, server: str, count: int, database: Path, *, watched: bool) -> list[str]:
    module = f"benchmarks.{poller.module}"
    how = "watched" if watched else "plain"
    return [sys.executable, "-m", module, poller.which, server, str(count), how, str(database)]


@contextmanager
def _gateway(log: Path, seconds: float, *, changing: bool) -> Iterator[tuple[str, Path]]:
    how = "changing" if changing else "same"
    with serving(sys.executable, "-m", "benchmarks.gateway", str(seconds), how, str(log)) as port:
        yield f"http://127.0.0.1:{port}", log


def ground() -> str:
    """On what it was measured."""
    cores = "server and client share one core" if SERVERS == CLIENTS else "server and client have a core each"
    return f"{cores}; answers after {ANSWER * 1000:.0f} ms, every {INTERVAL:.0f} s"
