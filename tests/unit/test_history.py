from dataclasses import replace

import pytest

from bot.tracking.history import Event, What, events
from bot.tracking.lifecycle import decide, reopen
from bot.tracking.model import Task
from providers.base import QueryError, QueryErrorKind, Snapshot, State

NOW = 1000.0
FRESH = Task(1, "token360", 0, "video", "v1", 0.0, 0.0, 1e9)


def told(*answers: Snapshot | QueryError, task: Task = FRESH) -> list[tuple[str, str]]:
    """What the log says after these answers."""
    log: list[Event] = []
    for answer in answers:
        after = decide(task, answer, NOW).task
        log += events(task, after, NOW)
        task = after
    assert {event.at for event in log} <= {NOW}
    return [(event.what, event.detail) for event in log]


def running(progress: int) -> Snapshot:
    return Snapshot(State.RUNNING, "processing", progress=progress)


def trouble(kind: QueryErrorKind) -> QueryError:
    return QueryError(kind, "no")


def test_the_log_of_a_whole_life() -> None:
    answers = (Snapshot(State.QUEUED), *(running(step) for step in (3, 15, 26, 27, 40, 45, 60, 80)))
    assert told(*answers, Snapshot(State.FAILED)) == [
        ("queued", ""),
        ("running", "3"),
        ("running", "26"),
        ("running", "60"),
        ("running", "80"),
        ("failed", ""),
    ]


def test_what_was_in_the_way_is_told_once_and_so_is_its_end() -> None:
    rejected = trouble(QueryErrorKind.AUTH)
    assert told(Snapshot(State.QUEUED), rejected, rejected, rejected, Snapshot(State.QUEUED)) == [
        ("queued", ""),
        ("trouble_auth", ""),
        (What.ANSWERS, ""),
    ]


def test_a_word_that_nobody_knows_is_told_as_it_is() -> None:
    words = [Snapshot(State.UNKNOWN, word) for word in ("mulling", "mulling", "pondering")]
    assert told(*words) == [("unknown", "mulling"), ("unknown", "pondering")]


def test_our_own_endings_are_told_and_so_is_a_new_beginning() -> None:
    lost = [trouble(QueryErrorKind.NOT_FOUND)] * 3
    assert told(*lost) == [("trouble_not_found", ""), (What.NOT_FOUND, "")]
    late = replace(FRESH, deadline=NOW)
    assert told(running(5), task=late) == [("running", "5"), (What.DEADLINE, "")]
    ended = decide(FRESH, Snapshot(State.FAILED), NOW).task
    assert [event.what for event in events(ended, reopen(ended, NOW, 60), NOW)] == [What.AGAIN]


@pytest.mark.parametrize("answer", [running(10), Snapshot(State.QUEUED)])
def test_what_changes_nothing_is_no_event(answer: Snapshot) -> None:
    task = decide(FRESH, answer, NOW).task
    assert list(events(task, task, NOW)) == []
