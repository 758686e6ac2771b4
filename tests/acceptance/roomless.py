"""`make trouble`: the disk is full, the database is full or locked, no name resolves, while people go on talking."""

import argparse
import asyncio
import itertools
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.acceptance.front import Front
from tests.acceptance.sky import Sky, full_disk
from tests.acceptance.stage import Stage, staged
from tests.acceptance.world import card_of, media_in, waited

Json = dict[str, Any]

FIRST_CHAT = 30_000
TASK_SECONDS, FILE = 2.0, "dawn.mp4"
# Seconds before and after, in which all is well; and how long everything may take to be told in the end.
AROUND, PATIENCE = 8.0, 180.0
# What was on its way when the trouble began.
UNDER_WAY = 1.0
HARDLY_ANYTHING = 1 << 16
COLUMNS = (
    *("trouble", "seconds", "commands", "of them meanwhile", "answered meanwhile", "lost", "doubled"),
    *("strays", "lives", "all told"),
)
NO_NAMES = "no names"
# Nothing at all can be stored; a database that may not grow still takes what fits into its free pages.
NO_ROOM = frozenset({"disk full", "database locked"})
NAMED = ("TELEGRAM_API_BASE_URL", "TOKEN360_BASE_URL")


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one run. `hasty`: commands of that time that were answered within it."""

    name: str
    seconds: float
    commands: int
    meanwhile: int
    hasty: int
    lost: int
    doubled: int
    strays: int
    lives: bool
    told: float

    def is_good(self) -> bool:
        return self.lives and not (self.lost or self.doubled or (self.hasty and self.name in NO_ROOM))

    def row(self) -> str:
        facts = (
            self.commands,
            self.meanwhile,
            self.hasty,
            self.lost,
            self.doubled,
            self.strays,
            "yes" if self.lives else "no",
        )
        cells = (self.name, f"{self.seconds:.0f}", *facts, f"after {self.told:.0f} s")
        return f"| {' | '.join(map(str, cells))} |"


@contextmanager
def held(stage: Stage) -> Iterator[None]:
    """Somebody else writes, and takes their time."""
    with closing(sqlite3.connect(stage.folder / "rushes.db", isolation_level=None, timeout=60)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def run(folder: Path, name: str, seconds: float, rate: float) -> Report:
    """People give so many commands a second, each about a task of its own, before the trouble, during it and after."""
    async with staged(folder, LOG_LEVEL="WARNING", POLL_INTERVAL="1", POLL_MAX_INTERVAL="1") as stage:
        sky = Sky(folder)
        stage.bot.settings.update(sky.environment)
        async with _named(stage) as fronts:
            await stage.bot.start()
            said: dict[int, float] = {}
            talking = asyncio.create_task(_talk(stage, said, rate))
            await asyncio.sleep(AROUND)
            began = time.time()
            with _trouble(stage, sky, name):
                while time.time() < began + seconds:
                    # A connection that stands needs no name, and one that was asked for a moment ago is remembered.
                    for front in fronts if name == NO_NAMES else ():
                        front.drop()
                    await asyncio.sleep(1)
                lives = _lives(stage)
            ended = time.time()
            await asyncio.sleep(AROUND)
            talking.cancel()
            await waited(lambda: _all_told(stage, said), PATIENCE, every=1.0)
            told = time.time() - ended - AROUND
            await asyncio.sleep(3)
            shown = {chat: await stage.shown(chat) for chat in said}
            calls = (await stage.player.ask("calls"))["calls"]
            lives = lives and await stage.bot.stop() == 0
    meanwhile = {chat for chat, moment in said.items() if began + UNDER_WAY < moment < ended}
    answered = {
        (call["params"] or {}).get("chat_id")
        for call in calls
        if call["method"] == "sendMessage" and began + UNDER_WAY < call["time"] < ended
    }
    return Report(
        name,
        seconds,
        len(said),
        len(meanwhile),
        len(meanwhile & answered),
        sum(not media_in(messages) or not card_of(messages, f"t{chat}") for chat, messages in shown.items()),
        sum(len(media_in(messages)) > 1 for messages in shown.values()),
        sum(max(0, len(messages) - 2) for messages in shown.values()),
        lives,
        max(told, 0.0),
    )


def _trouble(stage: Stage, sky: Sky, name: str) -> AbstractContextManager[None]:
    ways: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
        "disk full": lambda: full_disk(stage.bot.pid, HARDLY_ANYTHING),
        "database full": sky.full_database,
        "database locked": lambda: held(stage),
        NO_NAMES: sky.no_names,
    }
    return ways[name]()


@asynccontextmanager
async def _named(stage: Stage) -> AsyncIterator[list[Front]]:
    """Telegram and the gateway have names, and connections to them can be broken."""
    async with AsyncExitStack() as stack:
        fronts = []
        for setting in NAMED:
            front = await stack.enter_async_context(Front(stage.bot.settings[setting]))
            host = f"{setting.partition('_')[0].lower()}.test"
            stage.bot.settings[setting] = f"http://{host}:{urlsplit(front.origin).port}"
            fronts.append(front)
        yield fronts


async def _talk(stage: Stage, said: dict[int, float], rate: float) -> None:
    began = time.monotonic()
    for number in itertools.count():
        await asyncio.sleep(began + number / rate - time.monotonic())
        chat = FIRST_CHAT + number
        await stage.player.tell("tasks", provider="token360", id=f"t{chat}", pace=TASK_SECONDS, outputs=[FILE])
        said[chat] = time.time()
        await asyncio.shield(stage.say(chat, f"/track t{chat} token360"))


async def _all_told(stage: Stage, said: Mapping[int, float]) -> bool:
    return all([media_in(await stage.shown(chat)) for chat in said])


def _lives(stage: Stage) -> bool:
    """Whether the process is at work, and not only not yet buried."""
    return ") Z " not in Path(f"/proc/{stage.bot.pid}/stat").read_text()


async def main() -> int:
    """The exit status: 1 if a figure was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.roomless", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="that each trouble lasts")
    parser.add_argument("--rate", type=float, default=2.0, help="commands a second")
    parser.add_argument("--only", default="", help="one of the troubles")
    chosen = parser.parse_args()
    _say(f"| {' | '.join(COLUMNS)} |")
    _say("|" + "---|" * len(COLUMNS))
    is_good = True
    for name in [chosen.only] if chosen.only else ["disk full", "database full", "database locked", NO_NAMES]:
        with tempfile.TemporaryDirectory(prefix="rushes-trouble-") as folder:
            report = await run(Path(folder), name, chosen.seconds, chosen.rate)
        _say(report.row())
        is_good = is_good and report.is_good()
    return 0 if is_good else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
