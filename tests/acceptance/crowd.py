"""`make crowd`: how soon a bot with 10,000 open tasks is at work, and how soon it ends, whatever hangs around it.

The one real task, tracked by command, is copied in the database; every copy is a task of its own in one of a hundred
chats, with the same state of its card. The gateway is a stand-in that knows every ID.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiohttp import web

from sandbox.bot_process import start_bot
from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import OPERATOR, PERSON, Origins, serving
from tests.acceptance.world import media_in, until

TASKS, CHATS, RESULTS = 10_000, 100, 200
# What is promised, in seconds.
START, STOP = 5.0, 10.0
FIRST_CHAT = 20_000
# The cards of copies stand nowhere, and must not be taken for other messages of their chats.
NOBODYS_MESSAGE = "9000000 + i"
PATTERN = {
    "tasks": "WHERE id = 1",
    "subscriptions": "WHERE id = 1",
    "outbox": "WHERE subscription_id = 1 AND kind = 'card'",
}
HANG = 60.0


@dataclass(slots=True)
class AnyGateway:
    """Token360's answers about whatever ID: it runs, until its result is there. `hangs`: no answer at all."""

    link: str = ""
    hangs: bool = False
    done: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        task_id = request.match_info["id"]
        self.asked.add(task_id)
        if self.hangs:
            await asyncio.sleep(HANG)
        if task_id in self.done:
            return web.json_response({"id": task_id, "status": "completed", "output": {"video_url": self.link}})
        return web.json_response({"id": task_id, "status": "in_progress", "progress": 40})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        application = web.Application()
        application.add_routes([web.get("/v1/videos/{id}", self.answer)])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


class Bot(Protocol):
    """A bot's process, by its command line or as a fork."""

    @property
    def pid(self) -> int: ...

    async def stop(self) -> int: ...

    async def kill(self) -> object: ...


Launch = Callable[[Mapping[str, str], Path], Awaitable[Bot]]


class Crowd:
    """The stand-ins, one gateway for all those tasks, and a database full of them. `launch` starts a bot."""

    def __init__(
        self, origins: Origins, gateway: tuple[AnyGateway, str], player: Player, folder: Path, launch: Launch
    ) -> None:
        self._launch = launch
        self.gateway, url = gateway
        self.player = player
        self.folder = folder
        self.database = folder / "rushes.db"
        self.environment = {
            **origins.environment(self.database),
            "TOKEN360_BASE_URL": url,
            "ALLOWED_TELEGRAM_USER_IDS": "*",
            "LIMIT_OPEN_TASKS": str(2 * TASKS),
        }
        del self.environment["POLL_INTERVAL"], self.environment["POLL_MAX_INTERVAL"]

    async def start(self) -> Bot:
        """One more bot; the one before it has ended."""
        return await self._launch(self.environment, self.folder)

    async def track_one(self) -> None:
        """For real, by command: the pattern of all others."""
        bot = await self.start()
        await self.player.say("/track vid_number1")

        async def is_shown() -> bool:
            return any("vid_number1" in (m["text"] or "") for m in await self.player.messages() if m["from_bot"])

        await until(is_shown)
        await bot.stop()
        for chat in range(CHATS):
            await self.player.tell("chat", id=FIRST_CHAT + chat)

    def copy(self, first: int, last: int) -> None:
        """Tasks with these numbers, each followed by a chat whose card shows it."""
        chat = f"{FIRST_CHAT} + i % {CHATS}"
        patterns: dict[str, dict[str, str]] = {
            "tasks": {"id": "i", "external_id": "'vid_number' || i"},
            "subscriptions": {"id": "i", "task_id": "i", "chat_id": chat, "card_message_id": NOBODYS_MESSAGE},
            "outbox": {
                "id": "NULL",
                "subscription_id": "i",
                "chat_id": chat,
                "message_ids": f"json_array({NOBODYS_MESSAGE})",
            },
        }
        with closing(sqlite3.connect(self.database)) as database, database:
            for table, others in patterns.items():
                names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                values = ", ".join(others.get(name, f"t.{name}") for name in names)
                statement = (
                    f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608 - names of our own schema
                    " WITH RECURSIVE n(i) AS (VALUES (?) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                    f" SELECT {values} FROM n, (SELECT * FROM {table} {PATTERN[table]}) t"
                )
                database.execute(statement, (first, last))

    def log(self) -> str:
        path = self.folder / "bot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def count(self, rows: str) -> int:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            ((count,),) = database.execute(f"SELECT count(*) FROM {rows}").fetchall()  # noqa: S608 - our own words
        return int(count)


@asynccontextmanager
async def crowd(
    folder: Path, launch: Launch = start_bot, results: int = RESULTS, media: Media | None = None
) -> AsyncIterator[Crowd]:
    """All open tasks, and so many results that wait, for as long as the block runs; no bot runs yet."""
    async with AsyncExitStack() as stack:
        origins = await stack.enter_async_context(serving(media=media))
        gateway = AnyGateway(link=f"{origins.cdn}/files/dawn.png")
        url = await stack.enter_async_context(gateway.serving())
        player = await stack.enter_async_context(Player(origins.sim, PERSON))
        await player.tell("chat", id=OPERATOR)
        full = Crowd(origins, (gateway, url), player, folder, launch)
        await full.track_one()
        if results:
            full.copy(2, results + 1)
            await prepare_results(full, results)
        full.copy(results + 2, results + TASKS)
        yield full


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from exec until the log says that it runs, and until a command that waited has its answer.

    `work` is what the bot's processor time was by then, which a busy machine does not lengthen.
    """

    bot: Bot
    running: float
    answered: float
    work: float


async def started(full: Crowd) -> Started:
    before = len(await full.player.messages())
    skip = len(full.log())
    await full.player.say("/help")
    began = time.monotonic()
    bot = await full.start()

    async def is_running() -> bool:
        return "is running" in full.log()[skip:]

    async def is_answered() -> bool:
        return len(await full.player.messages()) > before + 1

    moments = []
    for look in (is_running, is_answered):
        while not await look():
            assert time.monotonic() - began < HANG, full.log()[-1000:]
            await asyncio.sleep(0.02)
        moments.append(time.monotonic() - began)
    running, answered = moments
    return Started(bot, running, answered, _work(bot.pid))


def _work(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def stopped(bot: Bot) -> float:
    """Seconds from SIGTERM to the end, which has to be a good one."""
    began = time.monotonic()
    status = await bot.stop()
    assert status == 0, f"it ended with the status {status}"
    return time.monotonic() - began


async def polling(full: Crowd) -> float:
    """Stopped amid its questions."""
    bot = (await started(full)).bot
    await asyncio.sleep(2)
    return await stopped(bot)


async def gateway_hangs(full: Crowd) -> float:
    full.gateway.hangs = True
    bot = (await started(full)).bot
    await asyncio.sleep(2)
    try:
        return await stopped(bot)
    finally:
        full.gateway.hangs = False


async def telegram_hangs(full: Crowd) -> float:
    """Every call is read and never answered."""
    bot = (await started(full)).bot
    await full.player.tell("faults", method="getUpdates", kind="delay", times=50, seconds=HANG)
    await full.player.tell("weather", seconds=[HANG, HANG])
    for _ in range(20):
        await full.player.say("/list")
    await asyncio.sleep(2)
    try:
        return await stopped(bot)
    finally:
        await full.player.take_back("faults")
        await full.player.tell("weather")


async def results_in_flight(full: Crowd) -> float:
    """Stopped while so many results are on their way to a slow Telegram; none is lost, none comes twice."""
    bot = await full.start()

    async def is_running() -> bool:
        return "is running" in full.log()

    await until(is_running)
    # The connections to Telegram are fewer: what is in flight waits for one, for an answer, or for its second call.
    await full.player.tell("weather", seconds=[40, 60])
    most = 0
    for _ in range(120):
        await asyncio.sleep(0.5)
        most = full.count("outbox WHERE kind = 'result' AND state = 'sending'")
        if most >= RESULTS:
            break
    took = await stopped(bot)
    sys.stdout.write(f"({most} of {RESULTS} results were being sent)\n")
    await full.player.tell("weather")
    bot = await full.start()

    async def shown() -> int:
        chats = [(await full.player.ask(f"chats/{FIRST_CHAT + chat}"))["messages"] for chat in range(CHATS)]
        return sum(message["media"]["size"] > 1000 for chat in chats for message in media_in(chat))

    async def all_arrived() -> bool:
        return await shown() >= RESULTS

    await until(all_arrived, 10 * HANG)
    await asyncio.sleep(2)
    assert await shown() == RESULTS
    await stopped(bot)
    return took


async def prepare_results(full: Crowd, results: int) -> None:
    """So many tasks end while Telegram can not be reached, and the bot is killed: their results wait."""
    bot = (await started(full)).bot
    await full.player.tell("weather", rate=1, kinds=["drop_before"])
    full.gateway.done = {f"vid_number{number}" for number in range(2, results + 2)}

    async def all_ended() -> bool:
        return full.count("tasks WHERE ending IS NOT NULL") >= results

    await until(all_ended, HANG)
    await bot.kill()
    (full.folder / "bot.log").unlink()
    await full.player.tell("weather")
    with closing(sqlite3.connect(full.database)) as database, database:
        database.execute("UPDATE outbox SET not_before = 0, attempts = 0 WHERE state = 'pending'")


SCENES: dict[str, Callable[[Crowd], Awaitable[float]]] = {
    "amid its questions": polling,
    "while a gateway hangs": gateway_hangs,
    "while Telegram hangs": telegram_hangs,
}


async def main() -> int:
    """The exit status: 1 if something takes longer than promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.crowd", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    good = True
    with tempfile.TemporaryDirectory(prefix="rushes-crowd-") as folder:
        async with crowd(Path(folder)) as full:
            # First, for after it the results are there.
            good &= print_row(f"kill -TERM with {RESULTS} results in flight", [await results_in_flight(full)], STOP)
            starts = []
            for _ in range(runs):
                starts.append(await started(full))
                await stopped(starts[-1].bot)
            good &= print_row("start until it runs", [start.running for start in starts], START)
            good &= print_row("start until a command is answered", [start.answered for start in starts], START)
            print_row("work of the processor until then", [start.work for start in starts], START)
            for name, scene in SCENES.items():
                good &= print_row(f"kill -TERM {name}", [await scene(full) for _ in range(runs)], STOP)
    return 0 if good else 1


def print_row(what: str, seconds: list[float], most: float) -> bool:
    """Median, worst, promise and number of runs; whether the promise was kept."""
    sys.stdout.write(
        f"| {what} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s | {most:.0f} s | {len(seconds)} |\n"
    )
    sys.stdout.flush()
    return max(seconds) <= most


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
