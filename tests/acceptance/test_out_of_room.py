"""The disk is full, or somebody else holds the database: the bot lives, says so, and goes on where it was."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sky import Sky, full_disk
from tests.acceptance.world import World, card_of, card_shows, delivered, media_in, until

Json = dict[str, Any]

# Larger than the bot's log, smaller than what the database has written already.
HARDLY_ANYTHING = 1 << 16
NO_FILM = 2_000_000


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Somebody else writes, and takes their time."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.parametrize("trouble", ["disk", "lock"])
async def test_what_can_not_be_stored_is_not_acknowledged_and_done_afterwards(world: World, trouble: str) -> None:
    person, other = await world.person(), await world.person(1003)
    await person.tell("tasks", provider="token360", id="t1", pace=2.5)
    await person.tell("tasks", provider="token360", id="t2", pace=0.5)
    bot = await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*", LOG_LEVEL="INFO")
    await person.say("/track t1 token360")
    await card_shows(person, "t1", "Rendering")
    with full_disk(bot.pid, HARDLY_ANYTHING) if trouble == "disk" else held(world.database):
        await asyncio.sleep(0.2)
        await other.say("/track t2 token360")

        async def is_told() -> bool:
            return "did not take a change" in world.log()

        await until(is_told)
        await asyncio.sleep(1)
        assert [message for message in await other.messages() if message["from_bot"]] == []
        assert media_in(await person.messages()) == []
    await delivered(other)
    await delivered(person)
    await card_shows(person, "t1", "Done")
    assert "Traceback" not in world.log()
    for chat, task_id in ((person, "t1"), (other, "t2")):
        messages = await chat.messages()
        assert len(media_in(messages)) == 1
        assert card_of(messages, task_id)
        assert len(messages) == 3


async def test_a_file_that_does_not_fit_comes_when_there_is_room(world: World) -> None:
    person = await world.person()
    tasks: dict[str, Json] = {"v1": {"provider": "ai_nebula", "fetch": True}, "v2": {"provider": "token360"}}
    for task_id, task in tasks.items():
        await person.tell("tasks", id=task_id, pace=0.3, outputs=["big-3000000.mp4"], **task)
    bot = await world.start_bot(LOG_LEVEL="INFO")
    folder = world.database.with_name(world.database.name + ".media")
    with full_disk(bot.pid, NO_FILM):
        await person.say("/track v1 v2")
        await card_shows(person, "v1", "v1")

        async def both_failed() -> bool:
            told = "SELECT count(*) FROM outbox WHERE kind = 'result' AND attempts > 0"
            with closing(sqlite3.connect(world.database)) as connection:
                return bool(connection.execute(told).fetchone()[0] == 2)

        await until(both_failed)
        assert list(folder.iterdir()) == []
    await delivered(person, 2, patience=15)

    async def is_tidy() -> bool:
        return list(folder.iterdir()) == []

    await until(is_tidy)
    assert "Traceback" not in world.log()


async def test_names_that_nobody_knows_at_the_start_are_asked_for_again(world: World) -> None:
    """Telegram's, the gateway's and the file server's."""
    sky, person = Sky(world.folder), await world.person()
    named = {
        name: value.replace("127.0.0.1", f"{name.lower().replace('_', '-')}.test")
        for name, value in world.environment.items()
        if name in {"TELEGRAM_API_BASE_URL", "TOKEN360_BASE_URL", "MEDIA_TRUSTED_HOSTS"}
    }
    output = f"http://{named['MEDIA_TRUSTED_HOSTS']}/files/dawn.mp4"
    await person.tell("tasks", provider="token360", id="t1", pace=0.3, outputs=[output])
    await person.say("/track t1 token360")
    with sky.no_names():
        await world.start_bot(**sky.environment, **named)

        async def has_tried() -> bool:
            return "Telegram does not answer" in world.log()

        await until(has_tried)
    await delivered(person)
    await card_shows(person, "t1", "Done")
    assert "Traceback" not in world.log()
