import asyncio
import base64
import hashlib
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from sandbox.media import Media
from sandbox.player import Player
from sandbox.scenarios import End, Scenario, Step, scenario_from
from sandbox.servers import Origins, key_of

Json = dict[str, Any]

PATHS: Mapping[tuple[str, str], str] = {
    ("apipod", "video"): "/v1/videos/status/{id}",
    ("apipod", "image"): "/v1/images/status/{id}",
    ("token360", "video"): "/v1/videos/{id}",
    ("octopusx", "video"): "/v1/video/query?id={id}",
    ("ai_nebula", "video"): "/v1/video/generations/{id}",
}
ENDPOINTS = pytest.mark.parametrize(("provider", "kind"), list(PATHS))


class Asker:
    """Asks gateways as a client with the right key does."""

    def __init__(self, origins: Origins, session: aiohttp.ClientSession) -> None:
        self.origins = origins
        self.session = session

    def question(self, provider: str, path: str, key: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {key or key_of(provider)}"}
        return self.session.get(f"{self.origins.gateways[provider]}{path}", headers=headers)

    async def ask(self, provider: str, kind: str = "video", task_id: str = "t-1", key: str | None = None) -> Any:
        async with self.question(provider, PATHS[provider, kind].format(id=task_id), key) as answer:
            return answer.status, await answer.json()


@pytest.fixture
def asker(origins: Origins, web: aiohttp.ClientSession) -> Asker:
    return Asker(origins, web)


def near(moment: float) -> bool:
    return abs(time.time() - moment) < 5


# A task that is over


async def finished(asker: Asker, person: Player, provider: str, **more: Any) -> Any:
    await person.tell("tasks", provider=provider, id="t-1", pace=0, **more)
    return await asker.ask(provider, more.get("kind", "video"))


async def test_apipod_hands_out_a_video(asker: Asker, person: Player) -> None:
    status, body = await finished(asker, person, "apipod")
    assert near(body["data"].pop("completed_at"))
    url = f"{asker.origins.cdn}/files/dawn.mp4"
    assert (status, body) == (
        200,
        {"code": 200, "message": "success", "data": {"task_id": "t-1", "status": "completed", "result": [url]}},
    )


async def test_apipod_hands_out_pictures_from_another_path(asker: Asker, person: Player) -> None:
    _, body = await finished(asker, person, "apipod", kind="image", outputs=["dawn.png", "noon.png"])
    assert body["data"]["result"] == [f"{asker.origins.cdn}/files/{name}" for name in ("dawn.png", "noon.png")]
    assert (await asker.ask("apipod", "video"))[1]["code"] == 404


async def test_token360_hands_out_a_video_and_its_last_frame(asker: Asker, person: Player) -> None:
    status, body = await finished(asker, person, "token360", last_frame="noon-last-frame.png")
    url = f"{asker.origins.cdn}/files/dawn.mp4"
    assert status == 200
    assert near(body["created_at"])
    assert near(body["updated_at"])
    facts = ("id", "object", "status", "progress", "url", "video_url", "content")
    assert {name: body[name] for name in facts} == {
        "id": "t-1",
        "object": "video",
        "status": "completed",
        "progress": 100,
        "url": url,
        "video_url": url,
        "content": {"last_frame_url": f"{asker.origins.cdn}/files/noon-last-frame.png"},
    }


async def test_octopusx_forgets_the_prefix_of_the_id(asker: Asker, person: Player) -> None:
    await person.tell("tasks", provider="octopusx", id="sora-2:task_9", pace=0)
    status, body = await asker.ask("octopusx", task_id="sora-2:task_9")
    assert near(body.pop("status_update_time") / 1000)
    assert (status, body) == (
        200,
        {
            "id": "task_9",
            "status": "completed",
            "video_url": f"{asker.origins.cdn}/files/dawn.mp4",
            "enhanced_prompt": "",
        },
    )


async def test_ai_nebula_hands_out_a_url(asker: Asker, person: Player) -> None:
    assert await finished(asker, person, "ai_nebula") == (
        200,
        {"task_id": "t-1", "status": "succeeded", "format": "mp4", "url": f"{asker.origins.cdn}/files/dawn.mp4"},
    )


async def test_ai_nebula_hands_out_bytes_at_a_second_request(asker: Asker, person: Player, media: Media) -> None:
    _, body = await finished(asker, person, "ai_nebula", fetch=True, outputs=["night.mp4"])
    assert "url" not in body
    assert body["metadata"]["model"] == "sora-2"
    async with asker.question("ai_nebula", "/v1/video/generations/download?id=t-1") as answer:
        file = await answer.json()
    data = base64.b64decode(file["base64"])
    assert hashlib.sha256(data).hexdigest() == media.sha256("night.mp4")
    assert (file["task_id"], file["size"]) == ("t-1", len(data))
    assert file["data_url"] == f"data:video/mp4;base64,{file['base64']}"


async def test_the_second_request_may_come_too_early(asker: Asker, person: Player) -> None:
    await person.tell("tasks", provider="ai_nebula", id="t-1", pace=60, fetch=True)
    async with asker.question("ai_nebula", "/v1/video/generations/download?id=t-1") as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["message"].startswith("Task is not completed yet")
    async with asker.question("ai_nebula", "/v1/video/generations/download?id=none") as answer:
        assert (await answer.json())["code"] == "task_not_exist"


FAILED: Mapping[str, Json] = {
    "apipod": {"data": {"task_id": "t-1", "status": "failed", "result": None, "error": "no cats"}},
    "token360": {"status": "failed", "error": {"message": "no cats"}},
    "octopusx": {"status": "failed", "error": {"message": "no cats"}, "video_url": None},
    "ai_nebula": {"status": "failed", "error": {"message": "no cats"}},
}


@pytest.mark.parametrize("provider", FAILED)
async def test_a_failed_task_says_why(asker: Asker, person: Player, provider: str) -> None:
    status, body = await finished(asker, person, provider, end="failed", error={"message": "no cats"})
    assert status == 200
    assert body.items() >= FAILED[provider].items()


# Every task


async def test_a_task_moves_from_its_first_question_on(asker: Asker, person: Player) -> None:
    for provider, kind in PATHS:
        await person.tell("tasks", provider=provider, id=f"t-{kind}", kind=kind, pace=0.4)
    await asyncio.sleep(0.5)
    for words in await asyncio.gather(*(until_over(asker, provider, kind) for provider, kind in PATHS)):
        assert words[0] in {"pending", "queued"}
        assert {"processing", "in_progress"} & set(words)
        assert words[-1] in {"completed", "succeeded"}


async def until_over(asker: Asker, provider: str, kind: str) -> list[str]:
    words: list[str] = []
    while len(words) < 50 and (not words or words[-1] not in {"completed", "succeeded"}):
        _, body = await asker.ask(provider, kind, f"t-{kind}")
        words.append(body.get("data", body)["status"])
        await asyncio.sleep(0.02)
    return words


@pytest.mark.parametrize(
    ("provider", "kind", "status", "body"),
    [
        ("apipod", "video", 200, {"code": 404, "message": "task not found", "data": None}),
        ("apipod", "image", 200, {"code": 404, "message": "task not found", "data": None}),
        ("token360", "video", 404, {"error": {"code": "not_found", "message": "Video task not found"}}),
        ("octopusx", "video", 400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
        ("ai_nebula", "video", 400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
    ],
)
async def test_nobody_knows_the_id(asker: Asker, provider: str, kind: str, status: int, body: Json) -> None:
    assert await asker.ask(provider, kind, "none") == (status, body)


@ENDPOINTS
async def test_a_wrong_key_opens_nothing_and_moves_nothing(
    asker: Asker, person: Player, provider: str, kind: str
) -> None:
    await person.tell("tasks", provider=provider, id="t-1", kind=kind, missing=1, pace=0)
    status, body = await asker.ask(provider, kind, key="sk-sandbox-another")
    assert status == 401
    assert "t-1" not in str(body)
    call = (await person.ask("gateway-calls"))["calls"][-1]
    assert (call["provider"], call["task_id"], call["key_right"], call["status"]) == (provider, "t-1", False, 401)
    assert "sesame" not in str(call)
    assert "data" not in (await asker.ask(provider, kind))[1] or provider in {"apipod", "octopusx", "ai_nebula"}
    assert (await asker.ask(provider, kind))[0] == 200


async def test_the_log_tells_questions_apart(asker: Asker, person: Player) -> None:
    await asker.ask("octopusx", task_id="a:b")
    await asker.ask("token360", task_id="c")
    calls = (await person.ask("gateway-calls?since=1"))["calls"]
    assert [(call["n"], call["provider"], call["path"]) for call in calls] == [(2, "token360", "/v1/videos/c")]
    first = (await person.ask("gateway-calls"))["calls"][0]
    assert (first["query"], first["method"], first["key_right"]) == ({"id": "a:b"}, "GET", True)
    assert "Authorization" in first["headers"]


# Scenarios


async def test_a_scenario_may_say_anything(asker: Asker, person: Player) -> None:
    states = [{"after": 0, "status": "dreaming", "progress": 7}]
    await person.tell("tasks", provider="token360", id="t-1", end="stuck", states=states, extra={"model": None})
    _, body = await asker.ask("token360")
    assert (body["status"], body["progress"], body["model"]) == ("dreaming", 7, None)
    await person.tell("tasks", provider="token360", id="t-1", raw={"status": 503, "body": {"any": ["thing"]}})
    assert await asker.ask("token360") == (503, {"any": ["thing"]})


async def test_a_scenario_may_answer_html(asker: Asker, person: Player) -> None:
    await person.tell("tasks", provider="token360", id="t-1", raw={"body": "<html>"})
    async with asker.question("token360", "/v1/videos/t-1") as answer:
        assert (answer.status, answer.content_type, await answer.text()) == (200, "text/html", "<html>")


async def test_a_task_may_be_unknown_at_first(asker: Asker, person: Player) -> None:
    await person.tell("tasks", provider="token360", id="t-1", missing=2)
    assert [(await asker.ask("token360"))[0] for _ in range(3)] == [404, 404, 200]


async def test_values_that_are_no_file_go_out_as_they_are(asker: Asker, person: Player) -> None:
    _, body = await finished(asker, person, "apipod", outputs=["https://example.org/x.mp4", "data:,x"])
    assert body["data"]["result"] == ["https://example.org/x.mp4", "data:,x"]


def test_the_timetable_of_a_scenario() -> None:
    scenario = Scenario("token360", "x", pace=4)
    assert [scenario.at(moment).status for moment in (0, 0.9, 1, 3.9, 4)] == [
        "queued",
        "queued",
        "in_progress",
        "in_progress",
        "completed",
    ]
    assert [scenario.is_over(moment) for moment in (3.9, 4)] == [False, True]
    stuck = Scenario("token360", "x", end=End.STUCK, pace=0)
    assert (stuck.at(99).status, stuck.is_over(99)) == ("in_progress", False)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "provider"),
        ({"provider": "nobody", "id": "x"}, "provider"),
        ({"provider": "apipod", "id": "x", "pase": 3}, "unknown fields: pase"),
        ({"provider": "apipod", "id": "x", "end": "soon"}, "soon"),
        ({"provider": "apipod", "id": "x", "states": [{"after": 1, "status": "x"}]}, "begins after 0"),
    ],
)
def test_scenarios_that_make_no_sense(body: Json, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        scenario_from(body)


def test_states_come_in_order() -> None:
    states = [{"after": 0, "status": "a"}, {"after": 9, "status": "c"}, {"after": 5, "status": "b", "progress": 50}]
    scenario = scenario_from({"provider": "apipod", "id": "x", "states": states})
    assert scenario.timetable() == (Step(0.0, "a"), Step(5.0, "b", 50), Step(9.0, "c"))


# Trouble


async def test_a_gateway_limits_its_callers(asker: Asker, person: Player) -> None:
    await person.tell("gateway-faults", provider="token360", kind="429", retry_after=9, times=2)
    for _ in range(2):
        async with asker.question("token360", "/v1/videos/vid_stuck1") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "9")
    assert (await asker.ask("token360", task_id="vid_stuck1"))[0] == 200
    calls = (await person.ask("gateway-calls"))["calls"]
    assert [call["fault"] for call in calls] == ["429", "429", None]


async def test_a_gateway_is_unwell(asker: Asker, person: Player) -> None:
    await person.tell("gateway-faults", provider="apipod", kind="status")
    assert (await asker.ask("apipod"))[0] == 500
    await person.tell("gateway-faults", provider="apipod", kind="status", status=403, body={"no": 1})
    assert await asker.ask("apipod") == (403, {"no": 1})


async def test_a_wall_of_html_stands_before_the_gateway(asker: Asker, person: Player) -> None:
    await person.tell("gateway-faults", provider="octopusx", id="t-1", kind="html", status=403)
    assert (await asker.ask("octopusx", task_id="another"))[0] == 400
    async with asker.question("octopusx", "/v1/video/query?id=t-1") as answer:
        assert (answer.status, answer.content_type) == (403, "text/html")
        assert "Just a moment" in await answer.text()


async def test_an_answer_as_it_is_ordered(asker: Asker, person: Player) -> None:
    order = {"status": 418, "headers": {"Retry-After": "soon"}, "body": '{"half":'}
    await person.tell("gateway-faults", provider="octopusx", kind="raw", **order)
    async with asker.question("octopusx", "/v1/video/query?id=t-1") as answer:
        assert (answer.status, answer.headers["Retry-After"], await answer.text()) == (418, "soon", '{"half":')


@pytest.mark.parametrize(
    ("order", "broken"),
    [
        ({"kind": "reset"}, aiohttp.ServerDisconnectedError),
        ({"kind": "hang", "seconds": 0.1}, aiohttp.ServerDisconnectedError),
        ({"kind": "hang", "seconds": 30}, TimeoutError),
        ({"kind": "drip", "seconds": 0.1}, aiohttp.ClientPayloadError),
        ({"kind": "cut"}, aiohttp.ClientPayloadError),
        ({"kind": "drip", "seconds": 30}, TimeoutError),
    ],
)
async def test_answers_that_never_come_whole(
    asker: Asker, person: Player, order: Json, broken: type[Exception]
) -> None:
    # Twice, because aiohttp's client asks again by itself when a connection breaks before the answer.
    await person.tell("gateway-faults", provider="ai_nebula", times=2, **order)

    async def ask() -> None:
        # Whoever waits for an end that comes has time for it, however busy the machine is.
        patience = 0.3 if broken is TimeoutError else 30
        async with asyncio.timeout(patience), asker.question("ai_nebula", "/v1/video/generations/t-1") as answer:
            await answer.read()

    with pytest.raises(broken):
        await ask()
    await person.take_back("gateway-faults")
    assert (await asker.ask("ai_nebula"))[0] == 400
