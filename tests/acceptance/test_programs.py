"""The way in for programs: tokens made in chats, and what comes of the calls that they make."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.acceptance.world import World, card_shows, delivered

Json = dict[str, Any]


@pytest.fixture
async def front(world: World) -> AsyncIterator[Front]:
    port = free_port()
    world.environment["HTTP_PORT"] = str(port)
    world.environment["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:
        yield Front(session, port)


async def test_a_program_tracks_a_task_in_the_chat_of_its_token(world: World, front: Front) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.5)
    await world.start_bot()
    token = await made(person)
    assert (await front.call("POST", "/v1/track", json={"id": "t1"}))[0] == 401
    status, task = await front.track(token, "t1")
    assert (status, task["id"], task["ending"]) == (201, "t1", None)
    status, task = await front.track(token, "t1", provider="token360", kind="video")
    assert status in {200, 201}
    await delivered(person)
    await card_shows(person, "t1", "✅")
    status, task, _ = await front.call("GET", "/v1/tasks/t1", token)
    assert (status, task["state"], task["ending"], task["provider"]) == (200, "succeeded", "done", "token360")
    assert task["outputs"][0]["kind"] == "video"
    status, task = await front.track(token, "t1")
    assert status == 200
