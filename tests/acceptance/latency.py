"""`make latency`: from the gateway's word "succeeded" to the first words of it at Telegram, amid a thousand open tasks.

Tasks end one after the other, each in a chat of its own, so that no chat's pace is what is measured. What waits for the
next poll does not count: the watch starts with the answer that tells it.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.acceptance.stage import Stage, staged
from tests.acceptance.throng import FIRST_CHAT, all_run, follow
from tests.acceptance.world import waited

Json = dict[str, Any]

PROVIDER = "token360"
PROMISED = 0.050
PATIENCE = 30.0
STEPS = (
    "answer to decision",
    "decision to disk",
    "disk to Telegram",
    "answer to Telegram",
)
COLUMNS = ("seconds from", "p50 (ms)", "p99 (ms)", "max (ms)", "promised p99 (ms)", "results")


@dataclass(frozen=True, slots=True)
class Told:
    """Epoch seconds: when the gateway said it, when that was decided and on disk, when it came to Telegram, loudly."""

    answered: float
    decided: float
    stored: float
    arrived: float

    def steps(self) -> tuple[float, ...]:
        moments = (self.answered, self.decided, self.stored, self.arrived)
        between = (later - earlier for earlier, later in pairwise(moments))
        return (*between, self.arrived - self.answered)


async def run(folder: Path, tasks: int, interval: float, ends: int, rate: float) -> list[Told]:
    """So many of the tasks end, so many a second."""
    pace = {"POLL_INTERVAL": str(interval), "POLL_MAX_INTERVAL": str(interval)}
    async with staged(folder, LOG_LEVEL="INFO", LOG_FORMAT="json", **pace) as stage:
        await follow(stage, {PROVIDER: tasks}, tasks)
        await stage.bot.start()
        await all_run(stage, tasks)
        ended = {}
        began = time.monotonic()
        # Not in the order in which they are asked for: else those that end together would be found in one moment.
        order = random.Random(1).sample(range(tasks), ends)  # noqa: S311 - no secret
        for place, number in enumerate(order):
            await asyncio.sleep(began + place / rate - time.monotonic())
            await stage.player.tell("tasks", provider=PROVIDER, id=f"{PROVIDER}-{number}", pace=0)
            ended[number] = time.time()
        await waited(lambda: _are_told(stage, ends), interval + PATIENCE, every=1.0)
        told = await _read(stage, folder, ended)
        assert await stage.bot.stop() == 0
    return told


async def _are_told(stage: Stage, ends: int) -> bool:
    sql = "SELECT count(*) FROM outbox WHERE kind = 'result' AND message_ids <> '[]'"
    return bool(stage.query(sql)[0][0] >= ends)


async def _read(stage: Stage, folder: Path, ended: dict[int, float]) -> list[Told]:
    """From the logs of the stand-ins and of the bot, and from its database."""
    answered: dict[int, float] = {}
    for call in (await stage.player.ask("gateway-calls"))["calls"]:
        number = int(call.get("task_id", "").rpartition("-")[2] or -1)
        if number in ended and call["time"] >= ended[number]:
            answered.setdefault(number, call["time"])
    arrived: dict[int, float] = {}
    for call in (await stage.player.ask("calls"))["calls"]:
        params = call["params"] or {}
        if call["method"] == "sendMessage" and not params.get("disable_notification"):
            arrived.setdefault(int(params["chat_id"]) - FIRST_CHAT, call["time"])
    decided = dict(stage.query("SELECT chat_id, created_at FROM outbox WHERE kind = 'result'"))
    stored = _stored(folder / "bot.log")
    return [
        Told(answered[number], decided[FIRST_CHAT + number], stored[f"{PROVIDER}-{number}"], arrived[number])
        for number in ended
    ]


def _stored(log: Path) -> dict[str, float]:
    """When each task's success was on disk, as the bot says it."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {
        line["task"]: datetime.fromisoformat(line["timestamp"]).timestamp()
        for line in lines
        if line["event"] == "task changed" and line["state"] == "succeeded"
    }


def rows(told: Sequence[Told]) -> list[str]:
    """The table; the last row is what was promised."""
    table = []
    for name, values in zip(STEPS, zip(*(one.steps() for one in told), strict=True), strict=True):
        promise = f"{PROMISED * 1000:.0f}" if name == STEPS[-1] else ""
        figures = (f"{value * 1000:.0f}" for value in (_rank(values, 0.5), _rank(values, 0.99), max(values)))
        table.append(f"| {' | '.join((name, *figures, promise, str(len(values))))} |")
    return table


def _rank(values: Sequence[float], share: float) -> float:
    """So large a share of the values is not above it."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def is_kept(told: Sequence[Told]) -> bool:
    """Whether the promise is."""
    return _rank([one.steps()[-1] for one in told], 0.99) <= PROMISED


async def main() -> int:
    """The exit status: 1 if the promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.latency", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000, help="that are open")
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between two questions about a task")
    parser.add_argument("--ends", type=int, default=250, help="of the tasks")
    parser.add_argument("--rate", type=float, default=5.0, help="ends a second")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rushes-latency-") as folder:
        told = await run(Path(folder), chosen.tasks, chosen.interval, chosen.ends, chosen.rate)
    sys.stdout.write(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n" + "".join(f"{r}\n" for r in rows(told)))
    good = is_kept(told)
    sys.stdout.write(f"{'kept' if good else 'NOT KEPT'}: at most {PROMISED * 1000:.0f} ms p99\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
