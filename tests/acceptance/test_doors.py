"""Strangers, admins and invitations: who is let in, and that it is nobody else."""

import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

from bot.intake.invitations import digest_of
from sandbox.player import Player
from sandbox.servers import OPERATOR, PERSON
from tests.acceptance.world import World, card_shows, texts_of_bot, until

Json = dict[str, Any]

STRANGER, OTHER, GROUP = 3001, 3002, -100_500


def said(player: Player, words: str, count: int = 1) -> Callable[[], Awaitable[Json | None]]:
    """The newest message of the bot with these words, once there are so many."""

    async def look() -> Json | None:
        found = [m for m in await player.messages() if m["from_bot"] and words in (m["text"] or "")]
        return found[-1] if len(found) >= count else None

    return look


async def hears(player: Player, words: str, count: int = 1) -> Json:
    message = await until(said(player, words, count))
    assert message is not None
    return message


async def press(player: Player, message: Json, button: str, *, chat: int, user: int) -> str:
    """Presses the button; returns what the person sees over the chat."""
    pressed = await player.tell(
        "press", chat_id=chat, user_id=user, message_id=message["message_id"], button=button, first_name="Ann <b>"
    )
    return await toast(player, pressed["callback_query_id"])


async def toast(player: Player, query_id: str) -> str:
    async def look() -> list[str]:
        calls = (await player.ask("calls"))["calls"]
        answers = [call["params"] for call in calls if call["method"] == "answerCallbackQuery"]
        return [params.get("text", "") for params in answers if params["callback_query_id"] == query_id]

    return (await until(look))[0]


def tables(world: World, *names: str) -> dict[str, list[Any]]:
    """Everything that stands in these tables, or in all of them."""
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True, timeout=5)) as connection:
        known = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()  # noqa: S608 - our own tables
            for (name,) in known
            if not names or name in names
        }


async def test_a_stranger_asks_is_let_in_and_stays_in(world: World) -> None:
    stranger, admin = await world.person(STRANGER), await world.operator()
    await stranger.tell("tasks", provider="token360", id="t1", pace=0.3)
    await admin.say("/help")
    bot = await world.start_bot()
    await stranger.say("/track t1 token360", language_code="zh-hans", username="ann")
    refusal = await hears(stranger, "私有")
    assert str(STRANGER) in refusal["text"]
    assert tables(world, "guests", "tasks") == {"guests": [], "tasks": []}
    pressed = await stranger.tell(
        "press",
        chat_id=STRANGER,
        message_id=refusal["message_id"],
        button="申请使用",
        first_name="Ann <b>",
        username="ann",
        language_code="zh-hans",
    )
    assert "管理员" in await toast(stranger, pressed["callback_query_id"])
    request = await hears(admin, "asks to be let in")
    assert "Ann <b> (@ann)" in request["text"].replace("\u2060", "")
    assert str(STRANGER) in request["text"]
    again = await press(stranger, refusal, "申请使用", chat=STRANGER, user=STRANGER)
    assert "一天申请一次" in again
    assert await press(admin, request, "Approve", chat=OPERATOR, user=OPERATOR) == "✅ Let in."
    await hears(stranger, "你已获准使用")
    decided = await hears(admin, "was let in by")
    assert decided["message_id"] == request["message_id"]
    assert decided["buttons"] == []
    await bot.stop()
    await world.start_bot()
    await stranger.say("/track t1 token360")
    await card_shows(stranger, "t1", "完成")
    assert len([text for text in texts_of_bot(await admin.messages()) if "was let in" in text]) == 1


async def test_who_is_denied_is_out_and_asks_nobody_any_more(world: World) -> None:
    stranger, admin, second = await world.person(STRANGER), await world.operator(), await world.person(1003)
    await admin.say("/help")
    await second.say("/help")
    await world.start_bot(ADMIN_TELEGRAM_USER_IDS=f"{OPERATOR},1003", ALLOWED_TELEGRAM_CHAT_IDS=str(GROUP))
    await stranger.say("/help")
    refusal = await hears(stranger, "This bot is private")
    await press(stranger, refusal, "Ask for access", chat=STRANGER, user=STRANGER)
    request, same = await hears(admin, "asks to be let in"), await hears(second, "asks to be let in")
    assert await press(admin, request, "Deny", chat=OPERATOR, user=OPERATOR) == "⛔ Denied."
    await hears(admin, "was denied by")
    assert "Denied" in await press(second, same, "Approve", chat=1003, user=1003)
    await hears(second, "was denied already")
    assert "decided not to" in await press(stranger, refusal, "Ask for access", chat=STRANGER, user=STRANGER)
    in_group = await world.person(GROUP, STRANGER)
    await in_group.say("/help")
    neighbour = await world.person(GROUP, OTHER)
    await neighbour.say("/help")
    await hears(neighbour, "what this chat watches")
    assert [m["reply_to"] for m in await in_group.messages() if m["from_bot"]] == [2]
    assert len(texts_of_bot(await stranger.messages())) == 1
    await admin.say(f"/allow {STRANGER}")
    await hears(admin, "is let in")
    await in_group.say("/list")
    await hears(in_group, "Nothing is watched")


async def test_an_invitation_lets_in_whom_it_is_for(world: World) -> None:
    admin, strangers = await world.operator(), [await world.person(number) for number in range(3001, 3007)]
    first, second, late, guesser, denied, asked = strangers
    bot = await world.start_bot()
    await admin.say("/invite")
    link = str((await hears(admin, "opens this link"))["text"])
    payload = re.findall(r"https://t\.me/rushes_sandbox_bot\?start=(inv_[A-Za-z0-9_-]{22})$", link)[0]
    await first.say(f"/start {payload}")
    await hears(first, "You are let in")
    await first.say(f"/start {payload}")
    await hears(first, "/help tells more", 2)
    await second.say(f"/start {payload}", language_code="zh")
    await hears(second, "邀请无效")
    await admin.say(f"/deny {denied_id(denied)}")
    await hears(admin, "not let in any more")
    await admin.say("/invite 2 24")
    twice = re.findall(r"inv_[\w-]+", str((await hears(admin, "The first 2 people"))["text"]))[0]
    await first.say(f"/start {twice}")
    await denied.say(f"/start {twice}")
    await hears(denied, "decided not to")
    await second.say(f"/start {twice}")
    await hears(second, "你已获准使用")
    kept = b"".join(path.read_bytes() for path in world.folder.glob("rushes.db-wal"))
    assert twice.removeprefix("inv_") not in world.log()
    assert f"/start {twice}".encode() not in kept
    for number in range(7):
        await guesser.say(f"/start inv_{number:022d}")
    await hears(guesser, "does not work", 5)
    await hears(guesser, "This bot is private")
    await bot.stop()
    with closing(sqlite3.connect(world.database)) as connection, connection:
        assert connection.execute("SELECT uses_left FROM invites").fetchall() == [(1,)]
        connection.execute("UPDATE invites SET expires_at = 1")
        connection.execute("INSERT INTO invites VALUES (?, 1, 9e9, ?)", (digest_of("c" * 22), OPERATOR))
        kept_update = {"update_id": 1, "message": message_of(3007, f"/start inv_{digest_of('c' * 22)}")}
        connection.execute(
            "INSERT INTO inbox (update_id, body, received_at) VALUES (1, ?, 1)", (json.dumps(kept_update),)
        )
    waiting = await world.person(3007)
    await waiting.say("hello")
    await world.start_bot()
    await hears(waiting, "You are let in")
    await late.say(f"/start {twice}")
    await hears(late, "does not work")
    await asked.say(f"/start@rushes_sandbox_bot {payload}")
    await hears(asked, "does not work")
    allowed = [row[0] for row in tables(world, "guests")["guests"] if row[1] == "allowed"]
    assert allowed == [3001, 3002, 3007]


def message_of(person: int, text: str) -> Json:
    sender = {"id": person, "is_bot": False, "first_name": "P"}
    return {"message_id": 1, "date": 1, "from": sender, "chat": {"id": person, "type": "private"}, "text": text}


def denied_id(player: Player) -> int:
    return player._chat_id


async def test_admins_let_people_and_groups_in_and_out(world: World) -> None:
    admin, person = await world.operator(), await world.person()
    here, group_admin, member = (
        await world.person(GROUP),
        await world.person(GROUP, OPERATOR),
        await world.person(GROUP, OTHER),
    )
    other = await world.person(OTHER)
    await world.start_bot()
    await group_admin.tell("say", chat_id=GROUP, user_id=3003, text="/help", title="Film <club>")
    refusal = await hears(member, "This bot is private")
    assert refusal["buttons"] == []
    await group_admin.say("/allow")
    await hears(here, str(GROUP))
    await member.say("/list")
    await hears(here, "Nothing is watched")
    await here.tell("say", chat_id=GROUP, user_id=PERSON, text="/deny")
    await hears(here, "Only the bot's admins")
    message = await member.say("/help")
    await hears(here, "what this chat watches")
    await group_admin.say("/deny", reply_to_message_id=message)
    await hears(here, f"{OTHER} is not let in any more")
    await other.say("/help")
    assert (await hears(other, "This bot is private"))["buttons"] == []
    await admin.say(f"/deny {OPERATOR} {PERSON} 77")
    denied = await hears(admin, "operator's own lists")
    assert "77 is not let in" in denied["text"]
    await admin.say("/allow 77, @bob")
    await hears(admin, "@bob is no ID")
    await admin.say("/allow 77 78")
    await hears(admin, "These 2 are let in")
    await admin.say("/allow")
    listed = await hears(admin, "For example: /allow 123456789")
    assert f"{GROUP} Film <club>" in listed["text"]
    assert "77" in listed["text"]
    await admin.say("/invite 0")
    await hears(admin, "makes a link")
    for command in ("/allow 5", "/invite"):
        await person.say(command)
    await hears(person, "Only the bot's admins", 2)
    assert sorted(row[:2] for row in tables(world, "guests")["guests"]) == [
        (GROUP, "allowed"),
        (77, "allowed"),
        (78, "allowed"),
        (OTHER, "denied"),
    ]


async def test_a_link_with_an_id_tracks_it(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="vid_8hq2m4", pace=0.3)
    await world.start_bot()
    await person.say("/start vid_8hq2m4")
    await card_shows(person, "vid_8hq2m4", "Done")


async def test_who_says_too_much_hears_it_once_and_the_others_are_answered(world: World) -> None:
    person, other = await world.person(), await world.person(OTHER)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*", LIMIT_COMMANDS_PER_MINUTE="5", LIMIT_OPEN_TASKS="2")
    for number in range(20):
        await person.say(f"/track video_{number:012d}")
    await other.say("/list")
    await hears(other, "Nothing is watched")
    await hears(person, "Slow down")
    await hears(person, "So many tasks are watched")
    assert len([text for text in texts_of_bot(await person.messages()) if "Slow down" in text]) == 1
    assert len(tables(world, "tasks")["tasks"]) == 2
    assert len(tables(world, "inbox")["inbox"]) == 6
