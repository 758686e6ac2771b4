"""`/forget`: who may, what goes, what stays, and that nothing of it is found in the files either."""

import sqlite3
from contextlib import closing
from typing import Any

from sandbox.player import Player
from tests.acceptance.world import World, card_of, card_shows, delivered, media_in, texts_of_bot, until

Json = dict[str, Any]

# Long enough not to occur by chance, as text or as SQLite writes numbers.
SOMEBODY, FRIEND, GROUP = 7_123_456_789_012, 7_123_456_789_345, -1_001_234_567_890_123
ADMIN, MEMBER = 1001, 7007
YES, NO = "🗑 Delete it all", "Keep it"
PROMPT = "seventeen purple otters on a tandem"


def traces(world: World, *words: str | int) -> list[str | int]:
    """Which of them are to be found in the bytes of the database's files."""
    held = b"".join(path.read_bytes() for path in world.folder.glob("rushes.db*") if path.is_file())
    return [word for word in words if str(word).encode() in held or _as_stored(word) in held]


def _as_stored(word: str | int) -> bytes:
    return word.to_bytes(8 if abs(word) >= 2**47 else 6, "big", signed=True) if isinstance(word, int) else word.encode()


def asked(world: World, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True, timeout=5)) as connection:
        return connection.execute(sql).fetchall()


async def says(person: Player, words: str) -> Json:
    async def look() -> Json | None:
        return next(
            (m for m in reversed(await person.messages()) if m["from_bot"] and words in (m["text"] or "")), None
        )

    message = await until(look)
    assert message is not None
    return message


async def press(person: Player, message: Json, button: str, user_id: int | None = None) -> None:
    where = {"chat_id": message["chat_id"], "message_id": message["message_id"]} if "chat_id" in message else {}
    await person.tell("press", button=button, **where, **({"user_id": user_id} if user_id else {}))


async def asks_to_forget(person: Player, chat_id: int) -> Json:
    await person.say("/forget")
    return {**await says(person, "Delete all that I know"), "chat_id": chat_id}


async def test_a_chat_that_is_forgotten_leaves_no_trace_and_others_keep_what_is_theirs(world: World) -> None:
    somebody, friend = await world.person(SOMEBODY), await world.person(FRIEND)
    told: Json = {"extra": {"prompt": PROMPT}}
    await somebody.tell("tasks", provider="token360", id="otters_finished_1", pace=0.5, **told)
    await somebody.tell("tasks", provider="token360", id="otters_running_2", end="stuck", **told)
    await somebody.tell("tasks", provider="token360", id="shared_task_3", pace=0.5)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*", ADMIN_TELEGRAM_USER_IDS=str(SOMEBODY))
    await somebody.say("/track otters_finished_1 otters_running_2 shared_task_3")
    await friend.say("/track shared_task_3")
    await somebody.say("/invite")
    await somebody.say("/lang en")
    await delivered(somebody, 2)
    await delivered(friend)
    await card_shows(somebody, "otters_finished_1", "Done")
    question = await asks_to_forget(somebody, SOMEBODY)
    await press(somebody, question, NO)
    await says(somebody, "Nothing was deleted")
    assert traces(world, SOMEBODY, "otters_finished_1", PROMPT) == [SOMEBODY, "otters_finished_1", PROMPT]

    await press(somebody, await asks_to_forget(somebody, SOMEBODY), YES)
    await says(somebody, "Forgotten")

    async def gone() -> bool:
        # The menu of an admin is told by their ID, which stands in the operator's settings.
        return not traces(world, "otters_finished_1", "otters_running_2", PROMPT) and not _rows_of(world, SOMEBODY)

    await until(gone)
    assert asked(world, "SELECT external_id FROM tasks") == [("shared_task_3",)]
    assert asked(world, "SELECT count(*) FROM files")[0][0] == 1
    assert asked(world, "SELECT count(*) FROM invites")[0][0] == 0
    questions = len(await world.questions("otters_running_2"))

    await friend.say("/resend shared_task_3")
    await delivered(friend, 2)
    await somebody.say("/list", language_code="zh")
    await says(somebody, "还没有跟踪")
    await somebody.say("/resend otters_finished_1")
    await says(somebody, "otters_finished_1")
    assert len(await world.questions("otters_running_2")) <= questions + 1
    assert "ERROR" not in world.log()


def _rows_of(world: World, chat_id: int) -> list[str]:
    """The tables that know the chat or person."""
    names = [name for (name,) in asked(world, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    told = {name: repr(asked(world, f"SELECT * FROM {name}")) for name in names if name != "told"}  # noqa: S608 - ours
    return [name for name, rows in told.items() if str(chat_id) in rows]


async def test_in_a_group_only_admins_have_it_forgotten(world: World) -> None:
    admin, member = await world.person(GROUP, ADMIN), await world.person(GROUP, MEMBER)
    await admin.tell("chat", id=GROUP, type="supergroup", title="Studio", admins=[ADMIN])
    await admin.tell("tasks", provider="token360", id="group_task_1", end="stuck")
    await world.start_bot(ALLOWED_TELEGRAM_CHAT_IDS=str(GROUP))
    await member.say("/track group_task_1")
    await card_shows(member, "group_task_1", "")
    await member.say("/forget")
    await says(member, "Only admins of this group")
    question = await asks_to_forget(admin, GROUP)
    await press(member, question, YES, MEMBER)
    await until(lambda: _answered(world, "Only admins"))
    assert asked(world, "SELECT count(*) FROM subscriptions") == [(1,)]
    await press(admin, question, YES, ADMIN)
    await says(admin, "Forgotten")

    async def gone() -> bool:
        return not traces(world, GROUP, "group_task_1")

    await until(gone)
    assert asked(world, "SELECT count(*) FROM tasks") == [(0,)]
    assert card_of(await member.messages(), "group_task_1") is not None


async def _answered(world: World, words: str) -> bool:
    return any(words in call["params"].get("text", "") for call in await world.calls("answerCallbackQuery"))


async def test_what_is_under_way_when_a_chat_is_forgotten_does_no_harm(world: World) -> None:
    somebody = await world.person(SOMEBODY)
    await somebody.tell("tasks", provider="token360", id="t1", pace=0.5)
    await somebody.tell("faults", method="editMessageMedia", kind="delay", seconds=2)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await somebody.say("/track t1")

    async def on_its_way() -> bool:
        return bool((await somebody.ask("faults"))["waiting"] == 0)

    question = await asks_to_forget(somebody, SOMEBODY)
    await until(on_its_way)
    await press(somebody, question, YES)
    await says(somebody, "Forgotten")
    assert media_in(await somebody.messages()) == []
    await delivered(somebody)

    async def gone() -> bool:
        return not traces(world, SOMEBODY)

    await until(gone)
    assert asked(world, "PRAGMA foreign_key_check") == []
    assert [name for name in ("tasks", "outbox", "files", "events") if asked(world, f"SELECT * FROM {name}")] == []  # noqa: S608
    assert "ERROR" not in world.log()
    assert sum("video is ready" in text for text in texts_of_bot(await somebody.messages())) == 0
