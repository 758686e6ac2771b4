"""Where a secret might get out; the fixture `world` looks for each of them everywhere, after every test."""

from sandbox.servers import key_of
from tests.acceptance.world import World, card_shows, delivered, until

KEY = key_of("token360")
# Each says in another place what only a request should hold.
ECHOES: dict[str, dict[str, object]] = {
    "t1": {"status": "running", "model": f"model-{KEY}", "prompt": f"a prompt with {KEY} in it"},
    "t2": {"status": f"word-{KEY}"},
    "t3": {"status": "failed", "error": {"message": f"{KEY} is out of credit", "code": KEY}},
    "t4": {"status": "failed", "fail_reason": f"key%20{KEY}"},
}


async def test_a_gateway_that_repeats_our_key_finds_no_echo(world: World) -> None:
    person = await world.person()
    for task_id, body in ECHOES.items():
        await person.tell(
            "tasks", provider="token360", id=task_id, raw={"status": 200, "body": {"id": task_id, **body}}
        )
    link = {"id": "t5", "status": "completed", "video_url": f"{world.origins.cdn}/files/noon.mp4?key={KEY}"}
    await person.tell("tasks", provider="token360", id="t5", raw={"status": 200, "body": link})
    await world.start_bot()
    for task_id in (*ECHOES, "t5"):
        await person.say(f"/track {task_id} token360")

    await card_shows(person, "t1", "t1")
    await card_shows(person, "t3", "ailed")
    await card_shows(person, "t4", "ailed")
    await delivered(person)
    await person.say("/status t1")

    async def panel() -> bool:
        return "What happened" in str(await person.messages())

    await until(panel)


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
    assert "Nobody knows …" in world.log()
