"""How long a generation takes: from its own times and those of earlier ones to what a card can say. Pure.

Seconds everywhere, moments in epoch seconds. Gateways' clocks and words are not believed blindly: a moment counts only
if it is past and no more than two days old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bot.tracking.model import Task

LONGEST = 172_800.0
# So many earlier generations say something about the next one.
ENOUGH = 3
# Of those that took longer than usual, nearly all were through by this share of the sorted times.
LATE = 0.9
# An estimate that is nearly used up: "any moment" is all that can be said.
SOON = 30.0
# The first few percent are often reached at once, and say nothing about the rest.
FIRST_PROGRESS = 5

STALLED_AFTER, STALLED_AFTER_AT_LEAST, STALLED_FACTOR = 480.0, 300.0, 2.0
FIRST_LOOK, LONGEST_LOOK = 60.0, 900.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What such a generation usually takes, and what is left of this one; None where that is not known."""

    usual: float | None = None
    left: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of an open task: since it was made, since anything about it was seen to change, and what to expect.

    `is_stalled`: nothing has changed for so long that people should be told that it is still watched.
    """

    elapsed: float
    quiet: float
    estimate: Estimate = Estimate()
    is_stalled: bool = False

    @property
    def lasting(self) -> "Timing":
        """What of it stays true however late somebody reads it."""
        return Timing(0.0, 0.0, Estimate(self.estimate.usual))


def timing(task: Task, past: Sequence[float], now: float) -> Timing:
    """The times of an open task, with what earlier ones took in `past`."""
    created_at = task.snapshot.created_at if task.snapshot else None
    is_known = is_recent(created_at, now)
    # It is no younger than our own wait for it, whatever the gateway says.
    began = min(created_at, task.created_at) if created_at is not None and is_known else task.created_at
    elapsed = now - began
    # Of a task that was tracked late, nobody knows how long its progress has taken.
    progress = task.snapshot.progress if task.snapshot and is_known else None
    expected = estimate(past, elapsed, progress)
    quiet = max(0.0, now - task.changed_at)
    return Timing(max(0.0, elapsed), quiet, expected, is_stalled(quiet, elapsed, expected.usual))


def estimate(past: Sequence[float], elapsed: float, progress: int | None) -> Estimate:
    """What can be expected: from at least three earlier generations, from the progress in percent, or from both.

    The further a generation has come, the more its own pace counts. What took longer than nearly all of the earlier
    ones is not estimated by them any more.
    """
    usual = median(past) if len(past) >= ENOUGH else None
    by_history = _by_history(sorted(past), elapsed) if usual is not None else None
    by_progress = _by_progress(elapsed, progress)
    if by_history is None or by_progress is None or progress is None:
        left = by_history if by_progress is None else by_progress
    else:
        left = by_progress * progress / 100 + by_history * (1 - progress / 100)
    return Estimate(usual, None if left is None else max(SOON, left))


def is_stalled(quiet: float, elapsed: float, usual: float | None) -> bool:
    """Whether it is odd that nothing changed for `quiet` seconds."""
    if usual is None:
        return quiet >= STALLED_AFTER
    return quiet >= STALLED_AFTER_AT_LEAST and elapsed >= STALLED_FACTOR * usual


def next_look(quiet: float) -> float:
    """Seconds until the card of an open task is looked at again; the longer nothing happens, the rarer."""
    return min(max(quiet, FIRST_LOOK), LONGEST_LOOK)


def took(task: Task) -> float | None:
    """How long the finished task took, where its gateway says when it was made."""
    snapshot = task.snapshot
    if snapshot is None or snapshot.created_at is None or snapshot.completed_at is None:
        return None
    if not is_recent(snapshot.created_at, snapshot.completed_at):
        return None
    return snapshot.completed_at - snapshot.created_at


def is_recent(moment: float | None, now: float) -> bool:
    """Whether the moment can be part of what goes on `now`."""
    return moment is not None and moment > 0 and 0 < now - moment < LONGEST


def _by_history(past: Sequence[float], elapsed: float) -> float | None:
    late = past[min(int(len(past) * LATE), len(past) - 1)]
    for expected in (median(past), late):
        if elapsed < expected:
            return expected - elapsed
    return None


def _by_progress(elapsed: float, progress: int | None) -> float | None:
    if progress is None or not FIRST_PROGRESS < progress < 100:  # noqa: PLR2004 - percent
        return None
    return elapsed * (100 - progress) / progress
