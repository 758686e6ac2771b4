"""The oracle is a check that can fail."""

from copy import deepcopy
from typing import Any

import pytest

from tests.oracle import complaints

Json = dict[str, Any]

CHAT: Json = {"id": 7, "type": "private", "first_name": "Ada"}
MESSAGE: Json = {
    "message_id": 3,
    "from": {"id": 1, "is_bot": True, "first_name": "Rushes"},
    "chat": CHAT,
    "date": 1_700_000_000,
    "text": "x",
}
KEYBOARD: Json = {"inline_keyboard": [[{"text": "Stop", "callback_data": "stop:1"}]]}
FILE: Json = {"file": "dawn.mp4", "size": 9, "sha256": "00"}
UPDATE: Json = {
    "update_id": 1,
    "callback_query": {
        "id": "1",
        "from": {"id": 7, "is_bot": False, "first_name": "Ada"},
        "message": {**MESSAGE, "reply_markup": KEYBOARD},
        "chat_instance": "7",
        "data": "stop:1",
    },
}
TEXT: Json = {"chat_id": 7, "text": "x"}


def call(method: str, params: Json | None, result: Any = None, **more: Any) -> Json:
    return {"n": 4, "method": method, "params": params, "status": 200, "answer": {"ok": True, "result": result}, **more}


def refused(**answer: Any) -> Json:
    said = {"ok": False, "error_code": 400, "description": "Bad Request: no", **answer}
    return call("sendMessage", TEXT, status=400, answer=said)


def changed(value: Json, path: str, new: Any) -> Json:
    """A copy in which `path` leads to `new`."""
    copy = deepcopy(value)
    inner: Any = copy
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        inner = inner[step]
    inner[last] = new
    return copy


FULL: Json = {**TEXT, "parse_mode": "HTML", "reply_markup": KEYBOARD, "reply_parameters": {"message_id": 2}}
ALBUM: Json = {
    "chat_id": 7,
    "media": [
        {"type": "video", "media": "attach://one", "thumbnail": "attach://two", "width": 4},
        {"type": "photo", "media": "AgACx", "caption": "x"},
    ],
    "one": FILE,
    "two": FILE,
}


@pytest.mark.parametrize(
    "good",
    [
        call("sendMessage", FULL, MESSAGE),
        call("sendMessage", {**TEXT, "text": "attach://no-file"}, MESSAGE),
        call("sendMessage", {**TEXT, "text": f"<b>{'&lt;' * 4096}</b>", "parse_mode": "HTML"}, MESSAGE),
        call("sendVideo", {"chat_id": 7, "video": FILE, "thumbnail": FILE, "supports_streaming": True}, MESSAGE),
        call("sendVideo", {"chat_id": 7, "video": "attach://one", "one": FILE}, MESSAGE),
        call("sendMediaGroup", ALBUM, [MESSAGE, MESSAGE]),
        call("editMessageMedia", {"chat_id": 7, "message_id": 3, "media": ALBUM["media"][1]}, MESSAGE),
        call("editMessageText", {**TEXT, "message_id": 3}, True),
        call("getUpdates", {"offset": 0, "timeout": 30, "allowed_updates": ["message"]}, [UPDATE]),
        call("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": 7}}, True),
        call("sendMessage", TEXT, status=None, answer=None),
        call("sendMessage", TEXT, status=502, answer="<html>"),
        call("sendMessage", None, MESSAGE),
        refused(),
        refused(parameters={"retry_after": 3}),
    ],
)
def test_it_has_nothing_against_what_is_right(good: Json) -> None:
    assert complaints([good]) == []


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("colour", "red", "colour: unknown field"),
        ("chat_id", None, "chat_id.int: Input should be a valid integer"),
        ("text", 5, "text: Input should be a valid string"),
        ("text", "", "text has the size 0, not 1 to 4096"),
        ("text", "<i></i> ", "text has the size 0, not 1 to 4096"),
        ("text", "x" * 4097, "text has the size 4097, not 1 to 4096"),
        ("text", "😀" * 2049, "text has the size 4098, not 1 to 4096"),
        ("disable_notification", "true", "disable_notification: bool expected, not 'true'"),
        ("message_thread_id", True, "message_thread_id: int expected, not True"),
        ("message_thread_id", "9", "message_thread_id: int expected, not '9'"),
        ("parse_mode", None, "parse_mode: null instead of being left out"),
        ("reply_parameters.message_id", "2", "reply_parameters.message_id: int expected, not '2'"),
        ("reply_parameters.mesage_id", 2, "reply_parameters.mesage_id: unknown field"),
        ("reply_markup.inline_keyboard.0.0.calback_data", "x", "inline_keyboard[0][0].calback_data: unknown field"),
        ("reply_markup.inline_keyboard.0.0.callback_data", "x" * 65, "callback_data has the size 65, not 1 to 64"),
        ("reply_markup.inline_keyboard.0.0.callback_data", "é" * 33, "callback_data has the size 66, not 1 to 64"),
        ("reply_markup.inline_keyboard.0.0.callback_data", "", "callback_data has the size 0, not 1 to 64"),
        ("reply_markup.inline_keyboard.0.0.copy_text", {"text": "x" * 257}, "copy_text has the size 257, not 1 to 256"),
    ],
)
def test_it_finds_what_is_wrong_with_a_request(path: str, value: Any, what: str) -> None:
    complaint = complaints([call("sendMessage", changed(FULL, path, value), MESSAGE)])[0]
    assert complaint.startswith("#4 sendMessage: ")
    assert what in complaint


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("media", ALBUM["media"][:1], "media has the size 1, not 2 to 10"),
        ("media.1.caption", "x" * 1025, "caption has the size 1025, not 0 to 1024"),
        ("media.0.media", "attach://three", "attach://three has no file"),
        ("media.0.media", "AgACx", "the file one is attached to nothing"),
        ("media.0.width", "wide", "width: Input should be a valid integer"),
        ("media.0.widht", 4, "media[0].widht: unknown field"),
        ("media.0.type", "hologram", "type: Input should be"),
        ("three", FILE, "the file three is attached to nothing"),
    ],
)
def test_it_finds_what_is_wrong_with_an_album(path: str, value: Any, what: str) -> None:
    lines = complaints([call("sendMediaGroup", changed(ALBUM, path, value), [MESSAGE])])
    assert any(what in line for line in lines)


def test_it_misses_what_has_to_be_there() -> None:
    assert complaints([call("sendVideo", {"chat_id": 7}, MESSAGE)]) == ["#4 sendVideo: video: Field required"]


def test_it_knows_the_methods() -> None:
    assert complaints([call("sendMesage", TEXT, MESSAGE)]) == ["#4 sendMesage: unknown method"]


@pytest.mark.parametrize(
    ("method", "params", "result", "what"),
    [
        ("sendMessage", TEXT, True, "value: Input should be a valid dictionary"),
        ("sendMessage", TEXT, {**MESSAGE, "form": 1}, "form: unknown field"),
        ("sendMessage", TEXT, changed(MESSAGE, "chat.titel", "x"), "chat.titel: unknown field"),
        ("sendMessage", TEXT, {**MESSAGE, "date": "2026-01-01"}, "date: datetime expected, not '2026-01-01'"),
        ("sendMessage", TEXT, {**MESSAGE, "message_id": "3"}, "message_id: int expected, not '3'"),
        ("sendMessage", TEXT, {**MESSAGE, "caption": None}, "caption: null instead of being left out"),
        ("sendMessage", TEXT, {**MESSAGE, "from_user": MESSAGE["from"]}, "from_user: unknown field"),
        ("sendMediaGroup", ALBUM, MESSAGE, "Input should be a valid list"),
        ("getUpdates", {}, [changed(UPDATE, "callback_query.message.id", 1)], "[0].callback_query.message.id: unknown"),
        ("setMyCommands", {"commands": []}, 1, "value: bool expected, not 1"),
        ("getMe", {}, {"id": 1, "is_bot": True}, "first_name: Field required"),
    ],
)
def test_it_finds_what_is_wrong_with_a_result(method: str, params: Json, result: Any, what: str) -> None:
    (complaint,) = complaints([call(method, params, result)])
    assert complaint.startswith(f"#4 {method}: answer: ")
    assert what in complaint


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (call("getMe", {}, answer={"ok": True}), "answer has the fields ['ok']"),
        (refused(error_code=403), "refusal with the status 400 and the error_code 403"),
        (refused(description=None), "refusal without ok false and a description"),
        (refused(reason="x"), "refusal has the unknown field reason"),
        (refused(parameters={"retry_afer": 3}), "refusal's parameters: retry_afer: unknown field"),
        (refused(parameters={"retry_after": "3"}), "refusal's parameters: retry_after: int expected, not '3'"),
    ],
)
def test_it_finds_what_is_wrong_with_an_answer(bad: Json, what: str) -> None:
    assert [line.partition(": ")[2] for line in complaints([bad])] == [what]


def test_every_call_is_judged() -> None:
    calls = [call("getMe", {}, None, n=1), call("getMe", {"x": 1}, None, n=2), call("nothing", {}, n=3)]
    assert [line.split(":")[0] for line in complaints(calls)] == [
        "#1 getMe",
        "#2 getMe",
        "#2 getMe",
        "#3 nothing",
    ]
