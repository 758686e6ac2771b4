"""How long people wait for an answer while somebody sends a thousand commands a second, beside the quiet.

The bot runs with its default limits.
"""

import asyncio
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.rows import Row
from sandbox.bot_process import CHECKOUT, running_bot, surroundings
from sandbox.player import Player

FLOODER = 9000
OTHERS = 10
OTHERS_CHATS = range(9001, 9001 + OTHERS)
SECONDS = 20
ROUNDS = 3  # each with a fresh bot
COMMANDS_A_SECOND = 1000
GUSTS_A_SECOND = 50
WARNING = "Slow down"


@dataclass(frozen=True, slots=True)
class Said:
    """One command: where it stands, and when it was sent."""

    chat_id: int
    message_id: int
    at: float


class Listener:
    """Reads in the stand-in's call log which commands were answered, and when."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._seen = 0
        self._answered: dict[tuple[int, int], float] = {}

    async def waits(self, said: Iterable[Said]) -> list[float]:
        """How long each of these took to be answered, in seconds; waits for those that are not yet."""
        places = {(one.chat_id, one.message_id): one.at for one in said}
        while not places.keys() <= self._answered.keys():
            await asyncio.sleep(0.5)
            await self._read_on()
        return [self._answered[place] - at for place, at in places.items()]

    async def _read_on(self) -> None:
        calls = (await self._player.ask(f"calls?since={self._seen}"))["calls"]
        self._seen += len(calls)
        for call in calls:
            if call["method"] == "sendMessage":
                params = call["params"]
                replied = (params.get("reply_parameters") or {}).get("message_id", 0)
                self._answered.setdefault((params["chat_id"], replied), call["time"])


def rows() -> Iterator[Row]:
    """The others' answers, and what the flooder hears."""
    rounds = [asyncio.run(_measure()) for _ in range(ROUNDS)]
    warnings = max(heard for _, _, heard in rounds)
    assert warnings <= 1, f"{warnings} warnings within a minute"
    yield Row(
        "an answer while another floods, p95 ms",
        median(_p95(flooded) for _, flooded, _ in rounds) * 1000,
        median(_p95(quiet) for quiet, _, _ in rounds) * 1000,
        "the same while nobody does",
        f"{OTHERS} people send a command a second each; one sends {COMMANDS_A_SECOND}, and hears {warnings} warning",
    )


async def _measure() -> tuple[list[float], list[float], int]:
    """Seconds to each answer in the quiet and in the flood, and how many warnings the flooder got."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = await stack.enter_async_context(_stand_ins(folder))
        sim = f"{given['TELEGRAM_API_BASE_URL']}/sim"
        flooder = await stack.enter_async_context(Player(sim, FLOODER))
        people = {chat: await stack.enter_async_context(Player(sim, chat)) for chat in OTHERS_CHATS}
        await stack.enter_async_context(running_bot({**given, "ALLOWED_TELEGRAM_USER_IDS": "*"}, folder))
        listener = Listener(flooder)
        await listener.waits(await _talk(people, 3))  # everything is warm
        quiet = await listener.waits(await _talk(people, SECONDS))
        flood = asyncio.create_task(_flood(flooder))
        flooded = await listener.waits(await _talk(people, SECONDS))
        await flood
        heard = [message["text"] for message in await flooder.messages() if message["from_bot"]]
        return quiet, flooded, sum(WARNING in text for text in heard)


async def _talk(people: Mapping[int, Player], seconds: int) -> list[Said]:
    """Everybody sends a command a second, each at another moment of it."""

    async def one(chat: int, person: Player, delay: float) -> list[Said]:
        said = []
        began = time.time() + delay
        for number in range(seconds):
            await asyncio.sleep(began + number - time.time())
            at = time.time()
            said.append(Said(chat, await person.say("/list"), at))
        return said

    talks = [one(chat, person, place / len(people)) for place, (chat, person) in enumerate(people.items())]
    return [said for talk in await asyncio.gather(*talks) for said in talk]


async def _flood(flooder: Player) -> None:
    began = time.time()
    for number in range(SECONDS * GUSTS_A_SECOND):
        await asyncio.sleep(began + number / GUSTS_A_SECOND - time.time())
        await flooder.say("/list", times=COMMANDS_A_SECOND // GUSTS_A_SECOND)


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


@asynccontextmanager
async def _stand_ins(folder: Path) -> AsyncIterator[dict[str, str]]:
    """`python -m sandbox serve`, and what it says a bot has to be started with."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "serve", "--no-bot"),
        cwd=CHECKOUT,
        env=surroundings({"TMPDIR": str(folder)}),
        stdin=DEVNULL,
        stdout=PIPE,
    )
    assert process.stdout
    given = {"DATABASE_URL": f"sqlite:///{folder / 'rushes.db'}"}
    try:
        while not (line := (await process.stdout.readline()).decode()).startswith("# Ctrl-C"):
            assert line, "the stand-ins did not start"
            name, is_setting, value = line.strip().partition("=")
            if is_setting and not name.startswith("#"):
                given.setdefault(name, value)
        yield given
    finally:
        process.kill()
        await process.wait()
