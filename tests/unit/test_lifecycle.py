import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.lifecycle import (
    NOT_FOUND_AT_FIRST,
    NOT_FOUND_LATER,
    TRANSITIONS,
    Decision,
    decide,
    is_milestone,
    reopen,
)
from bot.tracking.model import Ending, Strike, Task
from providers.base import Output, OutputKind, QueryError, QueryErrorKind, Snapshot, State, TaskError

NOW = 1000.0
TASK = Task(1, "token360", 0, "video", "v1", created_at=0, changed_at=0, deadline=NOW + 100)
VIDEO = Output(OutputKind.VIDEO, "https://cdn.example/v.mp4")

queued = Snapshot(State.QUEUED, "queued")
running = Snapshot(State.RUNNING, "in_progress")
succeeded = Snapshot(State.SUCCEEDED, "completed", outputs=(VIDEO,))
failed = Snapshot(State.FAILED, "failed", error=TaskError("no", "E1"))
unknown = Snapshot(State.UNKNOWN, "NOT_START")


def ended(decision: Decision) -> bool:
    return decision.changed and decision.task.ending is not None


def error(kind: QueryErrorKind) -> QueryError:
    return QueryError(kind, "x")


def after(*answers: Snapshot | QueryError, task: Task = TASK) -> Task:
    for answer in answers:
        task = decide(task, answer, NOW).task
    return task


def test_a_life_from_queue_to_result() -> None:
    task = after(queued, running, replace(running, progress=50), succeeded)
    assert task.ending is Ending.DONE
    assert task.succeeded
    assert task.version == 4


def test_an_unchanged_answer_changes_nothing() -> None:
    task = after(queued)
    decision = decide(task, queued, NOW)
    assert not decision.changed
    assert decision.task == task


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.EXPIRED])
def test_every_named_end_ends_the_task(state: State) -> None:
    decision = decide(TASK, Snapshot(state, "x"), NOW)
    assert ended(decision)
    assert decision.task.ending is Ending.DONE
    assert not decision.task.succeeded


def test_an_unknown_word_is_never_an_end_and_its_word_is_shown() -> None:
    decision = decide(TASK, unknown, NOW)
    assert decision.changed
    assert not ended(decision)
    assert decide(decision.task, replace(unknown, raw_status="other"), NOW).changed


def test_the_state_does_not_go_back() -> None:
    assert after(running, queued).state is State.RUNNING
    assert after(running, unknown).state is State.RUNNING


def test_progress_does_not_go_back_and_is_shown_in_steps_of_ten() -> None:
    task = after(replace(running, progress=30))
    assert not decide(task, replace(running, progress=20), NOW).changed
    small = decide(task, replace(running, progress=35), NOW)
    assert not small.changed
    step = decide(small.task, replace(running, progress=40), NOW)
    assert step.changed
    assert step.task.snapshot is not None
    assert step.task.snapshot.progress == 40


def test_only_a_success_is_complete() -> None:
    for snapshot in (replace(running, progress=100), replace(failed, progress=100)):
        task = after(snapshot)
        assert task.snapshot is not None
        assert task.snapshot.progress == 99


def test_what_was_known_stays_known() -> None:
    task = after(replace(running, model="m", prompt="p", created_at=5.0), running)
    assert task.snapshot is not None
    assert (task.snapshot.model, task.snapshot.prompt, task.snapshot.created_at) == ("m", "p", 5.0)


@pytest.mark.parametrize("kind", [kind for kind in QueryErrorKind if kind is not QueryErrorKind.NOT_FOUND])
def test_a_question_that_failed_never_ends_a_task(kind: QueryErrorKind) -> None:
    task = after(running, *[error(kind)] * 50)
    assert task.ending is None
    assert task.trouble is Strike(kind.value)
    assert task.state is State.RUNNING


def test_trouble_passes_with_the_next_answer() -> None:
    task = after(running, error(QueryErrorKind.AUTH))
    assert task.trouble is Strike.AUTH
    decision = decide(task, running, NOW)
    assert decision.changed
    assert decision.task.trouble is None


def test_a_single_hiccup_is_not_shown() -> None:
    assert not decide(after(running), error(QueryErrorKind.TRANSIENT), NOW).changed


def test_an_id_that_nobody_knows_ends_after_a_few_tries() -> None:
    unknown_id = error(QueryErrorKind.NOT_FOUND)
    assert after(*[unknown_id] * (NOT_FOUND_AT_FIRST - 1)).ending is None
    assert after(*[unknown_id] * NOT_FOUND_AT_FIRST).ending is Ending.NOT_FOUND


def test_an_id_that_was_known_gets_more_patience() -> None:
    unknown_id = error(QueryErrorKind.NOT_FOUND)
    assert after(running, *[unknown_id] * (NOT_FOUND_LATER - 1)).ending is None
    assert after(running, *[unknown_id] * NOT_FOUND_LATER).ending is Ending.NOT_FOUND


def test_strikes_of_different_kinds_do_not_add_up() -> None:
    mixed = [error(QueryErrorKind.NOT_FOUND), error(QueryErrorKind.TRANSIENT)] * 10
    assert after(*mixed).ending is None


def test_a_success_without_a_file_is_asked_for_again_then_accepted() -> None:
    empty = Snapshot(State.SUCCEEDED, "completed")
    task = after(running, empty)
    assert task.ending is None
    assert task.trouble is Strike.NO_MEDIA
    assert after(running, empty, succeeded).succeeded
    given_up = after(running, empty, empty, empty)
    assert given_up.ending is Ending.DONE
    assert given_up.state is State.SUCCEEDED


def test_a_thumbnail_alone_is_no_file() -> None:
    thumbnail = Output(OutputKind.THUMBNAIL, "https://cdn.example/t.jpg")
    assert after(Snapshot(State.SUCCEEDED, outputs=(thumbnail,))).ending is None


def test_a_success_that_needs_a_second_request_is_complete() -> None:
    assert after(Snapshot(State.SUCCEEDED, needs_fetch=True)).succeeded


def test_watching_stops_at_the_deadline_and_calls_nothing_failed() -> None:
    task = decide(after(running), running, TASK.deadline).task
    assert task.ending is Ending.DEADLINE
    assert task.state is State.RUNNING


def test_a_result_at_the_deadline_is_still_a_result() -> None:
    assert decide(TASK, succeeded, TASK.deadline).task.ending is Ending.DONE


def test_watching_again_starts_anew() -> None:
    again = reopen(after(failed), NOW, 50)
    assert again.ending is None
    assert again.deadline == NOW + 50
    assert after(succeeded, task=again).succeeded


def test_the_table_has_every_state_and_no_way_out_of_an_end() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(not TRANSITIONS[state] for state in State if state.is_terminal)


answers = st.sampled_from(
    [queued, running, succeeded, failed, unknown, *(error(kind) for kind in QueryErrorKind)]
    + [replace(running, progress=value) for value in (0, 15, 55, 100)]
)


@given(st.lists(answers, max_size=25))
def test_no_sequence_of_answers_breaks_the_rules(sequence: list[Snapshot | QueryError]) -> None:
    task, endings, versions, progress = TASK, 0, [0], 0
    for answer in sequence:
        decision = decide(task, answer, NOW)
        if task.ending is not None:
            assert decision.task == task
            assert not decision.changed
        endings += ended(decision)
        task = decision.task
        versions.append(task.version)
        if task.snapshot and task.snapshot.progress is not None:
            assert task.snapshot.progress >= progress
            progress = task.snapshot.progress
    assert endings <= 1
    assert all(later - earlier in {0, 1} for earlier, later in itertools.pairwise(versions))


def test_who_watched_a_task_knows_when_it_was_done() -> None:
    assert after(running, succeeded).snapshot == replace(succeeded, completed_at=NOW)
    assert after(running, replace(succeeded, completed_at=NOW - 5)).snapshot == replace(succeeded, completed_at=NOW - 5)
    assert after(running, replace(succeeded, completed_at=NOW + 9999)).snapshot == replace(succeeded, completed_at=NOW)
    assert after(succeeded).snapshot == succeeded
    assert after(running, failed).snapshot == failed


def test_where_a_task_stands_is_its_state_its_end_and_what_somebody_has_to_do() -> None:
    start = after(running)
    assert is_milestone(TASK, start)
    assert is_milestone(start, after(running, succeeded))
    assert is_milestone(start, replace(start, ending=Ending.DEADLINE))
    assert is_milestone(start, replace(start, trouble=Strike.AUTH))
    assert is_milestone(replace(start, trouble=Strike.PAYMENT), start)
    assert not is_milestone(start, replace(start, trouble=Strike.TRANSIENT))
    assert not is_milestone(start, after(running, replace(running, progress=50)))


def test_a_trouble_of_the_whole_account_is_told_without_counting_strikes() -> None:
    for kind in (QueryErrorKind.TRANSIENT, QueryErrorKind.RATE_LIMITED, QueryErrorKind.AUTH):
        told = decide(TASK, QueryError(kind, "x"), NOW, is_ill=True)
        assert told.changed
        assert told.task.trouble is Strike(kind.value)
        assert not decide(told.task, QueryError(kind, "x"), NOW, is_ill=True).changed
