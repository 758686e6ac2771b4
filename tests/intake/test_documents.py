import json
from typing import Any

import pytest

from bot.intake.documents import documents, id_of, links_in, tasks_in


def ids(text: str) -> list[str]:
    return [id_of(task) for document in documents(text) for task in tasks_in(document.value)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"code": 200, "message": "success", "data": {"task_id": "2f03"}}, ["2f03"]),
        ({"id": "vid1", "object": "video", "status": "queued", "model": "seedance-2.0"}, ["vid1"]),
        (
            {"task_id": "video_69", "status": "submitted", "metadata": {"id": "upstream_1", "status": "queued"}},
            ["video_69"],
        ),
        ({"id": "video_1", "status": "queued", "metadata": {"task_id": "upstream_1"}}, ["video_1"]),
        ({"code": "success", "data": {"id": 7, "task_id": "task_AbC", "status": "SUCCESS"}}, ["task_AbC"]),
        (
            {"code": 0, "request_id": "r1", "data": {"task_id": "866889456698785798", "task_status": "submitted"}},
            ["866889456698785798"],
        ),
        ({"code": 0, "data": {"task_id": 866889456698785798}}, ["866889456698785798"]),
        ({"id": "log-1", "output": {"task_id": "v1"}}, ["v1"]),
        ({"request_id": "r1", "output": {"task_id": "v1", "task_status": "PENDING"}}, ["v1"]),
        ({"id": "log-1", "code": 200, "data": [{"status": "submitted", "task_id": "v1"}]}, ["v1"]),
        ({"data": {"taskId": "v1"}, "msg": "success"}, ["v1"]),
        ({"result": {"generationId": "v1"}}, ["v1"]),
        ({"output": {"id": "v1"}}, ["v1"]),
        ({"requestId": "v1"}, ["v1"]),
        ({"uuid": "v1", "jobs": {"subscription_key": "k"}}, ["v1"]),
        ({"name": "models/veo-3/operations/abc"}, ["models/veo-3/operations/abc"]),
        ({"name": "a cat"}, [""]),
        ({"task_id": "", "id": None, "video_id": "v1"}, ["v1"]),
        ({"task_id": True}, [""]),
        ({"model": "sora-2", "prompt": "x", "input": {"task_id": "sent-in"}}, [""]),
        ({"data": [{"task_id": "v1"}, {"task_id": "v2"}]}, ["v1", "v2"]),
        ({"data": {"tasks": [{"id": "v1"}, {"id": "v2"}]}, "total": 2}, ["v1", "v2"]),
        ({"task_id": "v1", "task_result": {"videos": [{"id": "1"}, {"id": "2"}]}}, ["v1"]),
        ([{"id": "v1"}, {"id": "v2"}], ["v1", "v2"]),
        ({}, []),
    ],
)
def test_the_id_of_an_answer(answer: Any, expected: list[str]) -> None:
    assert ids(json.dumps(answer)) == expected
    assert ids(f"```json\n{json.dumps(answer, indent=2)}\n```") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{“task_id”: “v1”}", ["v1"]),
        ("{'task_id': 'v1', 'ok': True}", ["v1"]),
        ('{"task_id": "v1",}', ["v1"]),
        ('{"code": 200, "data": {"id": "log", "task_id": "v1", "sta', ["v1"]),
        ('{"code": 200, "data": {"id": "log", "task_id": "v1', ["log"]),
        ('{"task_id": 12345', [""]),
        ('{"task_id": 12345, "x', ["12345"]),
        ('{\\"task_id\\": \\"v1\\"}', ["v1"]),
        ('{"prompt": "say {“hi”} and \\"}\\"", "task_id": "v1"}', ["v1"]),
        ('{"task_id": "v1"} and {"task_id": "v2"}', ["v1", "v2"]),
        ('{"a": ' + "9" * 5000 + ', "task_id": "v1"}', ["v1"]),
        ('{"a":' * 3000, [""]),
        ("{task_id}", []),
        ("{ }", []),
    ],
)
def test_json_that_is_none_any_more(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


def test_links_that_say_where_to_ask() -> None:
    answer = {
        "status_url": "https://a.example/s",
        "urls": {"get": "https://a.example/g", "cancel": "https://a.example/c"},
        "prompt": "https://a.example/p",
        "input": {"image_url": "https://a.example/i"},
        "video_url": "",
    }
    (document,) = documents(json.dumps(answer))
    assert list(links_in(document.value)) == ["https://a.example/s", "https://a.example/g", "https://a.example/c"]
