"""The bot is killed while it is busy, again and again; then every chat is judged by what stands in it."""

import asyncio
import hashlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tests.acceptance.stage import Stage, staged
from tests.acceptance.world import media_in, waited

Json = dict[str, Any]

# Seconds that a bot lives before it is killed: from its very start to well at work.
LIFE = (0.1, 1.7)
# What a call to Telegram takes, in seconds.
CALL = (0.02, 0.15)
IN_FLIGHT = 8
TASK_SECONDS, FILE = 1.0, "dawn.mp4"
COMMANDS_PER_SECOND, TALKING_CHATS = 25, 100
FIRST_CHAT = 10_000
# How long a task, or the end of a run, may take before it counts as lost.
PATIENCE = 90.0
# A send is under way, or answered and not yet recorded, within these seconds around its execution; a slow moment of
# the machine included.
UNDER_WAY = (-1.0, 1.0)
ANSWER_LOST = frozenset({"drop_after", "502_after"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a chat that should be otherwise; of a message too many, how it came about."""

    kind: str
    task_id: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run showed. `done` is how many tasks or commands there were."""

    kills: int
    done: int
    seconds: float
    findings: list[Finding]
    complaints: list[str]

    def count(self, *kinds: str) -> int:
        return sum(finding.kind in kinds for finding in self.findings)

    @property
    def untold_per_kill(self) -> float:
        """Cards that nobody could tell the end to: whether they arrived was not known, and the result said it all."""
        return self.count("untold") / self.kills

    @property
    def strays(self) -> Counter[str]:
        """Messages beyond the card and the result, by what they are and how they came about."""
        strays = (found for found in self.findings if found.kind in {"card", "line"})
        return Counter(f"{found.kind} {found.cause}" for found in strays)

    @property
    def strays_per_kill(self) -> float:
        return self.strays.total() / self.kills

    def broken(self) -> list[Finding]:
        """Promises that were not kept, and messages too many that no kill and no lost answer explains."""
        return [found for found in self.findings if found.cause in {"", "unexplained"}]


async def deliver(folder: Path, kills: int, seed: int, rate: float = 0.0) -> Report:
    """Eight tasks are in flight all the time, each in a chat of its own; a share of `rate` of all calls goes wrong."""
    began, tracked, over = time.monotonic(), dict[int, str](), asyncio.Event()
    async with staged(folder, POLL_INTERVAL="0.3", POLL_MAX_INTERVAL="0.3") as stage:
        await stage.player.tell("weather", seconds=CALL, rate=rate, seed=seed)
        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(_follow(stage, tracked, over))
            await _kill(stage, kills, seed)
            over.set()
        await stage.rest(len(tracked), PATIENCE)
        assert await stage.bot.stop() == 0
        findings = [finding async for finding in _judge_deliveries(stage, tracked)]
    return Report(kills, len(tracked), time.monotonic() - began, findings, stage.log.complaints)


async def take_in(folder: Path, kills: int, seed: int) -> Report:
    """People send 25 commands a second, each about a new task that goes on running."""
    began, said = time.monotonic(), dict[str, int]()
    # Nobody's progress is of interest here, only that every task is asked for once.
    async with staged(folder, POLL_INTERVAL="60", POLL_MAX_INTERVAL="60") as stage:
        await stage.player.tell("weather", seconds=CALL, seed=seed)
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(_talk(stage, said))
            await _kill(stage, kills, seed)
            talking.cancel()
        await stage.rest(len(said), PATIENCE + len(said) / COMMANDS_PER_SECOND)
        assert await stage.bot.stop() == 0
        findings = [*_judge_rows(stage, said), *[finding async for finding in _judge_commands(stage, said)]]
    return Report(kills, len(said), time.monotonic() - began, findings, stage.log.complaints)


# What goes on


async def _kill(stage: Stage, kills: int, seed: int) -> None:
    """Again and again; at the end there is a bot that lives on."""
    chance = Random(seed)  # noqa: S311 - no secret
    for _ in range(kills):
        await stage.bot.start()
        await asyncio.sleep(chance.uniform(*LIFE))
        await stage.bot.kill()
    await stage.bot.start()


async def _follow(stage: Stage, tracked: dict[int, str], over: asyncio.Event) -> None:
    """One task after the other, each until its media stands in its chat, or long enough to call it lost."""
    while not over.is_set():
        chat_id = FIRST_CHAT + len(tracked)
        task_id = tracked[chat_id] = f"t{chat_id}"
        await stage.player.tell("tasks", provider="token360", id=task_id, pace=TASK_SECONDS, outputs=[FILE])
        await stage.say(chat_id, f"/track {task_id} token360")
        await waited(partial(_media, stage, chat_id), PATIENCE)


async def _media(stage: Stage, chat_id: int) -> list[Json]:
    return media_in(await stage.shown(chat_id))


async def _talk(stage: Stage, said: dict[str, int]) -> None:
    """At a steady pace, whatever the bot is doing."""
    began = time.monotonic()
    for number in itertools.count():
        await asyncio.sleep(began + number / COMMANDS_PER_SECOND - time.monotonic())
        task_id, chat_id = f"c{number:05d}", FIRST_CHAT + number % TALKING_CHATS
        states = [{"after": 0, "status": "queued"}]
        await stage.player.tell("tasks", provider="token360", id=task_id, end="stuck", states=states)
        said[task_id] = chat_id
        await asyncio.shield(stage.say(chat_id, f"/track {task_id} token360"))


# What came of it


async def _judge_deliveries(stage: Stage, tracked: Mapping[int, str]) -> AsyncIterator[Finding]:
    wanted = hashlib.sha256(await stage.player.fetch(f"{stage.files}/{FILE}")).hexdigest()
    for chat_id, task_id in tracked.items():
        shown = await stage.shown(chat_id)
        cards, media = _cards(shown, task_id), media_in(shown)
        for broken in _promises(media, wanted):
            yield Finding(broken, task_id)
        if not cards or "Done" not in cards[-1]["text"]:
            yield Finding("untold", task_id, _cause(stage, chat_id, cards[-1]) if cards else "never arrived")
        for m in cards[:-1]:
            yield Finding("card", task_id, _cause(stage, chat_id, m))
        for m in (m for m in shown if m not in cards and m not in media):
            yield Finding("line", task_id, _cause(stage, chat_id, m))


def _promises(media: Sequence[Json], wanted: str) -> Iterator[str]:
    """Those that were not kept."""
    if not media:
        yield "lost"
    yield from ("doubled" for _ in media[1:])
    if any(m["media"]["sha256"] != wanted for m in media):
        yield "wrong media"


def _judge_rows(stage: Stage, said: Mapping[str, int]) -> Iterator[Finding]:
    """What the bot wrote down: one task and one who follows it for each command."""
    follows = "SELECT t.external_id FROM tasks t LEFT JOIN subscriptions s ON s.task_id = t.id"
    recorded = Counter(task_id for (task_id,) in stage.query(follows))
    for task_id in said:
        if recorded[task_id] != 1:
            yield Finding("doubled" if recorded[task_id] else "lost", task_id)


async def _judge_commands(stage: Stage, said: Mapping[str, int]) -> AsyncIterator[Finding]:
    chats = {chat_id: await stage.shown(chat_id) for chat_id in set(said.values())}
    for task_id, chat_id in said.items():
        cards = _cards(chats[chat_id], task_id)
        if not cards:
            yield Finding("lost", task_id)
        for m in cards[:-1]:
            yield Finding("card", task_id, _cause(stage, chat_id, m))
        chats[chat_id] = [m for m in chats[chat_id] if m not in cards]
    for chat_id, others in chats.items():
        for m in others:
            yield Finding("line", m["text"], _cause(stage, chat_id, m))


def _cards(shown: Sequence[Json], task_id: str) -> list[Json]:
    return [m for m in shown if m["silent"] and m["text"] and m["text"].endswith(task_id)]


def _cause(stage: Stage, chat_id: int, message: Json) -> str:
    """Why a message stands there although another one took its place."""
    sent = stage.log.sends[chat_id, message["message_id"]]
    if sent["fault"] in ANSWER_LOST:
        return "answer lost"
    after, before = UNDER_WAY
    is_killed = any(sent["time"] + after < kill < sent["time"] + before for kill in stage.bot.kills)
    return "killed" if is_killed else "unexplained"
