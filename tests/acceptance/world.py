"""The real bot as its own process against the stand-ins, and people who talk to it."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest

from sandbox.bot_process import BotProcess, start_bot
from sandbox.player import Player
from sandbox.servers import OPERATOR, PERSON, Origins
from tests.acceptance.nursery import ForkedBot, Nursery
from tests.planted import SETTINGS, spilled

Json = dict[str, Any]
T = TypeVar("T")

PATIENCE = 25.0
PAGES = ("healthz", "readyz", "metrics")


class World:
    """Stand-ins, at most one bot, and people. Everything ends with the test."""

    def __init__(self, origins: Origins, folder: Path, nursery: Nursery, stack: AsyncExitStack) -> None:
        self.origins = origins
        self.folder = folder
        self.database = folder / "rushes.db"
        self.environment = {
            **origins.environment(self.database),
            **SETTINGS,
            "POLL_INTERVAL": "0.3",
            "POLL_MAX_INTERVAL": "0.3",
            "LOG_LEVEL": "DEBUG",
        }
        self._nursery = nursery
        self._stack = stack
        self._ports: list[str] = []

    async def start_bot(self, **changes: str) -> ForkedBot:
        self._note_port(changes)
        bot = await self._nursery.start({**self.environment, **changes}, self.folder)
        self._stack.push_async_callback(bot.stop)
        return bot

    async def launch_bot(self, **changes: str) -> BotProcess:
        """By its command line, as an operator does; that takes a second longer."""
        self._note_port(changes)
        bot = await start_bot({**self.environment, **changes}, self.folder)
        self._stack.push_async_callback(bot.stop)
        return bot

    async def person(self, chat_id: int = PERSON, user_id: int | None = None) -> Player:
        return await self._stack.enter_async_context(Player(self.origins.sim, chat_id, user_id))

    async def operator(self) -> Player:
        return await self.person(OPERATOR)

    async def calls(self, *methods: str) -> list[Json]:
        """The Bot API calls so far, of those methods only if some are named."""
        calls = (await (await self.person()).ask("calls"))["calls"]
        return [call for call in calls if not methods or call["method"] in methods]

    async def calls_to(self, chat_id: int) -> list[Json]:
        """The calls so far that were about that chat."""
        return [call for call in await self.calls() if (call["params"] or {}).get("chat_id") == chat_id]

    async def questions(self, task_id: str) -> list[Json]:
        """What the gateways were asked about the task."""
        calls = (await (await self.person()).ask("gateway-calls"))["calls"]
        return [call for call in calls if call["provider"] != "cdn" and call.get("task_id") == task_id]

    async def spilled_over_http(self) -> list[str]:
        """Secrets in what the bots' own HTTP servers tell, as far as these are up."""
        found = []
        async with aiohttp.ClientSession() as web:
            for address in (f"http://127.0.0.1:{port}/{page}" for port in self._ports for page in PAGES):
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    async with web.get(address) as answer:
                        found += spilled(address, f"{answer.headers}".encode() + await answer.read())
        return found

    def _note_port(self, changes: Mapping[str, str]) -> None:
        if "HTTP_PORT" in changes:
            self._ports.append(changes["HTTP_PORT"])

    def log(self) -> str:
        path = self.folder / "bot.log"
        return path.read_text(errors="replace") if path.exists() else ""


async def waited(look: Callable[[], Awaitable[T]], patience: float, every: float = 0.1) -> T:
    """The first answer of `look` that is true, or the last one when patience ends."""
    deadline = time.monotonic() + patience
    while True:
        found = await look()
        if found or time.monotonic() > deadline:
            return found
        await asyncio.sleep(every)


async def until(look: Callable[[], Awaitable[T]], patience: float = PATIENCE) -> T:
    """The first answer of `look` that is true; fails with the last one when patience ends."""
    found = await waited(look, patience)
    if not found:
        pytest.fail(f"waited {patience:.0f} s in vain; the last look showed {found!r}")
    return found


def card_of(messages: Sequence[Json], task_id: str) -> Json | None:
    """The newest status card of the task: silent text that ends with its ID."""
    cards = [m for m in messages if m["from_bot"] and m["silent"] and m["text"] and m["text"].endswith(task_id)]
    return cards[-1] if cards else None


def media_in(messages: Sequence[Json]) -> list[Json]:
    """The messages that show something other than text."""
    return [message for message in messages if message["media"]]


def texts_of_bot(messages: Sequence[Json]) -> list[str]:
    return [message["text"] for message in messages if message["from_bot"] and message["text"]]


async def card_shows(person: Player, task_id: str, words: str) -> Json:
    """Waits until the task's card has these words in it; the card."""

    async def look() -> Json | None:
        card = card_of(await person.messages(), task_id)
        return card if card and words in card["text"] else None

    card = await until(look)
    assert card is not None
    return card


async def delivered(person: Player, count: int = 1, patience: float = PATIENCE) -> list[Json]:
    """Waits until so many messages show media, blanks of albums not counted; all of these messages."""

    async def look() -> list[Json]:
        shown = [m for m in media_in(await person.messages()) if m["media"]["size"] > 1000]
        return shown if len(shown) >= count else []

    return await until(look, patience)
