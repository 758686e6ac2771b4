"""The stand-ins and the bot in processes of their own, so that the bot can be killed hundreds of times in minutes."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.bot_process import surroundings
from sandbox.player import Player
from sandbox.servers import PERSON
from tests.acceptance.world import waited
from tests.oracle import complaints

Json = dict[str, Any]

# Longer than a stop may take; whatever takes longer is broken.
ANSWER_SECONDS = 20.0


class Bot:
    """One bot at a time, started anew from the nursery as often as wanted."""

    def __init__(self, nursery: Process) -> None:
        self._nursery = nursery
        self.kills: list[float] = []

    def start(self) -> None:
        self._say("")

    async def kill(self) -> None:
        self.kills.append(time.time())
        status = await self._end(signal.SIGKILL)
        assert status == -signal.SIGKILL, f"the bot ended by itself with the status {status}"

    async def stop(self) -> int:
        """As a service manager would; returns the exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        self._say(str(int(number)))
        assert self._nursery.stdout is not None
        return int(await asyncio.wait_for(self._nursery.stdout.readline(), ANSWER_SECONDS))

    def _say(self, line: str) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(f"{line}\n".encode())


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
    """All of it, for as long as the block runs; the bot is not started yet."""
    async with AsyncExitStack() as stack:
        given = await stack.enter_async_context(_stand_ins(folder))
        player = await stack.enter_async_context(Player(f"{given['TELEGRAM_API_BASE_URL']}/sim", PERSON))
        ours = {
            "DATABASE_URL": f"sqlite:///{folder / 'rushes.db'}",
            "ALLOWED_TELEGRAM_USER_IDS": "*",
        }
        bot = await stack.enter_async_context(_nursery({**given, **ours, **settings}, folder))
        log = Log(player)
        reading = asyncio.create_task(log.follow())
        stack.callback(reading.cancel)
        yield Stage(bot, player, log, folder, f"http://{given['MEDIA_TRUSTED_HOSTS']}/files")


@asynccontextmanager
async def _stand_ins(folder: Path) -> AsyncIterator[dict[str, str]]:
    """`python -m sandbox serve`; what it says a bot has to be started with."""
    places = {"TMPDIR": str(folder)}
    async with _process("sandbox", "serve", folder=folder, environment=places, log="sandbox.log") as process:
        given = {}
        assert process.stdout is not None
        while not (line := (await asyncio.wait_for(process.stdout.readline(), 30)).decode()).startswith("# Ctrl-C"):
            assert line, "the stand-ins did not start"
            name, _, value = line.strip().partition("=")
            if not name.startswith("#"):
                given[name] = value
        yield given


@asynccontextmanager
async def _nursery(environment: Mapping[str, str], folder: Path) -> AsyncIterator[Bot]:
    async with _process("tests.acceptance.nursery", folder=folder, environment=environment, log="bot.log") as process:
        yield Bot(process)


@asynccontextmanager
async def _process(*module: str, folder: Path, environment: Mapping[str, str], log: str) -> AsyncIterator[Process]:
    """A Python of our own, talked to by lines; it and whatever it started end with the block."""
    with (folder / log).open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *module,
            cwd=folder,
            env=surroundings(environment),
            stdin=PIPE,
            stdout=PIPE,
            stderr=sink,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
