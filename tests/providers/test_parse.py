import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import QueryError, QueryErrorKind, Snapshot, State
from providers.outputs import usable_url
from providers.parse import parse
from providers.quantities import epoch_seconds, percent
from providers.scrub import without_request_id
from providers.vocabulary import STATES, state_of
from tests.providers.bodies import as_bytes

GOLDEN = Path(__file__).with_name("golden")
RUNNING = {
    "id": "task_1",
    "task_id": "task_1",
    "object": "video",
    "model": "m",
    "status": "in_progress",
    "progress": "50%",
    "created_at": 1760000000,
    "video_url": None,
    "error": None,
    "metadata": {"url": ""},
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    "status",
    "state",
    "data",
    "code",
    "message",
    "error",
    "url",
    "result",
    "output",
    "progress",
    "id",
    "task_id",
    "created_at",
    "fail_reason",
    "metadata",
    "detail",
    "video",
    "done",
    "base_resp",
    "model",
    "prompt",
    "input",
)
names = st.sampled_from(NAMES)
answers = st.dictionaries(names, json_values | st.dictionaries(names, json_values, max_size=6), max_size=8)
prose = st.text(max_size=30).filter(lambda text: not state_of(text).is_terminal)


def read(body: Any, status: int = 200, **more: Any) -> Snapshot | QueryError:
    return parse("video", status, more.pop("headers", {}), as_bytes(body), **more)


def snapshot(body: Any, status: int = 200, **more: Any) -> Snapshot:
    found = read(body, status, **more)
    assert isinstance(found, Snapshot)
    return found


def error(body: Any, status: int = 200, **more: Any) -> QueryError:
    found = read(body, status, **more)
    assert isinstance(found, QueryError)
    return found


def is_terminal(found: Snapshot | QueryError) -> bool:
    return isinstance(found, Snapshot) and found.state.is_terminal


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_are_survived_and_end_nothing(body: bytes, status: int) -> None:
    assert not is_terminal(read(body, status))


@settings(max_examples=250, deadline=None)
@given(answers, st.integers(100, 599), st.dictionaries(st.sampled_from(["Retry-After", "Date"]), st.text()))
def test_any_json_is_survived_and_what_comes_out_can_be_stored(body: Any, status: int, headers: dict[str, str]) -> None:
    found = read(body, status, headers=headers, has_fetch=True, now=0.0)
    repr(found).encode("utf-8")
    if isinstance(found, Snapshot):
        assert found.progress is None or 0 <= found.progress <= 100
    else:
        assert len(found.message) <= 500


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(RUNNING)), json_values | prose, st.integers(100, 599))
def test_a_running_answer_with_one_field_changed_ends_nothing(name: str, value: Any, status: int) -> None:
    if isinstance(value, str) and state_of(value).is_terminal:
        return
    body = {**RUNNING, name: value}
    assert not is_terminal(read(body, status))
    assert not is_terminal(read({"code": status, "message": "", "data": body}))


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(sorted(RUNNING))), st.integers(0, 120))
def test_a_running_answer_with_fields_missing_or_cut_ends_nothing(missing: set[str], length: int) -> None:
    body = {name: value for name, value in RUNNING.items() if name not in missing}
    assert not is_terminal(read(body))
    assert not is_terminal(read(json.dumps(body).encode()[:length]))


@settings(max_examples=300, deadline=None)
@given(prose)
def test_a_word_outside_the_vocabulary_ends_nothing(word: str) -> None:
    assert not is_terminal(read({"id": "x", "status": word, "url": "https://cdn.example/v.mp4"}))


@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_words_are_known_in_every_spelling(word: str, state: State) -> None:
    camel = "".join(part.title() for part in word.split("_"))
    for spelling in (word, word.upper(), f" {word} ", word.replace("_", "-"), word.replace("_", " "), camel):
        assert snapshot({"id": "x", "status": spelling}).state is state


@pytest.mark.parametrize("status", [200, 202, 400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("code", [200, 400, 500, "weird"])
def test_a_terminal_word_outweighs_code_and_http_status(status: int, code: Any) -> None:
    task = {"task_id": "x", "status": "failed"}
    assert snapshot({"code": code, "data": task}, status).state is State.FAILED
    assert snapshot(task, status).state is State.FAILED


@pytest.mark.parametrize("word", ["error", "fail", "success", "ok"])
def test_words_of_requests_need_a_task_beside_them(word: str) -> None:
    assert not is_terminal(read({"status": word, "message": "no"}, 500))
    assert not is_terminal(read({"status": word, "data": {"status": "queued"}}))
    assert is_terminal(read({"status": word, "task_id": "x"}))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"status": "error", "message": "Too many requests"}, QueryErrorKind.RATE_LIMITED),
        ({"status": "error", "message": "Oops"}, QueryErrorKind.TRANSIENT),
        ({"status": "fail", "data": {}}, QueryErrorKind.TRANSIENT),
        ({"code": False, "message": "invalid token"}, QueryErrorKind.AUTH),
        ({"error": True, "message": "余额不足"}, QueryErrorKind.PAYMENT),
        ({"error": {"": ""}, "message": "任务不存在", "code": 7}, QueryErrorKind.NOT_FOUND),
        ({"id": "x", "status": "running", "code": 429}, QueryErrorKind.RATE_LIMITED),
        ({"error": [{"message": "API key not found"}]}, QueryErrorKind.AUTH),
    ],
)
def test_a_question_that_was_turned_down_is_an_error(body: Any, kind: QueryErrorKind) -> None:
    assert error(body).kind is kind


def test_an_odd_code_does_not_discredit_a_known_state() -> None:
    assert snapshot({"id": "x", "status": "running", "code": "A7"}).state is State.RUNNING


def test_a_trouble_that_a_running_task_reports_is_its_own() -> None:
    found = snapshot({"id": "x", "status": "running", "fail_reason": "upstream timeout, trying again"})
    assert found.error is None


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("99999999999", 86400.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("Mon, 01 Jan 99999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, wait: float | None) -> None:
    headers = {"RETRY-AFTER": text, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert error(b"", 429, headers=headers).retry_after == wait


def test_a_date_without_the_servers_clock_counts_from_ours() -> None:
    headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}
    assert error(b"", 503, headers=headers, now=1792567700.0).retry_after == 10.0
    assert error(b"", 503, headers=headers).retry_after is None


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12.0),
        ({"openai-poll-after-ms": "2500"}, 2.5),
        ({"OpenAI-Poll-After-Ms": "-1"}, 0.0),
        ({"openai-poll-after-ms": "soon"}, None),
        ({"openai-poll-after-ms": "2500", "Retry-After": "12"}, 12.0),
    ],
)
def test_a_usable_answer_may_say_too_when_it_wants_the_next_question(
    headers: dict[str, str], wait: float | None
) -> None:
    found = parse("video", 200, headers, b'{"id": "v", "status": "queued"}')
    assert isinstance(found, Snapshot)
    assert (found.state, found.ask_after) == (State.QUEUED, wait)


@pytest.mark.parametrize(
    "text",
    [
        "bad key sk-LEAKME1234567890",
        "Bearer LEAKME1234567890 is not known",
        "api_key=LEAKME1234567890",
        'your "token": "LEAKME1234567890"',
        "sk-\u200bLEAKME1234567890",
        "https://x.example/?key=LEAKME1234567890",
        "AIzaLEAKME12345678901234567890",
        "can not read https://cdn.example/a.png?X-Amz-Signature=LEAKME1234567890&X-Amz-Expires=3600",
        "can not reach http://admin:LEAKME12@upstream.example/v1",
        "Incorrect API key provided: LEAKME1234567890abcdef. You can find it elsewhere",
        "无效的令牌：LEAKME1234567890abcdef",
        "Authorization: Basic LEAKME1234567890",
        "AKIALEAKME1234567890 is not authorised",
    ],
)
def test_keys_in_messages_are_masked(text: str) -> None:
    for found in (error({"error": text}, 401), error(text.encode(), 401), error({"error": {"code": text}}, 401)):
        assert "LEAKME" not in repr(found)
    assert "LEAKME" not in repr(snapshot({"id": "x", "status": "failed", "error": text}))
    assert "LEAKME" not in repr(snapshot({"id": "x", "status": text}))


def test_words_that_only_resemble_keys_stay() -> None:
    assert error({"error": "risk-free task-based token limit"}, 400).message == "risk-free task-based token limit"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("无效的令牌 (request id: 20250607080910)", "无效的令牌"),
        ("No such model. Request id: 02177", "No such model."),
        ("blocked, request_id=3f2a-99 (see the rules)", "blocked (see the rules)"),
        ("生成失败（请求ID：a1b2c3）", "生成失败"),
        ("[trace id 7f00] overloaded", "overloaded"),
        ("the request id is missing", "the request id is missing"),
        ("request 12 of 20 failed", "request 12 of 20 failed"),
    ],
)
def test_a_request_id_is_left_out_where_it_helps_nobody(said: str, shown: str) -> None:
    assert without_request_id(said) == shown


def test_texts_are_cleaned_and_cut() -> None:
    dirty = "a\0b\u202ec\ud800d\ne\u200bf" + "x" * 5000
    found = snapshot({"id": dirty, "status": "failed", "error": dirty, "model": dirty, "prompt": dirty})
    assert found.error
    assert found.error.message.startswith("abcd ef")
    assert (len(found.error.message), len(found.prompt or ""), len(found.task_id or "")) == (500, 2000, 512)
    repr(found).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"detail":{"pending_info":1,' * 900 + b'"x":1' + b"}}" * 900,
        b'{"status":"failed","error":' + b'{"error":' * 900 + b"1" + b"}" * 900 + b"}",
        b'{"status":"a","progress":' + b"9" * 5000 + b"}",
        b'{"status":"a","progress":1e999,"created_at":1e999}',
        b'{"status":"a","progress":NaN,"created_at":-Infinity}',
        b'{"status":"\\ud800"}',
        b'\xef\xbb\xbf{"status":"queued"}',
        '{"status":"queued"}'.encode("utf-16"),
        b'{"status":"queued","message":"\xff\xfe cut \xe4\xbd"}',
        b'{"status":{"$ne":1}}',
        b'{"status":["completed"]}',
        b'{"status":true}',
        b'"completed"',
        b"[]",
        b"null",
        b'{"status":"comp\\u0000leted","id":"x"}',
    ],
)
def test_hostile_bodies_end_nothing(body: bytes) -> None:
    found = read(body)
    assert not is_terminal(found) or b'"failed"' in body
    if b"queued" in body:
        assert isinstance(found, Snapshot)
        assert found.state is State.QUEUED


def test_somebody_elses_id_is_told_and_left_to_the_caller() -> None:
    body = {
        "code": 200,
        "data": {"task_id": "SOMEONE-ELSES", "status": "completed", "result": ["https://c.test/a.mp4"]},
    }
    assert snapshot(body).task_id == "SOMEONE-ELSES"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1762010621, 1762010621),
        (1762010621123, 1762010621),
        ("1762010621123456", 1762010621),
        (1762010621123456789, 1762010621),
        ("2025-11-08T23:07:57.510141923+08:00", 1762614477),
        ("2025-11-08T15:07:57Z", 1762614477),
        ("2025-06-06 10:30:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        (0, None),
        (True, None),
        (1e308, None),
        (10**400, None),
        ("", None),
        ("--5", None),
        ("1_0", None),
        ("\ud800", None),
        (None, None),
    ],
)
def test_times(value: Any, seconds: int | None) -> None:
    found = epoch_seconds(value)
    assert (None if found is None else int(found)) == seconds


@pytest.mark.parametrize(
    ("value", "fraction", "want"),
    [
        (50, False, 50),
        ("50%", False, 50),
        ("0", False, 0),
        (0.29, False, 29),
        (1.0, False, 100),
        (1, False, 1),
        (1, True, 100),
        ("0.5%", False, 0),
        (0.93, True, 93),
        (93, True, 93),
        (-50, False, None),
        (5000, False, None),
        (float("nan"), False, None),
        ("done", False, None),
        (True, False, None),
        ({}, False, None),
    ],
)
def test_percentages(value: Any, fraction: bool, want: int | None) -> None:
    assert percent(value, fraction=fraction) == want


@pytest.mark.parametrize(
    "text",
    [
        "",
        "your-video-url",
        "/relative.mp4",
        "//cdn.example/v.mp4",
        "https://",
        "https:///x",
        "http:\\\\x\\",
        "https://cdn.example/v.mp4 is broken",
        "https://cdn.example/\u202ev.mp4",
        "https://cdn.example/\ud800",
        "https://cdn.example/" + "a" * 9000,
        "ftp://cdn.example/v.mp4",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html;base64,AAAA",
        "data:video/mp4",
    ],
)
def test_what_is_no_usable_url(text: str) -> None:
    assert usable_url(text) is None


@pytest.mark.parametrize(
    "text", ["https://c.test/v", "HTTP://C.TEST", "http://[::1]:8/x", "data:image/png;base64,AA=="]
)
def test_what_is_a_usable_url(text: str) -> None:
    assert usable_url(text) == text


def test_outputs_are_bounded() -> None:
    many = {
        "id": "x",
        "status": "completed",
        "result": [[f"https://c.test/{i}/{j}" for i in range(99)] for j in range(99)],
    }
    assert len(snapshot(many).outputs) == 64


def test_an_ordinary_answer_costs_little() -> None:
    lines = (GOLDEN / "documented.jsonl").read_text(encoding="utf-8").splitlines()
    bodies = [json.dumps(json.loads(line)["body"]).encode() for line in lines]
    best = min(_seconds_for(bodies) for _ in range(5))
    # Measured at 20 to 60 µs; the bound only catches a change of kind on a slow machine.
    assert best / len(bodies) < 500e-6


def _seconds_for(bodies: list[bytes]) -> float:
    start = time.perf_counter()
    for body in bodies:
        parse("video", 200, {}, body)
    return time.perf_counter() - start
