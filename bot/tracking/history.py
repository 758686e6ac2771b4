"""What happened to a task, as its event log tells it: which change is an event. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.tracking.model import Ending, Task
from providers.base import State

# Percent: a log of every step would bury what matters.
PROGRESS_STEP = 25


class What(StrEnum):
    """Beside these, an event is a state of the gateway's or, after `trouble_`, what was in the way."""

    ASKED = "asked"  # somebody began to follow it
    AGAIN = "again"  # it had ended, and is watched once more
    ANSWERS = "answers"  # what was in the way is over
    DEADLINE = Ending.DEADLINE.value
    NOT_FOUND = Ending.NOT_FOUND.value


@dataclass(frozen=True, slots=True)
class Event:
    """`what` happened `at` (epoch seconds); `detail` is the progress in percent, or the gateway's own word."""

    at: float
    what: str
    detail: str = ""


def events(before: Task, after: Task, now: float) -> Iterator[Event]:
    """What somebody should be able to read later about the change, in the order in which it is told."""
    if before.ending and after.ending is None:
        yield Event(now, What.AGAIN)
        return
    if after.trouble and after.trouble is not before.trouble:
        yield Event(now, f"trouble_{after.trouble}")
    elif before.trouble and not after.trouble and after.ending is None:
        yield Event(now, What.ANSWERS)
    if _is_news(before, after):
        yield Event(now, after.state, _detail(after))
    if after.ending and after.ending is not before.ending and after.ending is not Ending.DONE:
        yield Event(now, after.ending)


def _is_news(before: Task, after: Task) -> bool:
    if after.snapshot is None:
        return False
    if before.snapshot is None or before.state is not after.state:
        return True
    if after.state is State.UNKNOWN:
        return before.snapshot.raw_status != after.snapshot.raw_status
    return after.state is State.RUNNING and _stage(before) < _stage(after)


def _stage(task: Task) -> int:
    return ((task.snapshot and task.snapshot.progress) or 0) // PROGRESS_STEP


def _detail(task: Task) -> str:
    if task.snapshot is None:
        return ""
    if task.state is State.UNKNOWN:
        return task.snapshot.raw_status
    return str(task.snapshot.progress) if task.state is State.RUNNING and task.snapshot.progress is not None else ""
