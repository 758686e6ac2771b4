"""What it costs to understand an answer, beside what it costs to decode the same bytes as JSON."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from providers.base import Reading
from providers.custom import load
from providers.parse import parse

ROOT = Path(__file__).parents[1]
BODIES = ROOT / "tests" / "providers" / "golden" / "documented.jsonl"
EXAMPLES = ROOT / "docs" / "providers.toml.example"
EXAMPLE_BODIES = ROOT / "tests" / "providers" / "examples.jsonl"
ROUNDS, REPEATS = 15, 40


@dataclass(frozen=True, slots=True)
class Result:
    """CPU microseconds for one answer: the median over all bodies, and the slowest body."""

    understand: float
    decode: float
    slowest: float
    slowest_name: str


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    body: bytes
    http: int
    reading: Reading | None = None


def by_itself() -> Result:
    """The documented bodies, read without a description."""
    lines = map(json.loads, BODIES.read_text(encoding="utf-8").splitlines())
    return _measure([_case(line, line["gateway"]) for line in lines if isinstance(line["body"], dict)])


def by_description() -> Result:
    """The bodies of the example providers whose tables say how to read them."""
    readings = {found.provider.name: found.provider.endpoints[0].reading for found in load(EXAMPLES)}
    lines = map(json.loads, EXAMPLE_BODIES.read_text(encoding="utf-8").splitlines())
    plain = [line for line in lines if isinstance(line["body"], dict) and not {"step", "variant"} & set(line)]
    return _measure(
        [_case(line, line["provider"], reading) for line in plain if (reading := readings[line["provider"]])]
    )


def _case(line: dict[str, Any], gateway: str, reading: Reading | None = None) -> _Case:
    return _Case(f"{line['id']} {gateway}", json.dumps(line["body"]).encode(), line["http"], reading)


def _measure(cases: list[_Case]) -> Result:
    """Alternates the two on each body; the median of the rounds stands for the body."""
    understood, decoded = {}, []
    for case in cases:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_cpu(partial(parse, "video", case.http, {}, case.body, reading=case.reading, has_fetch=True)))
            theirs.append(_cpu(partial(json.loads, case.body)))
        understood[case.name] = statistics.median(ours)
        decoded.append(statistics.median(theirs))
    slowest = max(understood, key=lambda name: understood[name])
    return Result(statistics.median(understood.values()), statistics.median(decoded), understood[slowest], slowest)


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time_ns()
    for _ in range(REPEATS):
        work()
    return (time.process_time_ns() - began) / REPEATS / 1000
