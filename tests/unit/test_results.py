import pytest

from bot.tracking.model import Ending, OutboxKind, Task
from bot.tracking.results import Part, parts
from providers.base import Output, OutputKind, Snapshot, State, TaskError


def ended(*kinds: OutputKind, needs_fetch: bool = False, state: State = State.SUCCEEDED) -> Task:
    outputs = tuple(Output(kind, f"https://cdn.example/{place}") for place, kind in enumerate(kinds))
    snapshot = Snapshot(state, outputs=outputs, needs_fetch=needs_fetch)
    return Task(1, "p", 0, "video", "v", 0, 0, 0, ending=Ending.DONE, snapshot=snapshot)


IMAGE, VIDEO = OutputKind.IMAGE, OutputKind.VIDEO


def test_one_video_is_one_message() -> None:
    assert parts(ended(VIDEO)) == (Part(OutboxKind.RESULT, (0,)),)


def test_the_last_frame_follows_its_video_and_a_thumbnail_is_never_sent() -> None:
    task = ended(OutputKind.LAST_FRAME, OutputKind.THUMBNAIL, VIDEO)
    assert parts(task) == (Part(OutboxKind.RESULT, (2,)), Part(OutboxKind.RESULT, (0,)))


def test_several_pictures_are_an_album_below_a_line() -> None:
    assert parts(ended(IMAGE, IMAGE, IMAGE)) == (Part(OutboxKind.HEADER), Part(OutboxKind.ALBUM, (0, 1, 2)))


@pytest.mark.parametrize(("count", "sizes"), [(10, [10]), (11, [10, 1]), (12, [10, 2]), (25, [10, 10, 5])])
def test_an_album_holds_ten(count: int, sizes: list[int]) -> None:
    header, *rest = parts(ended(*[IMAGE] * count))
    assert header.kind is OutboxKind.HEADER
    assert [len(part.outputs) for part in rest] == sizes
    assert [place for part in rest for place in part.outputs] == list(range(count))
    assert all((part.kind is OutboxKind.ALBUM) == (len(part.outputs) > 1) for part in rest)


def test_a_file_behind_a_second_request_is_one_message() -> None:
    assert parts(ended(needs_fetch=True)) == (Part(OutboxKind.RESULT, (0,)),)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.EXPIRED])
def test_a_bad_end_is_a_line(state: State) -> None:
    assert parts(ended(state=state)) == (Part(OutboxKind.HEADER),)


def test_a_success_without_any_file_is_a_line() -> None:
    assert parts(ended()) == (Part(OutboxKind.HEADER),)
    assert parts(ended(OutputKind.THUMBNAIL)) == (Part(OutboxKind.HEADER),)


def test_an_id_that_nobody_knows_gets_no_message_of_its_own() -> None:
    assert parts(Task(1, "", -1, "", "v", 0, 0, 0, ending=Ending.NOT_FOUND)) == ()


def test_a_failure_with_outputs_shows_none_of_them() -> None:
    snapshot = Snapshot(State.FAILED, outputs=(Output(VIDEO, "https://cdn.example/0"),), error=TaskError("no"))
    task = Task(1, "p", 0, "video", "v", 0, 0, 0, ending=Ending.DONE, snapshot=snapshot)
    assert parts(task) == (Part(OutboxKind.HEADER),)
