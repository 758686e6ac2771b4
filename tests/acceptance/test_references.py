"""What people paste: many IDs, addresses, JSON, curl lines, replies, bare IDs. And their keys are kept nowhere."""

import json
from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.world import World, card_of, delivered, texts_of_bot, until

Json = dict[str, Any]

AT_APIPOD = "11111111-7da1-4128-8e30-7ea3d81446b3"
AT_TOKEN360 = "vid_8k2m4x9q"
AT_OCTOPUSX = "sora-2:task_01k74ynm13exf9ha36zz7820hv"
KEY = "sk-4f9A0bC1dE2fG3hI4jK5lM6"


async def stuck(person: Player, provider: str, task_id: str) -> None:
    await person.tell("tasks", provider=provider, id=task_id, end="stuck")


async def answers_to(person: Player, message_id: int) -> list[str]:
    return [m["text"] for m in await person.messages() if m["reply_to"] == message_id and not m["media"]]


async def told(person: Player, message_id: int, words: str) -> str:
    async def look() -> str:
        return next((text for text in await answers_to(person, message_id) if words in text), "")

    return await until(look)


async def watched(person: Player, task_id: str, title: str) -> Json:
    """The card of the task, once the provider has answered for it."""

    async def look() -> Json | None:
        card = card_of(await person.messages(), task_id)
        return card if card and title in card["text"] else None

    card = await until(look)
    assert card is not None
    return card


async def listed(person: Player) -> str:
    command = await person.say("/list")

    async def look() -> str:
        return "\n".join(await answers_to(person, command))

    return await until(look)


def on_disk(world: World) -> bytes:
    """The database with everything that lies beside it, the log of what is not merged into it yet included."""
    paths = [path for path in world.database.parent.glob("rushes.db*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in paths)
    return b"".join(path.read_bytes() for path in paths)


async def test_many_ids_of_two_providers_in_one_message(world: World) -> None:
    person = await world.person()
    await stuck(person, "apipod", AT_APIPOD)
    await stuck(person, "token360", AT_TOKEN360)
    await world.start_bot()
    command = await person.say(f"/track {AT_APIPOD}, {AT_TOKEN360} {AT_APIPOD}")
    assert (await watched(person, AT_APIPOD, "APIPod"))["reply_to"] == command
    assert (await watched(person, AT_TOKEN360, "Token360"))["reply_to"] == command
    assert len(texts_of_bot(await person.messages())) == 2

    again = await person.say(f"/track {AT_APIPOD}\n{AT_TOKEN360}")
    await told(person, again, f"Already watching these 2, their cards are further up: {AT_APIPOD}, {AT_TOKEN360}")
    ended = await person.say(f"/untrack {AT_APIPOD} {AT_TOKEN360} task_12345678")
    text = await told(person, ended, f"Stopped watching these 2: {AT_APIPOD}, {AT_TOKEN360}.")
    assert "does not watch task_12345678" in text
    assert (len(await answers_to(person, again)), len(await answers_to(person, ended))) == (1, 1)


async def test_a_provider_counts_for_its_lines(world: World) -> None:
    person = await world.person()
    await stuck(person, "token360", "t1")
    await world.start_bot()
    await person.say("/track token360\nt1\nt2 octopusx")
    await watched(person, "t1", "Token360")
    await watched(person, "t2", "OctopusX")
    assert {call["provider"] for call in await world.questions("t1")} == {"token360"}
    assert {call["provider"] for call in await world.questions("t2")} == {"octopusx"}


async def test_one_mistake_among_many_ids_asks_nobody(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    for text in (
        f"{AT_APIPOD} ../../v1/models",
        f"{AT_APIPOD}\r\nX-Injected: 1",
        f"{AT_APIPOD} https://evil.example/v1/videos/{AT_APIPOD}?key=secret",
        " ".join(f"task_{number:08d}" for number in range(21)),
    ):
        answer = await told(person, await person.say(f"/track {text}"), "")
        assert "secret" not in answer
    assert (await listed(person)).startswith("Nothing is watched")
    assert (await person.ask("gateway-calls"))["calls"] == []


async def test_an_address_of_a_gateway_says_whom_to_ask(world: World) -> None:
    person = await world.person()
    await stuck(person, "octopusx", AT_OCTOPUSX)
    await world.start_bot()
    address = f"{world.origins.gateways['octopusx']}/v1/video/query?id={AT_OCTOPUSX.replace(':', '%3A')}"
    await person.say(f"/track {address}")
    await watched(person, AT_OCTOPUSX, "OctopusX")
    assert {call["provider"] for call in await world.questions(AT_OCTOPUSX)} == {"octopusx"}


async def test_the_answer_of_a_create_call_from_a_phone(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="apipod", id=AT_APIPOD, pace=0.3)
    await world.start_bot()
    await person.say(f"/track {{“code”: 200, “message”: “success”,\n“data”: {{“task_id”: “{AT_APIPOD}”}}}}")

    await delivered(person)


@pytest.mark.parametrize("command", ["/track ", ""])
async def test_a_curl_line_is_followed_and_its_key_is_kept_nowhere(world: World, command: str) -> None:
    person = await world.person()
    await stuck(person, "apipod", AT_APIPOD)
    bot = await world.start_bot()
    address = f"{world.origins.gateways['apipod']}/v1/videos/status/{AT_APIPOD}"
    line = f"curl -s '{address}' \\\n  -H 'Authorization: Bearer {KEY}' \\\n  -H 'X-Other-Secret: 7f3a9c2e1b00'"
    sent = await person.say(command + line)
    await watched(person, AT_APIPOD, "APIPod")
    text = await told(person, sent, "holds an API key")
    assert "delete the message" in text
    for secret in (KEY, "7f3a9c2e1b00"):
        assert secret not in world.log()
        assert secret not in json.dumps([call["params"] for call in await world.calls()])
        assert secret.encode() not in on_disk(world)
    await bot.kill()
    await world.start_bot()
    assert AT_APIPOD in await listed(person)


async def test_a_curl_line_that_makes_a_task_is_told_from_its_answer(world: World) -> None:
    person = await world.person()
    await stuck(person, "apipod", AT_APIPOD)
    await world.start_bot()
    line = f'curl {world.origins.gateways["apipod"]}/v1/videos/generations -d \'{{"model": "sora-2"}}\''
    sent = await person.say(f"/track {line}")
    await told(person, sent, "Send the answer that you got to it")
    await person.say(f'/track {line}\n{{"code": 200, "data": {{"task_id": "{AT_APIPOD}"}}}}')
    await watched(person, AT_APIPOD, "APIPod")


async def test_a_key_in_place_of_an_id_goes_nowhere(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    sent = await person.say(f"/track {KEY}")
    await told(person, sent, "a key is none")
    assert (await person.ask("gateway-calls"))["calls"] == []
    assert KEY.encode() not in on_disk(world)


async def test_a_reply_to_a_message_that_holds_an_id(world: World) -> None:
    person = await world.person()
    await stuck(person, "token360", AT_TOKEN360)
    await world.start_bot()
    first = await person.say(f"this one, made with seedance-2.0: {AT_TOKEN360}")  # in private that is enough
    card = await watched(person, AT_TOKEN360, "Token360")
    for replied in (first, card["message_id"]):
        again = await person.say("/track", reply_to_message_id=replied)
        await told(person, again, f"Already watching {AT_TOKEN360}")
    picked = await person.say("/untrack", reply_to_message_id=first, quote=AT_TOKEN360)
    await told(person, picked, f"Stopped watching {AT_TOKEN360}")
    lost = await person.say("/track", reply_to_message_id=await person.say("/help"))
    await told(person, lost, "no task ID in the message that you replied to")


async def test_in_a_group_a_reply_works_and_talk_is_left_alone(world: World) -> None:
    group = await world.person(-500, user_id=1001)
    await stuck(group, "token360", AT_TOKEN360)
    await world.start_bot()
    said = await group.say(AT_TOKEN360)
    assert (await listed(group)).startswith("Nothing is watched")
    assert len(texts_of_bot(await group.messages())) == 1
    await group.say("/track token360", reply_to_message_id=said)
    await watched(group, AT_TOKEN360, "Token360")
    assert {call["provider"] for call in await world.questions(AT_TOKEN360)} == {"token360"}


async def test_a_bare_id_in_private_is_enough_and_talk_gets_the_old_answer(world: World) -> None:
    person = await world.person()
    await stuck(person, "token360", AT_TOKEN360)
    await world.start_bot()
    sent = await person.say(AT_TOKEN360)
    assert (await watched(person, AT_TOKEN360, "Token360"))["reply_to"] == sent
    talk = await person.say("what about seedance-2.0 at Token360?")
    assert (await told(person, talk, "")).startswith("Send /track ID")


async def test_a_caption_is_a_text(world: World) -> None:
    person = await world.person()
    await stuck(person, "token360", "t1")
    await world.start_bot()
    sent = await person.say("", caption="/track t1 token360")
    assert (await watched(person, "t1", "Token360"))["reply_to"] == sent


async def test_the_answers_in_chinese(world: World) -> None:
    person = await world.person()
    await world.start_bot(DEFAULT_LANGUAGE="zh")
    sent = await person.say("/untrack task_12345678 task_87654321")
    await told(person, sent, "本聊天没有跟踪这 2 个，或者已不再跟踪：task_12345678、task_87654321")
