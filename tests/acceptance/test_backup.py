"""A backup that is taken in the middle of everything, and what a bot makes of it afterwards."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import EXIT_CANNOT_START, main
from sandbox.player import Player
from tests.acceptance.world import World, card_shows, delivered, media_in, texts_of_bot, until

CHATS = range(8001, 8007)


def read(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
        return connection.execute(sql).fetchall()


async def operate(*arguments: str) -> int:
    """`python -m bot …`, but for the start of a process."""
    return await asyncio.to_thread(main, list(arguments))


async def test_a_backup_from_the_midst_of_work_is_whole_and_a_bot_goes_on_from_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", world.environment["DATABASE_URL"])
    people = [await world.person(chat_id) for chat_id in CHATS]
    first = await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for number, person in enumerate(people):
        await person.tell("tasks", provider="token360", id=f"t{number}", pace=0.3 * number)
        await person.say(f"/track t{number}")
    await delivered(people[0])
    await until(lambda: _are_finished(world, 2))
    copies: list[Path] = []
    while not await _are_finished(world, len(people) - 1):
        copies.append(world.folder / f"copy{len(copies)}.db")
        assert await operate("backup", str(copies[-1])) == 0
        await asyncio.sleep(0.3)
    assert await operate("restore", str(copies[0])) == EXIT_CANNOT_START  # it runs
    for person in people:
        await delivered(person)
    assert await first.stop() == 0

    for copy in copies:
        assert read(copy, "PRAGMA integrity_check") == [("ok",)]
        assert read(copy, "PRAGMA foreign_key_check") == []
        assert (
            read(
                copy,
                "SELECT s.id FROM subscriptions s WHERE NOT EXISTS (SELECT 1 FROM outbox o"
                " WHERE o.subscription_id = s.id AND o.kind = 'card')",
            )
            == []
        )
        ended = "SELECT count(*) FROM tasks WHERE ending IS NOT NULL"
        assert read(copy, ended) == read(copy, "SELECT count(*) FROM outbox WHERE kind = 'result'")
    told = read(copies[0], "SELECT chat_id FROM outbox WHERE kind = 'result' AND state = 'sent'")
    assert 2 <= len(told) < len(people)

    assert await operate("restore", str(copies[0])) == 0
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await until(lambda: _are_finished(world, len(people)))
    for chat_id, person in zip(CHATS, people, strict=True):
        count = len(media_in(await person.messages()))
        assert count == 1 if (chat_id,) in told else count in {1, 2}
    await people[0].say("/list")
    await says(people[0], "1 task")


async def _are_finished(world: World, count: int) -> bool:
    """Whether so many results stand in their chats, as far as the bot knows."""
    sent = read(world.database, "SELECT count(*) FROM outbox WHERE kind = 'result' AND state = 'sent'")
    return bool(sent[0][0] >= count)


async def says(person: Player, words: str) -> None:
    async def said() -> bool:
        return any(words in text for text in texts_of_bot(await person.messages()))

    await until(said)


async def test_of_a_task_that_was_dropped_the_bot_says_that_it_knows_nothing_any_more(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0)
    await person.tell("tasks", provider="token360", id="f1", pace=0, end="failed")
    bot = await world.start_bot()
    await person.say("/track t1 f1")
    await delivered(person)
    card = await card_shows(person, "f1", "Failed")
    await bot.stop()
    await world.start_bot(RETENTION_DAYS="0.00001")

    async def dropped() -> bool:
        return read(world.database, "SELECT 1 FROM tasks") == []

    await until(dropped)
    await person.tell("press", chat_id=1001, message_id=card["message_id"], button="ℹ️ Details")

    async def outdated() -> bool:
        calls = await world.calls("answerCallbackQuery")
        return any("no longer watched here" in call["params"].get("text", "") for call in calls)

    await until(outdated)
    await person.say("/resend t1")
    await says(person, "does not watch t1, or no longer")
    await person.say("/track t1")
    await delivered(person, 2)
