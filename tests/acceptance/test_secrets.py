"""Where a secret might get out; the fixture `world` looks for each of them everywhere, after every test."""

import pytest

from sandbox.servers import key_of
from tests.acceptance.world import World, card_shows, delivered, until

KEY = key_of("token360")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"status": "running", "model": f"model-{KEY}", "prompt": f"a prompt with {KEY} in it"}, "t1"),
        ({"status": f"word-{KEY}"}, "t1"),
        ({"status": "failed", "error": {"message": f"{KEY} is out of credit", "code": KEY}}, "ailed"),
        ({"status": "failed", "fail_reason": f"key%20{KEY}"}, "ailed"),
    ],
)
async def test_a_gateway_that_repeats_our_key_finds_no_echo(world: World, body: dict[str, object], shown: str) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", raw={"status": 200, "body": {"id": "t1", **body}})
    await world.start_bot()
    await person.say("/track t1 token360")
    await card_shows(person, "t1", shown)
    await person.say("/status t1")


async def test_a_rejected_key_is_not_repeated_to_the_admins(world: World) -> None:
    person, admin = await world.person(), await world.operator()
    refusal = {"error": {"message": f"Nobody knows {KEY}", "type": "invalid_api_key"}}
    await person.tell("tasks", provider="token360", id="t1", raw={"status": 401, "body": refusal})
    await world.start_bot()
    await admin.say("/help")
    await person.say("/track t1 token360")

    async def told() -> bool:
        return "TOKEN360_API_KEY" in str(await admin.messages())

    await until(told)


async def test_a_link_that_holds_our_key_is_never_shown(world: World) -> None:
    person = await world.person()
    link = f"{world.origins.cdn}/files/noon.mp4?key={KEY}"
    body = {"id": "t1", "status": "completed", "video_url": link}
    await person.tell("tasks", provider="token360", id="t1", raw={"status": 200, "body": body})
    await world.start_bot()
    await person.say("/track t1 token360")
    await delivered(person)
