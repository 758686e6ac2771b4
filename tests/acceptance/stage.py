"""The stand-ins and the bot in processes of their own, so that the bot can be killed hundreds of times in minutes."""

import asyncio
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.bot_process import surroundings
from sandbox.player import Player
from sandbox.servers import PERSON
from tests.acceptance.nursery import ForkedBot, Nursery
from tests.acceptance.world import waited
from tests.oracle import complaints
from tests.planted import SETTINGS, spilled_in

Json = dict[str, Any]


class Bot:
    """One bot at a time, started anew as often as wanted."""

    def __init__(self, nursery: Nursery, environment: Mapping[str, str], folder: Path) -> None:
        self.settings = dict(environment)
        self._start = partial(nursery.start, self.settings, folder)
        self._log = folder / "bot.log"
        self._latest: ForkedBot | None = None
        self.kills: list[float] = []

    async def start(self) -> None:
        self._latest = await self._start()

    @property
    def pid(self) -> int:
        assert self._latest is not None
        return self._latest.pid

    async def kill(self) -> None:
        assert self._latest is not None
        self.kills.append(time.time())
        status = await self._latest.kill()
        last_words = self._log.read_text(errors="replace")[-1000:]
        assert status == -signal.SIGKILL, f"the bot ended by itself with the status {status}: {last_words}"

    async def stop(self) -> int:
        """As a service manager would; returns the exit status."""
        assert self._latest is not None
        return await self._latest.stop()


@dataclass(slots=True)
class Log:
    """The stand-in's call log, read page by page: complaints of foreign eyes, and what became of every send."""

    player: Player
    seen: int = 0
    complaints: list[str] = field(default_factory=list)
    sends: dict[tuple[int, int], Json] = field(default_factory=dict)

    async def read_on(self) -> None:
        calls = (await self.player.ask(f"calls?since={self.seen}"))["calls"]
        self.seen += len(calls)
        self.complaints += complaints(calls)
        for call in calls:
            if call["method"] == "sendMessage" and isinstance(call["answer"], Mapping) and call["answer"]["ok"]:
                sent = call["answer"]["result"]
                self.sends[sent["chat"]["id"], sent["message_id"]] = {"time": call["time"], "fault": call["fault"]}

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self.read_on()


@dataclass(frozen=True, slots=True)
class Stage:
    """A bot, somebody who speaks in whatever chat, and the stand-ins' side of everything."""

    bot: Bot
    player: Player
    log: Log
    folder: Path
    files: str

    def origin(self, provider: str) -> str:
        """Where the gateway's stand-in is."""
        return self.bot.settings[f"{provider.upper()}_BASE_URL"]

    async def say(self, chat_id: int, text: str) -> None:
        await self.player.tell("say", chat_id=chat_id, text=text)

    async def shown(self, chat_id: int) -> list[Json]:
        """What the bot wrote into the chat, as it stands there now."""
        return [m for m in (await self.player.ask(f"chats/{chat_id}"))["messages"] if m["from_bot"]]

    def query(self, sql: str) -> list[Any]:
        """Asks the bot's database."""
        with closing(sqlite3.connect(f"file:{self.folder}/rushes.db?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(sql).fetchall()

    async def rest(self, tasks: int, patience: float) -> None:
        """Until so many tasks are tracked and everything is told, or patience ends: what is missing then is lost."""
        await waited(lambda: self._is_quiet(tasks), patience)
        await self.log.read_on()

    async def _is_quiet(self, tasks: int) -> bool:
        ((tracked, waiting),) = self.query(
            "SELECT (SELECT count(*) FROM tasks),"
            " (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'doubt'))"
            " + (SELECT count(*) FROM inbox WHERE body IS NOT NULL)"
        )
        return bool(tracked >= tasks and waiting == 0)


@asynccontextmanager
async def staged(folder: Path, **settings: str) -> AsyncIterator[Stage]:
    """All of it, for as long as the block runs; the bot is not started yet. At the end no secret may have spilled."""
    async with AsyncExitStack() as stack:
        given = await stack.enter_async_context(stand_ins(folder))
        player = await stack.enter_async_context(Player(f"{given['TELEGRAM_API_BASE_URL']}/sim", PERSON))
        ours = {
            "DATABASE_URL": f"sqlite:///{folder / 'rushes.db'}",
            "ALLOWED_TELEGRAM_USER_IDS": "*",
            "LOG_LEVEL": "DEBUG",
        }
        bot = Bot(stack.enter_context(Nursery()), {**given, **SETTINGS, **ours, **settings}, folder)
        log = Log(player)
        reading = asyncio.create_task(log.follow())
        stack.callback(reading.cancel)
        yield Stage(bot, player, log, folder, f"http://{given['MEDIA_TRUSTED_HOSTS']}/files")
    assert spilled_in(folder) == []


@asynccontextmanager
async def stand_ins(folder: Path, before: Sequence[str] = ("-m",)) -> AsyncIterator[dict[str, str]]:
    """`python -m sandbox serve`, for as long as the block runs; what it says a bot has to be started with.

    `before`: how Python is told to run a module, where it is not to run it plainly.
    """
    with (folder / "sandbox.log").open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *before, "sandbox", "serve", "--no-bot"),
            cwd=folder,
            env=surroundings({"TMPDIR": str(folder)}),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=sink,
        )
    try:
        yield await _said(process)
    finally:
        process.kill()
        await process.wait()


async def _said(process: Process) -> dict[str, str]:
    given = {}
    assert process.stdout is not None
    while not (line := (await asyncio.wait_for(process.stdout.readline(), 30)).decode()).startswith("# Ctrl-C"):
        assert line, "the stand-ins did not start"
        name, is_setting, value = line.strip().partition("=")
        if is_setting and not name.startswith("#"):
            given[name] = value
    return given
