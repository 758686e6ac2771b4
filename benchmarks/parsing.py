"""What it costs to understand an answer, beside what it costs to decode the same bytes as JSON."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from providers.base import Reading
from providers.custom import load
from providers.parse import parse

ROOT = Path(__file__).parents[1]
BODIES = ROOT / "tests" / "providers" / "golden" / "documented.jsonl"
EXAMPLES = ROOT / "docs" / "providers.toml.example"
EXAMPLE_BODIES = ROOT / "tests" / "providers" / "examples.jsonl"
ROUNDS, REPEATS = 15, 40


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    body: bytes
    http: int
    reading: Reading | None = None


def rows() -> Iterator[Row]:
    """The documented bodies, and those of the example providers whose tables say how to read them."""
    lines = map(json.loads, BODIES.read_text(encoding="utf-8").splitlines())
    cases = [_case(line, line["gateway"]) for line in lines if isinstance(line["body"], dict)]
    yield _measure("understanding an answer, CPU µs", cases)

    readings = {found.provider.name: found.provider.endpoints[0].reading for found in load(EXAMPLES)}
    lines = map(json.loads, EXAMPLE_BODIES.read_text(encoding="utf-8").splitlines())
    plain = [line for line in lines if isinstance(line["body"], dict) and not {"step", "variant"} & set(line)]
    cases = [_case(line, line["provider"], reading) for line in plain if (reading := readings[line["provider"]])]
    yield _measure("the same by an operator's description, CPU µs", cases)


def _case(line: dict[str, Any], gateway: str, reading: Reading | None = None) -> _Case:
    return _Case(f"{line['id']} {gateway}", json.dumps(line["body"]).encode(), line["http"], reading)


def _measure(what: str, cases: list[_Case]) -> Row:
    """Alternates the two on each body; the median of the rounds stands for the body, and theirs for all."""
    understood, decoded = {}, []
    for case in cases:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_cpu(partial(parse, "video", case.http, {}, case.body, reading=case.reading, has_fetch=True)))
            theirs.append(_cpu(partial(json.loads, case.body)))
        understood[case.name] = statistics.median(ours)
        decoded.append(statistics.median(theirs))
    slowest = max(understood, key=lambda name: understood[name])
    return Row(
        what,
        statistics.median(understood.values()),
        statistics.median(decoded),
        "json.loads of the same bytes",
        f"slowest body: {understood[slowest]:.1f} µs ({slowest})",
    )


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time_ns()
    for _ in range(REPEATS):
        work()
    return (time.process_time_ns() - began) / REPEATS / 1000
