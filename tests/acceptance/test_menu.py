"""The menu of commands, the bot's own page and /help: told once, and only what has changed."""

from typing import Any

import aiohttp
import pytest

from sandbox.player import Player
from sandbox.servers import OPERATOR, TOKEN
from tests.acceptance.world import World, texts_of_bot, until

Json = dict[str, Any]

FOR_ALL = ["track", "list", "status", "untrack", "resend", "settings", "lang", "token", "forget", "help"]
FOR_ADMINS = ["stats", "allow", "deny", "invite"]
TELLING = ("setMyCommands", "deleteMyCommands", "setMyDescription", "setMyShortDescription")


async def told(world: World, count: int) -> list[Json]:
    """Waits until so many calls have told Telegram something about the bot; all of them."""

    async def look() -> list[Json]:
        calls = await world.calls(*TELLING)
        return calls if len(calls) >= count else []

    return await until(look)


async def answered(person: Player, command: int) -> str:
    async def look() -> str:
        return "".join(m["text"] for m in await person.messages() if m["from_bot"] and m["reply_to"] == command)

    return await until(look)


def menus(calls: list[Json]) -> dict[tuple[str, str], list[str]]:
    """The commands by place and language."""
    found = {}
    for call in calls:
        if call["method"] == "setMyCommands":
            scope = call["params"]["scope"]
            place = str(scope.get("chat_id", scope["type"])), call["params"].get("language_code", "")
            found[place] = [command["command"] for command in call["params"]["commands"]]
    return found


async def test_the_menu_is_told_once_in_every_place_and_language(world: World) -> None:
    await (await world.operator()).say("hello")
    bot = await world.start_bot()
    calls = await told(world, 15)
    places = menus(calls)
    assert places == {
        (place, language): FOR_ALL + (FOR_ADMINS if place == str(OPERATOR) else [])
        for place in ("all_private_chats", "all_group_chats", str(OPERATOR))
        for language in ("", "en", "zh")
    }
    texts = {
        call["params"].get("language_code", ""): call["params"] for call in calls if "description" in call["params"]
    }
    assert "任务" in texts["zh"]["description"]
    assert texts[""]["description"] == texts["en"]["description"]
    await bot.stop()

    await world.start_bot()
    await answered(await world.operator(), await (await world.operator()).say("/help"))
    assert len(await world.calls(*TELLING)) == 15


async def test_only_what_has_changed_is_told_again(world: World) -> None:
    await (await world.operator()).say("hello")
    bot = await world.start_bot()
    await told(world, 15)
    await bot.stop()
    bot = await world.start_bot(DEFAULT_LANGUAGE="zh")
    calls = (await told(world, 20))[15:]
    assert {call["params"].get("language_code") for call in calls} == {None}
    assert {call["method"] for call in calls} == set(TELLING) - {"deleteMyCommands"}
    await bot.stop()

    # Somebody else is the admin now, and the operator has found words of their own.
    await (await world.person()).say("hello")
    async with aiohttp.ClientSession() as session:
        await session.post(f"{world.origins.telegram}/bot{TOKEN}/setMyDescription", json={"description": "Ours."})
    await world.start_bot(ADMIN_TELEGRAM_USER_IDS="1001")
    calls = (await told(world, 30))[21:]
    assert menus(calls).keys() == {
        *{("1001", language) for language in ("", "en", "zh")},
        *{(place, "") for place in ("all_private_chats", "all_group_chats")},
    }
    dropped = [call["params"]["scope"]["chat_id"] for call in calls if call["method"] == "deleteMyCommands"]
    assert dropped == [OPERATOR] * 3
    assert [call["method"] for call in calls if "Description" in call["method"]] == ["setMyShortDescription"]


async def test_what_telegram_does_not_take_is_left_out_and_told_at_the_next_start(world: World) -> None:
    person = await world.person()
    await person.tell("faults", method="setMyCommands", kind="error", code=404, description="Not Found", times=2)
    await person.tell("faults", method="setMyCommands", kind="429", retry_after=3600)
    await person.tell("faults", method="getMyDescription", kind="502_html", times=9)
    bot = await world.start_bot()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    assert "/track" in await answered(person, await person.say("/help"))
    refused = [call["status"] for call in await world.calls("setMyCommands")]
    assert refused == [404, 404, 429][: len(refused)]
    await until(lambda: _waiting_is(person, 9))
    assert {call["status"] for call in await world.calls(*TELLING)} == {404, 429}
    await bot.stop()

    await person.take_back("faults")
    await (await world.operator()).say("hello")
    await world.start_bot()
    assert len(menus((await told(world, 18))[3:])) == 9


async def _waiting_is(person: Player, count: int) -> bool:
    return bool((await person.ask("faults"))["waiting"] <= count)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_help_names_every_command_and_the_admins_theirs(world: World, language: str) -> None:
    person, operator = await world.person(), await world.operator()
    await world.start_bot(DEFAULT_LANGUAGE=language)
    for_all = await answered(person, await person.say("/help"))
    assert [name for name in FOR_ALL + FOR_ADMINS if f"/{name}" not in for_all] == FOR_ADMINS
    assert all(f"/{alias}" in for_all for alias in ("t", "ls"))
    for_admins = await answered(operator, await operator.say("/help"))
    assert all(f"/{name}" in for_admins for name in FOR_ALL + FOR_ADMINS)
    started = await answered(person, await person.say("/start"))
    assert "/track ID" in started
    assert len(texts_of_bot(await person.messages())) == 2
