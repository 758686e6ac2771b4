"""Bad input, strangers, wrong keys and sick gateways: one clear sentence, and nothing lost or changed."""

from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.world import World, card_shows, delivered, texts_of_bot, until

Json = dict[str, Any]


async def answer_to(person: Player, command: int) -> Json:
    async def look() -> Json | None:
        return next((m for m in await person.messages() if m["reply_to"] == command), None)

    found = await until(look)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/track", "Which ID?"),
        ("/track ../../x", "cannot be a task ID"),
        ("/track " + "x" * 600, "cannot be a task ID"),
        ("/track a\u0007b", "I do not know b"),  # Telegram makes a space of a control character
        ("/track task\u200b_1", "cannot be a task ID"),
        ("/track <b>", "cannot be a task ID"),
        ("/track t1 nowhere", "I do not know nowhere"),
        ("/track t1 <b>bold</b>", "I do not know <b>bold</b>"),
        ("/track t1 video image", "image contradicts a word beside it"),
        ("/track https://evil.example/v1/videos/task_12345678?key=abc", "evil.example is no gateway"),
        ("/track https://evil.example@10.0.0.1/task_12345678", "10.0.0.1 is no gateway"),
        ('/track {"prompt": "a cat"}', "no task ID in that JSON"),
        ("/track Bearer abcdefgh1", "a key is none"),
        ("/track " + " ".join(f"t{number}" for number in range(21)), "That is 21 IDs, and I take 20"),
        ("/untrack", "Which ID?"),
        ("/untrack ../x", "cannot be a task ID"),
        ("/untrack t1", "does not watch t1"),
    ],
)
async def test_a_mistake_is_answered_and_changes_nothing(world: World, command: str, said: str) -> None:
    person = await world.person()
    await world.start_bot()
    answer = await answer_to(person, await person.say(command))
    assert said in answer["text"]
    listed = await answer_to(person, await person.say("/list"))
    assert listed["text"].startswith("Nothing is watched")
    assert (await person.ask("gateway-calls"))["calls"] == []


async def test_an_id_that_nobody_knows_gets_one_sentence_and_leaves_nothing(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    command = await person.say("/track task_01knobodyknowsthisone")

    card = await card_shows(person, "task_01knobodyknowsthisone", "No provider here knows this ID")
    assert card["reply_to"] == command
    assert "another account" in card["text"]
    asked = {call["provider"] for call in await world.questions("task_01knobodyknowsthisone")}
    assert asked == {"apipod", "token360", "octopusx", "ai_nebula"}
    listed = await answer_to(person, await person.say("/list"))
    assert listed["text"].startswith("Nothing is watched")
    assert len([m for m in await person.messages() if m["from_bot"]]) == 2


async def test_an_id_that_becomes_known_a_moment_later_is_followed(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", missing=2, pace=0.3)
    await world.start_bot()
    await person.say("/track t1")

    await delivered(person)


async def test_a_stranger_is_told_the_id_and_nothing_is_stored(world: World) -> None:
    stranger = await world.person(666_123)
    await world.start_bot()
    answer = await answer_to(stranger, await stranger.say("/track vid_ofastranger"))
    assert "666123" in answer["text"]
    assert answer["text"].count(".") == 2
    for command in ("/list", "/start", "hello"):
        await stranger.say(command)
    person = await world.person()
    await answer_to(person, await person.say("/help"))
    assert len(texts_of_bot(await stranger.messages())) == 1
    assert (await person.ask("gateway-calls"))["calls"] == []
    for path in world.database.parent.glob("rushes.db*"):
        content = path.read_bytes() if path.is_file() else b""
        assert b"vid_ofastranger" not in content
        assert b"666123" not in content


async def test_in_a_group_only_commands_are_anybodys_business(world: World) -> None:
    group = await world.person(-500, user_id=1001)
    stranger = await world.person(-500, user_id=6666)
    await world.start_bot()
    await group.say("nice weather")
    await stranger.say("indeed")
    await stranger.say("/track@another_bot x")
    refused = await answer_to(stranger, await stranger.say("/track@rushes_sandbox_bot x"))
    assert "6666" in refused["text"]
    answer = await answer_to(group, await group.say("/list"))
    assert answer["text"].startswith("Nothing is watched")
    assert len(texts_of_bot(await group.messages())) == 2


async def test_an_allowed_group_lets_everybody_in_it_in(world: World) -> None:
    member = await world.person(-500, user_id=6666)
    await world.start_bot(ALLOWED_TELEGRAM_CHAT_IDS="-500")
    answer = await answer_to(member, await member.say("/list"))
    assert answer["text"].startswith("Nothing is watched")


async def test_a_wrong_key_is_told_to_the_operator_once_and_the_task_is_kept(world: World) -> None:
    person, operator = await world.person(), await world.operator()
    await operator.say("/start")  # a bot may not begin a conversation
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    bot = await world.start_bot(TOKEN360_API_KEY="sk-not-the-right-one")
    await person.say("/track t1 token360")
    await person.say("/track t2 token360")

    await card_shows(person, "t1", "does not accept the bot's key")

    async def told() -> list[str]:
        return [text for text in texts_of_bot(await operator.messages()) if "Token360 rejects" in text]

    (notice,) = await until(told)
    assert "Token360 rejects its key" in notice
    assert "TOKEN360_API_KEY" in notice
    listed = await answer_to(person, await person.say("/list"))
    assert "t1" in listed["text"]
    assert "TOKEN360_API_KEY" in world.log()
    await bot.stop()

    await world.start_bot()

    await delivered(person)

    async def back() -> bool:
        return any("works again" in text for text in texts_of_bot(await operator.messages()))

    await until(back)
    assert len(await told()) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "html"}, "something that is no task status"),
        ({"kind": "status", "status": 503}, "does not answer properly"),
        ({"kind": "reset"}, "does not answer properly"),
    ],
)
async def test_a_sick_gateway_is_said_to_be_sick_and_the_task_goes_on(world: World, fault: Json, said: str) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await person.tell("gateway-faults", provider="token360", times=12, **fault)
    await world.start_bot()
    await person.say("/track t1 token360")

    await card_shows(person, "t1", said)

    await delivered(person)


async def test_a_gateway_that_asks_for_patience_gets_it(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await person.tell("gateway-faults", provider="token360", kind="429", retry_after=2)
    await world.start_bot()
    await person.say("/track t1 token360")

    await delivered(person)
    first, second, *_ = [call["time"] for call in await world.questions("t1")]
    assert second - first >= 2


async def test_one_dead_gateway_does_not_hold_up_the_others(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await person.tell("gateway-faults", provider="octopusx", kind="hang", seconds=30, times=50)
    await world.start_bot()
    await person.say("/track x1 octopusx")
    await person.say("/track t1 token360")

    await delivered(person, patience=10)
