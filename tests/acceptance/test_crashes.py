"""Nothing lost, nothing shown twice: crashes, lost answers, refusals and waits."""

import asyncio
from typing import Any

import pytest

from sandbox.media import Media
from sandbox.player import Player
from tests.acceptance.world import World, card_of, card_shows, delivered, media_in, until

Json = dict[str, Any]

SETTLING = 2.0


async def test_killed_in_the_middle_of_a_task_the_card_goes_on_and_the_media_comes_once(
    world: World, media: Media
) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=["noon.mp4"], pace=6)
    bot = await world.start_bot()
    await person.say("/track t1")
    before = await card_shows(person, "t1", "Rendering")
    await bot.kill()
    await world.start_bot()
    after = await card_shows(person, "t1", "Done")
    assert after["message_id"] == before["message_id"]
    await delivered(person)
    await asyncio.sleep(SETTLING)
    shown = media_in(await person.messages())
    assert [m["media"]["sha256"] for m in shown] == [media.sha256("noon.mp4")]
    assert len([m for m in await person.messages() if m["from_bot"]]) == 2


@pytest.mark.parametrize("method", ["sendMessage", "editMessageMedia", "sendMediaGroup", "editMessageText"])
async def test_killed_while_a_call_is_under_way_the_media_comes_once(world: World, method: str) -> None:
    """The stand-in executes the call after the bot is dead: whether it arrived is not known to the next start."""
    person = await world.person()
    outputs = ["dawn.png", "noon.png"]
    await person.tell("tasks", provider="apipod", kind="image", id="i1", outputs=outputs, pace=1.5)
    skip = 1 if method == "sendMessage" else 0
    await person.tell("faults", method=method, kind="delay", seconds=1.0, skip=skip)
    bot = await world.start_bot()
    await person.say("/track i1 apipod image")

    await until(lambda: _is_under_way(person))
    await asyncio.sleep(0.3)
    await bot.kill()
    await asyncio.sleep(1.2)
    await world.start_bot()
    shown = await delivered(person, 2)
    await asyncio.sleep(SETTLING)
    assert len([m for m in media_in(await person.messages()) if m["media"]["size"] > 1000]) == len(shown) == 2
    loud = [m for m in await person.messages() if m["from_bot"] and not m["silent"]]
    assert len(loud) <= (2 if method == "sendMessage" else 1)


async def _is_under_way(person: Player) -> bool:
    """The call that the fault waits for has come."""
    return bool((await person.ask("faults"))["waiting"] == 0)


@pytest.mark.parametrize("method", ["sendMessage", "editMessageMedia", "editMessageText"])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "502_html", "429"])
async def test_a_call_that_breaks_loses_nothing_and_doubles_no_media(world: World, method: str, kind: str) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=1.5)
    await person.tell("faults", method=method, kind=kind, times=1, retry_after=1)
    await world.start_bot()
    await person.say("/track t1 token360")
    await delivered(person)
    # A first card of which nobody knows whether it arrived is not repeated where the result follows soon.
    if method != "sendMessage" or kind == "429":
        await card_shows(person, "t1", "Done")
    await asyncio.sleep(SETTLING)
    assert len(media_in(await person.messages())) == 1
    texts = len([m for m in await person.messages() if m["from_bot"] and m["text"]])
    assert texts == (0 if method == "sendMessage" and kind in {"drop_before", "502_html"} else 1)


@pytest.mark.long
async def test_a_card_in_doubt_is_repeated_while_its_task_goes_on(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", end="stuck")
    await person.tell("faults", method="sendMessage", kind="drop_before", times=1)
    await world.start_bot()
    await person.say("/track t1 token360")
    await until(lambda: _card(person), patience=40)
    sends = [call["time"] for call in await world.calls("sendMessage")]
    assert len(sends) == 2
    assert sends[1] - sends[0] >= 19


async def _card(person: Player) -> Json | None:
    return card_of(await person.messages(), "t1")


async def test_a_chat_that_has_to_wait_waits_alone(world: World) -> None:
    one, two = await world.person(), await world.person(7002)
    await one.tell("tasks", provider="token360", id="t1", pace=0.5)
    await one.tell("faults", method="*", kind="429", retry_after=4, chat_id=1001)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await one.say("/track t1 token360")
    await two.say("/track t1 token360")
    await delivered(two)
    await delivered(one)
    refused = next(call for call in await world.calls() if call["status"] == 429)
    later = [call for call in await world.calls_to(1001) if call["n"] > refused["n"]]
    assert later[0]["time"] - refused["time"] >= 4
    others = await world.calls_to(7002)
    assert others[0]["time"] - refused["time"] < 2


async def test_commands_sent_while_the_bot_was_down_are_not_lost(world: World) -> None:
    person = await world.person()
    for number in range(5):
        await person.tell("tasks", provider="token360", id=f"t{number}", end="stuck")
        await person.say(f"/track t{number} token360")
    bot = await world.start_bot()
    await card_shows(person, "t0", "t0")
    await bot.kill()
    await person.say("/track t1 token360")
    await world.start_bot()
    for number in range(5):
        await card_shows(person, f"t{number}", "Token360")


async def test_asked_to_stop_it_finishes_what_is_under_way(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await person.tell("faults", method="editMessageMedia", kind="delay", seconds=2)
    bot = await world.start_bot()
    await person.say("/track t1 token360")

    await until(lambda: _is_under_way(person))
    assert await bot.stop() == 0
    assert len(media_in(await person.messages())) == 1
    assert "Traceback" not in world.log()


async def test_a_person_who_blocks_the_bot_is_left_alone_until_the_next_command(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=3)
    await world.start_bot()
    await person.say("/track t1 token360")
    await card_shows(person, "t1", "Token360")
    await person.tell("chat", id=1001, type="private", first_name="You", blocked=True)

    async def noticed() -> bool:
        return any(call["status"] == 403 for call in await world.calls())

    await until(noticed)
    await asyncio.sleep(1)
    asked, called = len(await world.questions("t1")), len(await world.calls_to(1001))
    await asyncio.sleep(2)
    assert len(await world.questions("t1")) <= asked + 1
    assert len(await world.calls_to(1001)) == called
    await person.tell("chat", id=1001, type="private", first_name="You", blocked=False)
    await person.say("/track t1 token360")
    await delivered(person)


async def test_a_group_that_becomes_a_supergroup_keeps_its_task(world: World) -> None:
    group = await world.person(-500, user_id=1001)
    await group.tell("tasks", provider="token360", id="t1", pace=3)
    await world.start_bot()
    await group.say("/track t1 token360")
    await card_shows(group, "t1", "Token360")
    await group.tell("chat", id=-1000500, type="supergroup", title="Group")
    await group.tell("chat", id=-500, type="group", title="Group", migrated_to=-1000500)
    await delivered(await world.person(-1000500, user_id=1001))


async def test_a_deleted_card_does_not_keep_the_result_away(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=3)
    await world.start_bot()
    await person.say("/track t1 token360")
    card = await card_shows(person, "t1", "Token360")
    await person.tell("delete", chat_id=1001, message_id=card["message_id"])
    await delivered(person)
    assert card_of(await person.messages(), "t1") is None
