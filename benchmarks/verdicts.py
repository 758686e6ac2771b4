"""What is promised of the poll engine, held against what was measured. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.contest import INTERVAL
from benchmarks.polling import AIOHTTP, CROWD, JOBS, OURS, PYREQWEST, TASKS, TRANSPORT, Cell, most_held
from benchmarks.results import Results

# The sizes that the promises name.
USUAL, LARGE = 1_000, 10_000
# By how the lines of the schedule's table begin.
SCHEDULE_LIMITS = {"polls a task, five models": 0.55, "polls a task, one model": 1.1, "latency x polls, worst": 1.1}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` was found where at most (or `at_least`) `limit` is promised; NaN was not measured."""

    promise: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        word = "not measured" if math.isnan(self.value) else "kept" if self.is_kept else "NOT KEPT"
        sign = "at least" if self.at_least else "at most"
        return f"{self.promise:68s}{self.value:10.3f}   {sign} {self.limit:<8g} {word}"


def of_all(results: Results) -> Iterator[Verdict]:
    """Each promise, where something of its kind was measured."""
    if results.cells:
        yield from of_cost(results.cells)
        yield from of_capacity(results.cells, results.over, results.crowd)
    for row in results.rows.get("schedule", ()):
        limits = (limit for what, limit in SCHEDULE_LIMITS.items() if row.what.startswith(what))
        yield from (Verdict(f"{row.what}, of {row.peer_is}", row.ratio, limit) for limit in limits)


def of_cost(cells: Sequence[Cell]) -> Iterator[Verdict]:
    """Processor time for each poll, the whole engine's beside the others'."""
    ours, jobs = _cpu(cells, OURS.name, USUAL), _cpu(cells, JOBS.name, USUAL)
    library = min(_cpu(cells, AIOHTTP.name, USUAL), _cpu(cells, PYREQWEST.name, USUAL))
    yield Verdict("CPU per poll at 1,000, of (a) a JobQueue job per task", ours / jobs, 0.35)
    yield Verdict("  of (b) an asyncio task per item", ours / _cpu(cells, TASKS.name, USUAL), 0.35)
    yield Verdict("  of (d) a bare loop with the fastest library", ours / library, 2.0)
    yield Verdict("  of (d) a bare loop with our own client", ours / _cpu(cells, TRANSPORT.name, USUAL), 2.0)
    yield Verdict("CPU per poll at 10,000, of (a) at 1,000", _cpu(cells, OURS.name, LARGE) / jobs, 0.15)


def of_capacity(cells: Sequence[Cell], over: Cell | None, crowd: tuple[Cell, Cell] | None) -> Iterator[Verdict]:
    """How many tasks, how late, in how much memory; what more than can be held does to it."""
    at_10k = [cell for cell in cells if cell.poller == OURS.name and cell.tasks == LARGE]
    peers = most_held(cells, JOBS, TASKS)
    yield Verdict("p99 lateness at 10,000, ms", _median(cell.late_p99 for cell in at_10k), 250.0)
    yield Verdict("memory for each task at 10,000, bytes", _median(cell.bytes_per_task for cell in at_10k), 3 * 1024.0)
    yield Verdict(
        "most tasks on time, times those of (a) or (b)",
        most_held(cells, OURS) / (peers or math.nan),
        10.0,
        at_least=True,
    )
    if over:
        most = max(cell.per_second for cell in [*cells, over] if cell.poller == OURS.name)
        yield Verdict(
            "polls at twice that load, of the most there ever were", over.per_second / most, 0.85, at_least=True
        )
        yield Verdict("  errors", over.errors, 0.0)
        yield Verdict("  longest block of the event loop, ms", over.blocked_ms, 100.0)
    if crowd:
        ours, bare = crowd
        interval = max(INTERVAL, CROWD / bare.per_second)
        once = math.inf if math.isnan(ours.all_once) else ours.all_once
        yield Verdict("100,000 tasks asked once, in intervals of what the client can do", once / interval, 2.0)
        yield Verdict("  longest block of the event loop, ms", ours.blocked_ms, 100.0)


def _cpu(cells: Iterable[Cell], poller: str, tasks: int) -> float:
    """CPU µs of a poll; NaN where that was not measured, or where the poller had fallen over."""
    return _median(
        cell.cpu_us for cell in cells if (cell.poller, cell.tasks) == (poller, tasks) and not cell.has_fallen
    )


def _median(values: Iterable[float]) -> float:
    return median(found) if (found := list(values)) else math.nan
