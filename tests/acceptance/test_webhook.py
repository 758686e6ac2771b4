"""Telegram calls the bot instead of being asked: the same life, nothing lost, and nobody else is believed."""

import asyncio
import io
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from bot.intake.webhook import HEADER, secret_of
from sandbox.servers import PERSON, TOKEN
from tests.acceptance.nursery import ForkedBot
from tests.acceptance.test_forgeries import everything
from tests.acceptance.world import World, card_of, card_shows, delivered, texts_of_bot, until, waited

Json = dict[str, Any]

# A proxy of the operator's leads the first to the bot's port, and takes the prefix away.
PUBLIC = "https://bot.example/rushes"
SECRET = secret_of(TOKEN)
CALLS = 200
STUCK = {"provider": "token360", "end": "stuck", "states": [{"after": 0, "status": "queued"}]}


@dataclass
class Site:
    """The operator's host: the bot's port, and what a bot with a webhook is started with."""

    world: World
    port: int

    @property
    def inside(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, **changes: str) -> ForkedBot:
        return await self.world.start_bot(
            HTTP_PORT=str(self.port), PUBLIC_URL=PUBLIC, TELEGRAM_WEBHOOK="true", **changes
        )

    async def webhook(self) -> Json:
        """What Telegram knows about it."""
        async with aiohttp.ClientSession() as session:
            answer = await session.get(f"{self.world.origins.telegram}/bot{TOKEN}/getWebhookInfo")
            return dict((await answer.json())["result"])

    async def is_set(self) -> bool:
        return bool((await self.webhook())["url"])

    async def health(self) -> Json | None:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(f"{self.inside}/healthz") as answer:
                    return dict(await answer.json())
            except aiohttp.ClientConnectionError:
                return None

    async def call(self, body: bytes, headers: Mapping[str, str]) -> int:
        """One call of whoever; the status of the answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.inside}/telegram", data=io.BytesIO(body), headers=headers) as answer,
        ):
            if answer.status != 200:  # what is refused is told nothing
                assert not await answer.read() or answer.status == 413
            return answer.status


@pytest.fixture
async def site(world: World) -> Site:
    site = Site(world, unused_port())
    await (await world.person()).tell("proxy", public=PUBLIC, inside=site.inside)
    return site


def command(text: str, number: int = 900_000) -> bytes:
    person = {"id": PERSON, "is_bot": False, "first_name": "You"}
    message = {"message_id": 77, "date": 1, "chat": {"id": PERSON, "type": "private"}, "from": person, "text": text}
    return json.dumps({"update_id": number, "message": message}).encode()


def tracked(world: World) -> list[str]:
    """What the bot has written down: an ID for each task and chat that follows it."""
    sql = "SELECT t.external_id FROM tasks t JOIN subscriptions s ON s.task_id = t.id ORDER BY 1"
    return [row[0] for row in rows_of(world, sql)]


def rows_of(world: World, sql: str) -> list[Any]:
    """None as long as the bot has made no tables."""
    with closing(sqlite3.connect(world.database, timeout=5)) as connection:
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []


def stored(world: World) -> Callable[[], Awaitable[int]]:
    """How many updates are stored and not handled."""

    async def look() -> int:
        return len(rows_of(world, "SELECT 1 FROM inbox WHERE body IS NOT NULL"))

    return look


async def test_a_task_from_the_command_to_the_media_a_press_a_search_and_a_stranger(world: World, site: Site) -> None:
    person, stranger = await world.person(), await world.person(7100)
    await person.tell("tasks", provider="token360", id="t1", pace=1)
    await person.say("/track t1")  # while there is no bot yet
    await site.start()
    await delivered(person)
    card = await card_shows(person, "t1", "Done")
    assert await site.health() == {"ok": True, "problems": {}}

    await person.tell("press", chat_id=PERSON, message_id=card["message_id"], data="forged")
    await until(lambda: world.calls("answerCallbackQuery"))
    asked = await person.tell("inline", user_id=PERSON, query="")

    async def offered() -> Any:
        return (await person.ask(f"inline/{asked['inline_query_id']}"))["answer"]

    assert len((await until(offered))["results"]) == 1
    await stranger.say("/track t1")

    async def refused() -> list[str]:
        return texts_of_bot(await stranger.messages())

    assert "7100" in (await until(refused))[0]
    assert await world.calls("getUpdates", "deleteWebhook") == []
    told = (await world.calls("setWebhook"))[0]["params"]
    assert "drop_pending_updates" not in told
    assert told["url"] == f"{PUBLIC}/telegram"
    assert SECRET not in world.log()


async def test_switched_to_and_fro_while_people_write_nothing_is_lost_and_nothing_comes_twice(
    world: World, site: Site
) -> None:
    person = await world.person()
    names = [f"t{number}" for number in range(9)]
    for name in names:
        await person.tell("tasks", id=name, **STUCK)

    async def all_known() -> bool:
        return await stored(world)() == 0 and len(tracked(world)) == said

    said = 0
    bot: ForkedBot | None = None
    for start in (world.start_bot, site.start, world.start_bot):
        if bot:
            await bot.stop()
        for name in names[said : said + 2]:  # two while there is no bot, one while there is
            await person.say(f"/track {name} token360")
        bot = await start()
        await person.say(f"/track {names[said + 2]} token360")
        said += 3
        await until(all_known)
    assert tracked(world) == names
    for name in names:
        await card_shows(person, name, "queue")
    assert len(texts_of_bot(await person.messages())) == len(names)
    assert not await site.is_set()
    assert "it is taken back" in world.log()
    assert not [call for call in await world.calls() if "drop_pending_updates" in (call["params"] or {})]


async def test_killed_between_an_update_and_its_handling(world: World, site: Site) -> None:
    chats = [await world.person(8000 + number, PERSON) for number in range(20)]
    for number, chat in enumerate(chats):
        await chat.tell("tasks", id=f"t{number:02d}", **STUCK)
        await chat.say(f"/track t{number:02d} token360")
    for _ in range(20):
        bot = await site.start()
        await waited(stored(world), 20, every=0.001)
        await bot.kill()
        if await stored(world)():
            break
    assert await stored(world)(), "never killed at the right moment"
    await site.start()

    async def all_known() -> bool:
        return len(tracked(world)) == len(chats) and not await stored(world)()

    await until(all_known)
    assert tracked(world) == [f"t{number:02d}" for number in range(20)]


async def test_two_hundred_wrong_or_missing_secrets_change_nothing(world: World, site: Site) -> None:
    person = await world.person()
    await person.tell("tasks", id="t1", **STUCK)
    await site.start(POLL_INTERVAL="60", POLL_MAX_INTERVAL="60")
    await person.say("/track t1 token360")
    await card_shows(person, "t1", "queue")
    lies: Sequence[Mapping[str, str]] = (
        {},
        {HEADER: ""},
        {HEADER: "x"},
        {HEADER: SECRET[:-1]},
        {HEADER: f"{SECRET}A"},
        {HEADER: SECRET.swapcase()},
        {HEADER: SECRET[::-1]},
        {HEADER: f"{SECRET}, {SECRET}"},
        {HEADER: "Ünïcödé 密钥"},
        {HEADER: "x" * 7000},
        {HEADER: TOKEN},
        {"X-Telegram-Bot-Api-Secret": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"Cookie": f"{HEADER}={SECRET}"},
    )
    bodies = (command("/track evil token360"), b"", b"{", b"[]", b"x" * 2_000_000)
    before = await until(steady(world))
    messages, written = await person.messages(), len(world.log())
    for number, (lie, body) in enumerate(islice(zip(cycle(lies), cycle(bodies), strict=False), CALLS)):
        assert await site.call(body, lie) == 403, (number, lie)
    assert await raw(site, f"{HEADER}: ".encode() + b"\xff\xfe\x80") == 403
    await asyncio.sleep(0.3)
    assert all_of_it(world) == before
    assert await person.messages() == messages
    for shown in (SECRET[:-1], "Ünïcödé", TOKEN):
        assert shown not in world.log()[written:]
    await person.say("/track t1 token360")  # and the true one goes on

    async def answered() -> bool:
        return len(await person.messages()) > len(messages) + 1

    await until(answered)


def all_of_it(world: World) -> dict[str, list[Any]]:
    """Every table, those that rest now included."""
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True, timeout=5)) as connection:
        more = {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()  # noqa: S608 - our own names
            for name in ("inbox", "outbox", "sqlite_sequence")
        }
    return everything(world) | more


def steady(world: World) -> Callable[[], Awaitable[dict[str, list[Any]]]]:
    """Everything that is stored, once nothing about it changes."""

    async def look() -> dict[str, list[Any]]:
        found = all_of_it(world)
        await asyncio.sleep(0.5)
        return found if found == all_of_it(world) else {}

    return look


async def raw(site: Site, header: bytes) -> int:
    """A call with a header that no library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"POST /telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n" + header)
    writer.write(b"\r\n\r\n{}")
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


async def test_what_is_no_update_too_large_or_slow_is_refused_and_holds_up_nobody(world: World, site: Site) -> None:
    person = await world.person()
    await person.tell("tasks", id="t1", **STUCK)
    await site.start()
    await until(site.is_set)
    true = {HEADER: SECRET}
    for body in (b"", b"{", b"[]", b"7", b"{}", b'{"update_id": "7"}', b'{"update_id": true}', b"\xff", b"[" * 900_000):
        assert await site.call(body, true) == 400, body[:20]
    assert await site.call(b'{"update_id": 99999999999999999999}', true) == 400
    assert await site.call(command("x" * 2**20), true) == 413
    odd: tuple[Json, ...] = ({}, {"message": 5}, {"message": {}}, {"callback_query": {"id": []}})
    for number, update in enumerate(odd):
        assert await site.call(json.dumps({"update_id": number, **update}).encode(), true) == 200
    async with dripping(site) as slow:
        await person.say("/track t1 token360")
        await card_shows(person, "t1", "queue")
        assert not slow.at_eof()
    # The same one five times, waiting to be stored together behind another one.
    with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        calls = [asyncio.create_task(site.call(command("/list", 900_001), true))]
        await asyncio.sleep(0.2)
        calls += [asyncio.create_task(site.call(command("/list", 900_002), true)) for _ in range(5)]
        await asyncio.sleep(0.5)
        other.execute("ROLLBACK")
    assert set(await asyncio.gather(*calls)) == {200}

    async def handled() -> bool:
        return await stored(world)() == 0 and len(texts_of_bot(await person.messages())) >= 3

    await until(handled)
    await asyncio.sleep(0.3)
    assert len(texts_of_bot(await person.messages())) == 3


@asynccontextmanager
async def dripping(site: Site) -> AsyncIterator[asyncio.StreamReader]:
    """Somebody who knows the secret sends a body that never ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    head = f"POST /telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n{HEADER}: {SECRET}\r\n\r\n{{"
    writer.write(head.encode())
    yield reader
    writer.close()


async def test_while_the_database_takes_nothing_telegram_keeps_it(world: World, site: Site) -> None:
    person = await world.person()
    await person.tell("tasks", id="t1", **STUCK)
    await site.start()
    await until(site.is_set)
    with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await person.say("/track t1 token360")

        async def refused() -> bool:
            return "503" in (await site.webhook()).get("last_error_message", "")

        await until(refused)
        assert tracked(world) == []
        other.execute("ROLLBACK")
    await card_shows(person, "t1", "queue")
    assert tracked(world) == ["t1"]
    assert card_of(await person.messages(), "t1")
