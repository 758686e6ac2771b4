"""What a generation task is going to do: states over time, results, errors. Pure; knows no gateway's wording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any

PROVIDERS = ("apipod", "token360", "octopusx", "ai_nebula")


class End(StrEnum):
    """How a task ends. A stuck one never does."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Step:
    """From `after` seconds since the first query on, the task says `status`, in the gateway's own word."""

    after: float
    status: str
    progress: int | None = None


_WORDS: Mapping[str, tuple[str, str, Mapping[End, str]]] = MappingProxyType(
    {
        "apipod": ("pending", "processing", {End.SUCCEEDED: "completed", End.CANCELLED: "cancelled"}),
        "token360": ("queued", "in_progress", {End.SUCCEEDED: "completed"}),
        "octopusx": ("pending", "processing", {End.SUCCEEDED: "completed"}),
        "ai_nebula": ("queued", "in_progress", {End.SUCCEEDED: "succeeded"}),
    }
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One task. `outputs` are names of CDN files or values that go into the answer as they are.

    `steps`: empty means the gateway's usual words, spread by `pace` (seconds from queued to the end).
    `fetch`: the file comes only from the download endpoint. `missing`: so many first queries find no task.
    `link_life`: seconds until the result's URL dies, None for a URL without a signature.
    `extra` is merged into every answer; `raw` replaces every answer: {"status": 200, "body": …}.
    """

    provider: str
    id: str
    kind: str = "video"
    end: End = End.SUCCEEDED
    pace: float = 3.0
    steps: tuple[Step, ...] = ()
    outputs: tuple[str, ...] = ("dawn.mp4",)
    last_frame: str | None = None
    error: Mapping[str, Any] = field(default_factory=dict)
    fetch: bool = False
    missing: int = 0
    link_life: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] | None = None

    def timetable(self) -> tuple[Step, ...]:
        """The steps, in order."""
        if self.steps:
            return self.steps
        queued, running, endings = _WORDS[self.provider]
        way = (
            Step(0, queued, 0),
            Step(self.pace * 0.25, running, 15),
            Step(self.pace * 0.5, running, 45),
            Step(self.pace * 0.75, running, 80),
        )
        if self.end is End.STUCK:
            return way
        return (*way, Step(self.pace, endings.get(self.end, self.end.value), 100))

    def at(self, elapsed: float) -> Step:
        """Where the task stands `elapsed` seconds after the first query."""
        return [step for step in self.timetable() if step.after <= elapsed][-1]

    def is_over(self, elapsed: float) -> bool:
        """Whether the last step is reached and is an ending."""
        return self.end is not End.STUCK and self.at(elapsed) == self.timetable()[-1]


def scenario_from(body: Mapping[str, Any]) -> Scenario:
    """From the JSON of `POST /sim/tasks`; ValueError says what is wrong with it."""
    known = {item.name for item in fields(Scenario)} | {"states"}
    unknown = sorted(body.keys() - known)
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(unknown)}")
    if body.get("provider") not in PROVIDERS or not body.get("id"):
        raise ValueError(f"provider (one of {', '.join(PROVIDERS)}) and id are required")
    facts = {name: value for name, value in body.items() if name not in {"states", "steps"}}
    facts["end"] = End(str(body.get("end", "succeeded")))
    facts["outputs"] = tuple(body.get("outputs", Scenario.__dataclass_fields__["outputs"].default))
    return Scenario(**facts, steps=_steps(body.get("states") or ()))


def _steps(states: Sequence[Any]) -> tuple[Step, ...]:
    steps = tuple(Step(float(state["after"]), str(state["status"]), state.get("progress")) for state in states)
    if steps and steps[0].after > 0:
        raise ValueError("the first state begins after 0 seconds")
    return tuple(sorted(steps, key=lambda step: step.after))
