"""What it costs to understand an answer, beside what it costs to decode the same bytes as JSON."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from providers.parse import parse

BODIES = Path(__file__).parents[1] / "tests" / "providers" / "golden" / "documented.jsonl"
ROUNDS, REPEATS = 15, 40


@dataclass(frozen=True, slots=True)
class Result:
    """CPU microseconds for one answer: the median over all documented bodies, and the slowest body."""

    understand: float
    decode: float
    slowest: float
    slowest_name: str


def measure() -> Result:
    """Alternates the two on each body; the median of the rounds stands for the body."""
    understood, decoded = {}, []
    for case in map(json.loads, BODIES.read_text(encoding="utf-8").splitlines()):
        if not isinstance(case["body"], dict):
            continue
        raw = json.dumps(case["body"]).encode()
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(_cpu(partial(parse, case["kind"], case["http"], {}, raw, has_fetch=case["fetch"])))
            theirs.append(_cpu(partial(json.loads, raw)))
        understood[f"{case['id']} {case['gateway']}"] = statistics.median(ours)
        decoded.append(statistics.median(theirs))
    slowest = max(understood, key=lambda name: understood[name])
    return Result(statistics.median(understood.values()), statistics.median(decoded), understood[slowest], slowest)


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time_ns()
    for _ in range(REPEATS):
        work()
    return (time.process_time_ns() - began) / REPEATS / 1000
