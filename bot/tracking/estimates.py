"""How long a generation takes: from its own times and what is known of others to what a card can say. Pure.

Seconds everywhere, moments in epoch seconds. Gateways' clocks and words are not believed blindly: a moment counts only
if it is past and no more than two days old.
"""

from dataclasses import dataclass

from bot.tracking.forecast import FIRST_PROGRESS, LONGEST, Fit
from bot.tracking.model import Task

# Of a generation that has outlasted nearly all, nothing is estimated any more; later it is odd if nothing happens.
LATE, ODD = 0.02, 0.005
# A task that would have to be so many times older than half of its kind is no older than our watch: clocks err.
OLDEST = 5.0
# An estimate that is nearly used up: "any moment" is all that can be said.
SOON = 30.0

STALLED_AFTER, STALLED_AFTER_AT_LEAST = 480.0, 300.0
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


def kind_of(task: Task) -> tuple[str, str]:
    """Under which provider and model it is learned how long such tasks take."""
    return task.provider, (task.snapshot and task.snapshot.model) or ""


def timing(task: Task, fit: Fit, now: float) -> Timing:
    """The times of an open task, by what is known of others like it."""
    elapsed, quiet = _age(task, now), max(0.0, now - task.changed_at)
    expected = estimate(fit, elapsed, _progress(task, now))
    return Timing(max(0.0, elapsed), quiet, expected, is_stalled=is_stalled(fit, quiet, elapsed))


def outlook(task: Task, fit: Fit, now: float) -> tuple[float, Fit]:
    """What the schedule of its questions may rely on: seconds since the task was made, and what to expect of it."""
    age = _age(task, now)
    if age >= OLDEST * fit.median:
        return max(0.0, now - task.created_at), fit
    return max(0.0, age), fit.sharpened(age, _progress(task, now))


def estimate(fit: Fit, elapsed: float, progress: int | None) -> Estimate:
    """What can be expected: by what earlier generations took, by the progress in percent, or by both.

    The further a generation has come, the more its own pace counts. What outlasted nearly all of the earlier ones is
    not estimated by them any more.
    """
    by_history = fit.left(elapsed) if fit.outlasting(elapsed) > LATE else None
    by_progress = _by_progress(elapsed, progress)
    if by_history is None or by_progress is None or progress is None:
        left = by_history if by_progress is None else by_progress
    else:
        left = by_progress * progress / 100 + by_history * (1 - progress / 100)
    return Estimate(fit.usual, None if left is None else max(SOON, left))


def is_stalled(fit: Fit, quiet: float, elapsed: float) -> bool:
    """Whether it is odd that nothing changed for `quiet` seconds."""
    if fit.usual is None:
        return quiet >= STALLED_AFTER
    return quiet >= STALLED_AFTER_AT_LEAST and fit.outlasting(elapsed) <= ODD


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


def _age(task: Task, now: float) -> float:
    created_at = task.snapshot.created_at if task.snapshot else None
    # It is no younger than our own wait for it, whatever the gateway says.
    if created_at is not None and is_recent(created_at, now):
        return now - min(created_at, task.created_at)
    return now - task.created_at


def _progress(task: Task, now: float) -> int | None:
    """Of a task that was tracked late, nobody knows how long its progress has taken."""
    if task.snapshot is None or not is_recent(task.snapshot.created_at, now):
        return None
    return task.snapshot.progress


def _by_progress(elapsed: float, progress: int | None) -> float | None:
    if progress is None or not FIRST_PROGRESS < progress < 100:  # noqa: PLR2004 - percent
        return None
    return elapsed * (100 - progress) / progress
