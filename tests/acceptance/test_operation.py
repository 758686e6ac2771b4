"""Starting, stopping, health and secrets, as an operator meets them."""

import asyncio
import json
import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.servers import PERSON
from tests.acceptance.sky import locked
from tests.acceptance.watcher import free_port, watching
from tests.acceptance.world import World, delivered, until

Json = dict[str, Any]

CANNOT_START = 2


async def _says(world: World, words: str) -> bool:
    return words in world.log()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TELEGRAM_BOT_TOKEN": ""}, "TELEGRAM_BOT_TOKEN is not set"),
        ({"TELEGRAM_BOT_TOKEN": "4242424242:WrongWrongWrongWrongWrongWrong00"}, "TELEGRAM_BOT_TOKEN"),
        ({"ALLOWED_TELEGRAM_USER_IDS": "12,bob"}, "ALLOWED_TELEGRAM_USER_IDS"),
        ({"DATABASE_URL": "sqlite:////proc/nowhere/rushes.db"}, "DATABASE_URL"),
        ({"APIPOD_BASE_URL": "nonsense"}, "APIPOD_BASE_URL"),
    ],
)
async def test_a_wrong_setting_is_one_sentence_and_no_traceback(
    world: World, changes: dict[str, str], said: str
) -> None:
    bot = await world.launch_bot(LOG_LEVEL="INFO", **changes)
    assert await bot.wait() == CANNOT_START
    lines = world.log().strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert "WrongWrong" not in lines[0]


async def test_a_second_bot_on_the_same_database_does_not_start(world: World) -> None:
    await world.launch_bot(LOG_LEVEL="INFO")

    await until(lambda: _says(world, "is running"))
    second = await world.launch_bot(LOG_LEVEL="INFO")
    assert await second.wait() == CANNOT_START
    assert "Another Rushes runs" in world.log()


async def test_a_lock_that_a_killed_bot_leaves_for_a_moment_is_waited_for(world: World) -> None:
    with locked(Path(f"{world.database}.lock")):
        await world.start_bot()

        await asyncio.sleep(1.0)
        assert "Another Rushes" not in world.log()
    await until(lambda: _says(world, "is running"))


async def test_a_port_that_is_taken_is_one_sentence(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bot = await world.launch_bot(LOG_LEVEL="WARNING", HTTP_PORT=str(taken.getsockname()[1]))
        assert await bot.wait() == CANNOT_START
    assert "HTTP_PORT" in world.log()
    assert "Traceback" not in world.log()


async def test_health_tells_whether_the_bot_is_at_work(world: World) -> None:
    port = free_port()
    await world.launch_bot(HTTP_PORT=str(port))
    async with watching(port) as watcher:
        for path in ("/healthz", "/readyz"):
            assert await until(partial(watcher.says, path, 200)) == {"ok": True, "problems": {}}


async def test_telegram_that_is_away_at_the_start_is_waited_for(world: World) -> None:
    person = await world.person()
    await person.tell("faults", method="getMe", kind="502_html", times=2)
    await world.launch_bot()
    await person.say("/help")

    async def answered() -> bool:
        return len(await person.messages()) > 1

    await until(answered)


@pytest.mark.parametrize(
    "fault", [{"code": 401, "description": "Unauthorized"}, {"code": 409, "description": "Conflict"}]
)
async def test_updates_come_again_after_telegram_refused_them(world: World, fault: Json) -> None:
    person = await world.person()
    await person.tell("faults", method="getUpdates", kind="error", times=2, **fault)
    await world.launch_bot()
    await person.say("/help")

    async def answered() -> bool:
        return len(await person.messages()) > 1

    await until(answered)


async def test_a_whole_life_at_debug_is_json_line_by_line_and_shows_no_secret(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.5, last_frame="noon-last-frame.png", link_life=600)
    await person.tell("tasks", provider="ai_nebula", id="v1", pace=0.5, fetch=True)
    await person.tell("tasks", provider="apipod", id="i1", kind="image", outputs=["dawn.png", "noon.png"], pace=0.5)
    await person.tell("tasks", provider="apipod", id="f1", end="failed", pace=0.5)
    await world.launch_bot(LOG_FORMAT="json")
    for command in ("t1", "v1", "i1", "f1", "nobody", "../x", ""):
        await person.say(f"/track {command}")
    for command in ("/list", "/help", "/start", "/untrack f1"):
        await person.say(command)

    await delivered(person, 4, patience=60)
    told = [json.loads(line) for line in world.log().splitlines()]
    assert all({"timestamp", "level", "logger", "event"} <= event.keys() for event in told)
    (done,) = [event for event in told if event.get("task") == "t1" and event.get("state") == "succeeded"]
    assert (done["event"], done["provider"], done["ending"]) == ("task changed", "token360", "done")
    first, *_ = [event for event in told if event.get("task") == "t1" and event.get("kind") == "result"]
    assert (first["event"], first["chat"], first["provider"]) == ("delivered", PERSON, "token360")
    # The fixture looks for secrets everywhere; here only that the gateways were asked as they should be.
    assert not any(call.get("authorization") for call in (await person.ask("gateway-calls"))["calls"])
    keys = [call["key_right"] for call in (await person.ask("gateway-calls"))["calls"] if call["provider"] != "cdn"]
    assert all(keys)
