from bot.intake.keys import mask
from bot.intake.resources import task_resource
from bot.text import programs as words
from bot.tracking.model import Ending, Task
from bot.tracking.programs import Program, Secrets, digest_of, is_token, read_callback
from providers.base import Output, OutputKind, Snapshot, State, TaskError

PROGRAM = Program(7, -100, 3, 1001, "seed", 1_700_000_000.0)
SECRETS = Secrets("123:bot", "https://bot.example")


def ended(state: State, *outputs: Output, error: TaskError | None = None) -> Task:
    snapshot = Snapshot(state, outputs=outputs, error=error, progress=100, model="m")
    return Task(1, "token360", 0, "video", "t1", 0.0, 1.5, 9.0, snapshot=snapshot, ending=Ending.DONE)


def test_a_token_is_made_from_the_row_and_a_key_that_is_not_in_it() -> None:
    token = SECRETS.token("seed")
    assert is_token(token)
    assert token == Secrets("123:bot", None).token("seed")
    others = {Secrets("123:other", None).token("seed"), SECRETS.token("other"), token.upper()}
    assert token not in others
    assert len(digest_of(token)) == 64


def test_a_token_that_somebody_pastes_is_blanked() -> None:
    for token in (SECRETS.token("seed"), "rushes_" + "x" * 43):
        assert mask(f"/track {token}") == f"/track {'█' * len(token)}"


def test_an_address_for_callbacks_is_the_programs_own_and_no_token() -> None:
    url = SECRETS.callback_url(PROGRAM)
    assert url is not None
    assert Secrets("123:bot", None).callback_url(PROGRAM) is None
    base, _, path = url.rpartition("/")
    assert base == "https://bot.example/callback"
    read = read_callback(path)
    assert read is not None
    number, proof = read
    assert (number, proof in SECRETS.token("seed")) == (7, False)
    assert SECRETS.is_callback(PROGRAM, proof)
    for wrong in (None, Program(8, -100, 3, 1001, "seed", 0.0), Program(7, -100, 3, 1001, "x", 0.0)):
        assert not SECRETS.is_callback(wrong, proof)
    assert not Secrets("123:other", None).is_callback(PROGRAM, proof)
    for text in ("", "7", "7-", f"0{path}", f"{path}x", path.replace("-", "_", 1), f"{'9' * 19}-{proof}", f"-{path}"):
        assert read_callback(text) is None


def test_a_token_is_told_with_a_way_to_the_panel_only_where_it_is_for() -> None:
    here = words.token(PROGRAM, SECRETS, "en", is_here=True)
    elsewhere = words.token(PROGRAM, SECRETS, "en", is_here=False)
    assert [len(here.buttons), len(elsewhere.buttons)] == [2, 1]
    assert all(SECRETS.token("seed") in message.html for message in (here, elsewhere))
    assert "seed" not in words.panel([PROGRAM], "en").html
    assert len(words.panel([PROGRAM], "en").buttons) == 2
    assert len(words.panel([PROGRAM, PROGRAM], "en").buttons) == 4


def test_what_programs_see_of_a_result_is_what_people_could_open() -> None:
    task = ended(
        State.SUCCEEDED,
        Output(OutputKind.VIDEO, "https://cdn.example/a.mp4"),
        Output(OutputKind.VIDEO, "https://gateway.example/v1/videos/t1/content", needs_auth=True),
        Output(OutputKind.IMAGE, "data:image/png;base64,AAAA"),
        Output(OutputKind.THUMBNAIL, "https://cdn.example/a.png"),
    )
    seen = task_resource(task)
    assert [output["url"] for output in seen["outputs"]] == ["https://cdn.example/a.mp4", None, None]
    assert (seen["created_at"], seen["changed_at"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01.500Z")


def test_what_programs_see_of_a_failure_has_a_kind_and_no_request_id() -> None:
    error = TaskError("The prompt violates our content policy (request id: 20260101abcdef)", "E1")
    seen = task_resource(ended(State.FAILED, error=error))["error"]
    assert seen == {"kind": "moderation", "message": "The prompt violates our content policy", "code": "E1"}
