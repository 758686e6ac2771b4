"""What an answer means for a task. Everything that changes a task's state stands here; pure, `now` is an argument.

Two rules carry the rest. A question that failed says nothing about the task: it is a strike, and strikes end a task
only where the gateway keeps saying that it knows no such ID. And nothing goes backwards: not the state, not the
progress, and an ended task does not change at all.
"""

from dataclasses import dataclass, replace

from bot.tracking.estimates import is_recent
from bot.tracking.model import Ending, Strike, Task
from providers.base import OutputKind, QueryError, Snapshot, State

# Where a task may go from each state. A word that we do not know is never progress and never an end.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.UNKNOWN: frozenset(State),
    State.QUEUED: frozenset(State) - {State.UNKNOWN},
    State.RUNNING: frozenset(State) - {State.UNKNOWN, State.QUEUED},
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}

# How many answers of a kind in a row end the task. A fresh ID may not be indexed yet, a known one may be misread.
NOT_FOUND_AT_FIRST = 3
NOT_FOUND_LATER = 10
NO_MEDIA = 3

# From how many strikes in a row people are told; a single hiccup is nobody's business.
TOLD_AFTER = {
    Strike.NOT_FOUND: 1,
    Strike.AUTH: 1,
    Strike.PAYMENT: 1,
    Strike.PROTOCOL: 2,
    Strike.TRANSIENT: 3,
    Strike.RATE_LIMITED: 5,
    Strike.NO_MEDIA: 1,
}

PROGRESS_STEP = 10

_SERIOUS = frozenset({Strike.AUTH, Strike.PAYMENT})


@dataclass(frozen=True, slots=True)
class Decision:
    """The task as it is now. `changed`: people can see a difference, so it is stored and the cards are due."""

    task: Task
    changed: bool


def decide(task: Task, answer: Snapshot | QueryError, now: float, *, is_ill: bool = False) -> Decision:
    """What `answer` makes of `task`. An ended task stays as it is, whatever comes.

    `is_ill`: so it is with all tasks of its account, and has been for a while; no strikes need to be counted.
    """
    if task.ending is not None:
        return Decision(task, changed=False)
    after = (
        _advance(task, answer)
        if isinstance(answer, Snapshot)
        else _strike(task, Strike(answer.kind.value), is_ill=is_ill)
    )
    if after.ending is None and now >= task.deadline:
        after = replace(after, ending=Ending.DEADLINE)
    if not _is_visible(task, after):
        return Decision(_hold_back(task, after), changed=False)
    after = _timed(task, after, now)
    return Decision(replace(after, version=task.version + 1, changed_at=now), changed=True)


def is_milestone(before: Task, after: Task) -> bool:
    """Whether even those want to know who only want to know where the task stands.

    Progress is none; of troubles only what somebody has to do something about, and that it is over.
    """
    if (before.ending, before.state, before.is_located) != (after.ending, after.state, after.is_located):
        return True
    if (before.snapshot is None) != (after.snapshot is None):
        return True
    return before.trouble is not after.trouble and not _SERIOUS.isdisjoint({before.trouble, after.trouble})


def reopen(task: Task, now: float, give_up_after: float) -> Task:
    """An ended task, watched once more from the beginning; someone asked for it."""
    return replace(
        task,
        snapshot=None,
        ending=None,
        trouble=None,
        strike=None,
        strikes=0,
        version=task.version + 1,
        changed_at=now,
        deadline=now + give_up_after,
    )


def _advance(task: Task, snapshot: Snapshot) -> Task:
    merged = _merge(task.snapshot, snapshot)
    if merged.state is State.SUCCEEDED and not _has_media(merged):
        return _await_media(task, merged)
    ending = Ending.DONE if merged.state.is_terminal else None
    if merged == task.snapshot and not (ending or task.trouble or task.strike):
        return task
    return replace(task, snapshot=merged, ending=ending, trouble=None, strike=None, strikes=0)


def _has_media(snapshot: Snapshot) -> bool:
    return snapshot.needs_fetch or any(output.kind is not OutputKind.THUMBNAIL for output in snapshot.outputs)


def _await_media(task: Task, merged: Snapshot) -> Task:
    """Some gateways say "completed" a moment before they know the file: ask a few times more."""
    after = _strike(task, Strike.NO_MEDIA)
    if after.strikes >= NO_MEDIA:
        return replace(after, snapshot=merged, ending=Ending.DONE)
    return after


def _strike(task: Task, kind: Strike, *, is_ill: bool = False) -> Task:
    strikes = task.strikes + 1 if task.strike is kind else 1
    trouble = kind if is_ill or strikes >= TOLD_AFTER[kind] else task.trouble
    limit = NOT_FOUND_LATER if task.snapshot else NOT_FOUND_AT_FIRST
    ending = Ending.NOT_FOUND if kind is Strike.NOT_FOUND and strikes >= limit else None
    return replace(task, strike=kind, strikes=strikes, trouble=trouble, ending=ending)


def _merge(before: Snapshot | None, latest: Snapshot) -> Snapshot:
    """The latest answer, without stepping back behind what was known."""
    if before is None:
        return replace(latest, progress=_capped(latest.progress, latest.state))
    state = latest.state if latest.state in TRANSITIONS[before.state] else before.state
    seen = [value for value in (before.progress, latest.progress) if value is not None]
    progress = _capped(max(seen, default=None), state)
    model, prompt = latest.model or before.model, latest.prompt or before.prompt
    created_at = latest.created_at or before.created_at
    merged = (state, progress, model, prompt, created_at)
    if merged == (latest.state, latest.progress, latest.model, latest.prompt, latest.created_at):
        return latest
    return replace(latest, state=state, progress=progress, model=model, prompt=prompt, created_at=created_at)


def _capped(progress: int | None, state: State) -> int | None:
    """Relays say "100%" of a failure too; only a success is complete."""
    if progress is None or state is State.SUCCEEDED:
        return progress
    return min(progress, 99)


def _timed(before: Task, after: Task, now: float) -> Task:
    """Many gateways do not say when a task was done; who watched it knows."""
    snapshot = after.snapshot
    if snapshot is None or not after.succeeded or before.snapshot is None or is_recent(snapshot.completed_at, now):
        return after
    return replace(after, snapshot=replace(snapshot, completed_at=now))


def _is_visible(before: Task, after: Task) -> bool:
    if (before.ending, before.trouble) != (after.ending, after.trouble):
        return True
    old, new = before.snapshot, after.snapshot
    if new is None or old is None:
        return new is not old
    if (old.state, old.model) != (new.state, new.model):
        return True
    if new.state is State.UNKNOWN and old.raw_status != new.raw_status:
        return True
    return new.progress is not None and new.progress - (old.progress or 0) >= PROGRESS_STEP


def _hold_back(before: Task, after: Task) -> Task:
    """Keeps the progress that was last shown, so that small steps add up to one that is worth an edit."""
    if before.snapshot is None or after.snapshot is None or before.snapshot.progress == after.snapshot.progress:
        return after
    return replace(after, snapshot=replace(after.snapshot, progress=before.snapshot.progress))
