"""`python -m bot query` and `providers` as processes of their own, and gateways that only a file describes."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.servers import Origins, key_of
from tests.acceptance.world import World, delivered

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
NOBODY_ELSE = dict.fromkeys(("APIPOD_API_KEY", "TOKEN360_API_KEY", "OCTOPUSX_API_KEY", "AI_NEBULA_API_KEY"), "")
FIELDS = {
    "provider",
    "task_id",
    "state",
    "raw_status",
    "progress",
    "outputs",
    "needs_fetch",
    "error",
    "model",
    "prompt",
    "created_at",
    "updated_at",
    "completed_at",
}


async def ask(world: World, *arguments: str, **changes: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error; without a token for Telegram, which asking does not need."""
    settings = {name: value for name, value in world.environment.items() if not name.startswith("TELEGRAM")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings, **changes},
        cwd=world.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def answer(world: World, *arguments: str, **changes: str) -> tuple[int, Json]:
    status, out, err = await ask(world, "query", *arguments, "--json", **changes)
    assert err == ""
    assert "sesame" not in out
    found: Json = json.loads(out)
    return status, found


async def test_a_task_is_found_wherever_it_is(world: World) -> None:
    person = await world.person()
    for provider in ("apipod", "token360", "octopusx", "ai_nebula"):
        await person.tell("tasks", provider=provider, id=f"task-{provider}", pace=600)
        status, found = await answer(world, f"task-{provider}")
        assert (status, set(found)) == (0, FIELDS)
        assert (found["provider"], found["task_id"]) == (provider, f"task-{provider}")
        assert (found["outputs"], found["error"], found["needs_fetch"]) == ([], None, False)
        assert found["state"] in {"queued", "running"}


async def test_an_end_is_told_with_its_files_or_its_reason(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="good", pace=0)
    await person.tell(
        "tasks", provider="token360", id="bad", end="failed", error={"code": 7, "message": "no cats today"}, pace=0
    )
    status, good = await answer(world, "good", "--provider", "Token360")
    assert (status, good["state"], good["progress"]) == (0, "succeeded", 100)
    assert [output["kind"] for output in good["outputs"]] == ["video"]
    assert good["outputs"][0]["url"].startswith(world.origins.cdn)
    status, bad = await answer(world, "bad", "--kind", "video")
    assert (status, bad["state"]) == (0, "failed")
    assert set(bad["error"]) == {"code", "message"}
    assert bad["error"]["message"]

    status, out, err = await ask(world, "query", "good")
    assert (status, err) == (0, "")
    assert "state       succeeded" in out
    assert "UTC" in out


async def test_a_question_that_failed_is_no_task_that_failed(world: World) -> None:
    status, found = await answer(world, "nobody-knows-this")
    assert (status, set(found)) == (3, {"provider", "task_id", "query_error", "http", "message"})
    assert found["query_error"] == "not_found"
    status, found = await answer(world, "x1", "--provider", "apipod", APIPOD_API_KEY="sk-wrong-key-000")
    assert (status, found["provider"], found["query_error"]) == (3, "apipod", "auth")
    assert "sk-wrong-key-000" not in json.dumps(found)
    status, found = await answer(world, "x1", "--provider", "apipod", APIPOD_BASE_URL="http://127.0.0.1:9")
    assert (status, found["query_error"], found["http"]) == (3, "transient", None)


@pytest.mark.parametrize(
    ("arguments", "changes", "said"),
    [
        (["../../v1/models"], {}, "cannot be a task ID"),
        ([""], {}, "cannot be a task ID"),
        (["a\x01b"], {}, "cannot be a task ID"),
        (["x1", "--provider", "nowhere"], {}, "No provider nowhere"),
        (["x1", "--provider", "octopusx"], {"OCTOPUSX_API_KEY": ""}, "No provider octopusx with a key"),
        (["x1", "--provider", "token360", "--kind", "image"], {}, "kind image"),
        (["x1"], {"APIPOD_BASE_URL": "nonsense"}, "APIPOD_BASE_URL"),
        (["x1"], {"PROVIDERS_FILE": "/none.toml"}, "/none.toml can not be read"),
        (["x1"], NOBODY_ELSE, "No provider has a key"),
    ],
)
async def test_a_mistake_is_one_sentence_and_asks_nobody(
    world: World, arguments: list[str], changes: dict[str, str], said: str
) -> None:
    status, out, err = await ask(world, "query", *arguments, "--json", **changes)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert (await (await world.person()).ask("gateway-calls"))["calls"] == []


async def test_what_is_set_up_is_shown_without_keys(world: World) -> None:
    status, out, err = await ask(world, "providers", OCTOPUSX_API_KEY="", TOKEN360_API_KEY="sk-first-key-1111,short")
    assert (status, err) == (0, "")
    assert "apipod · APIPod" in out
    assert "/v1/images/status/{id}" in out
    assert "…1111, … (TOKEN360_API_KEY)" in out
    assert "off: OCTOPUSX_API_KEY is not set" in out
    assert "/v1/video/generations/download (json)" in out
    for key in ("sk-first", "short", "sesame"):
        assert key not in out


def described(origins: Origins) -> str:
    """Gateways of the sandbox under other names, in the words of an operator."""
    return f"""
[providers.mine]
title = "My relay"
base_url = "{origins.gateways["apipod"]}"
api_key_env = "MY_RELAY_KEY"
query = {{ path = "/v1/videos/status/{{id}}" }}
root = "data"
ok = "code == `200`"
map = {{ status = "status" }}
outputs = [{{ kind = "video", urls = "result[]" }}]
poll = {{ first = 0.2, max = 0.4 }}
[providers.mine.variants.image]
query = {{ path = "/v1/images/status/{{id}}" }}
outputs = [{{ kind = "image", urls = "result[]" }}]

[providers.house]
preset = "newapi"
base_url = "{origins.gateways["ai_nebula"]}"
api_key_env = "HOUSE_KEY"
fetch = {{ path = "/v1/video/generations/download", params = {{ id = "{{id}}" }}, mode = "json" }}
"""


@pytest.fixture
def file(world: World) -> dict[str, str]:
    path = world.folder / "providers.toml"
    path.write_text(described(world.origins))
    keys = {"MY_RELAY_KEY": key_of("apipod"), "HOUSE_KEY": key_of("ai_nebula")}
    return {**NOBODY_ELSE, "PROVIDERS_FILE": str(path), **keys}


async def test_a_gateway_from_the_file_is_asked_like_any_other(world: World, file: dict[str, str]) -> None:
    person = await world.person()
    await person.tell("tasks", provider="apipod", id="p1", kind="image", outputs=["dawn.png", "noon.png"], pace=0)
    status, found = await answer(world, "p1", **file)
    assert (status, found["provider"], found["state"]) == (0, "mine", "succeeded")
    assert [output["kind"] for output in found["outputs"]] == ["image", "image"]
    status, found = await answer(world, "nobody-knows-this", "--provider", "MINE", **file)
    assert (status, found["provider"], found["query_error"]) == (3, "mine", "not_found")
    status, out, _ = await ask(world, "providers", **file)
    assert (status, "mine · My relay" in out, "MY_RELAY_KEY" in out) == (0, True, True)


async def test_gateways_from_the_file_deliver(world: World, file: dict[str, str]) -> None:
    person = await world.person()
    await person.tell("tasks", provider="apipod", id="v1", pace=0.3)
    await person.tell("tasks", provider="ai_nebula", id="video_sora_1", pace=0.3, fetch=True)
    await world.start_bot(**file)
    await person.say("/track v1")
    await person.say("/track video_sora_1 house")

    shown = await delivered(person, 2)
    assert len(shown) == 2
    captions = " ".join(message["caption"] for message in shown)
    assert "My relay" in captions
    assert "house" in captions


async def test_a_mistake_in_the_file_stops_the_start(world: World, file: dict[str, str]) -> None:
    path = world.folder / "broken.toml"
    path.write_text(described(world.origins).replace('root = "data"', 'root = "data["'))
    file["PROVIDERS_FILE"] = str(path)
    bot = await world.start_bot(**file)
    assert await bot.wait() == 2
    (line,) = world.log().strip().splitlines()
    assert f"{path}: providers.mine.root: is not JMESPath" in line
