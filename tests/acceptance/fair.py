"""`make fair`: one gateway hangs, one says 429, one drips a byte a second; what a healthy one's thousand tasks feel.

Quiet and ill take turns in one run, so that the machine's moods fall on both.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.acceptance.ill import ALWAYS, FAULTS
from tests.acceptance.stage import Stage, staged
from tests.acceptance.throng import Moments, Watch, all_run, follow, lateness, most_in, tardiest

Json = dict[str, Any]

WELL = "token360"
# Each in turn: with what the 429 says, and without.
ILLS: tuple[Mapping[str, str], ...] = tuple(
    {"apipod": "processed, then silence", "octopusx": limited, "ai_nebula": "a byte a second"}
    for limited in ("429, Retry-After: 2", "429")
)
MOST_RATIO, MOST_QUESTIONS = 2.0, 1
CHATS = 100


@dataclass(slots=True)
class Felt:
    """By how many seconds the healthy gateway's questions came late, and the most about one task in an interval."""

    quiet: list[float] = field(default_factory=list)
    ill: list[float] = field(default_factory=list)
    most: int = 0
    asked: int = 0

    @property
    def ratio(self) -> float:
        return tardiest(self.ill) / tardiest(self.quiet)


async def run(folder: Path, tasks: int, others: int, interval: float, seconds: float, rounds: int) -> Felt:
    """So many tasks of the healthy gateway, so many of each of the others; each state lasts so many seconds."""
    pace = {"POLL_INTERVAL": str(interval), "POLL_MAX_INTERVAL": str(interval)}
    async with staged(folder, LOG_LEVEL="INFO", **pace) as stage:
        await follow(stage, {WELL: tasks, **dict.fromkeys(ILLS[0], others)}, CHATS)
        await stage.bot.start()
        await all_run(stage, tasks + others * len(ILLS[0]))
        felt, watch = Felt(), Watch(stage)
        for number in range(rounds):
            await asyncio.sleep(2 * interval)
            _note(felt, felt.quiet, await watch.over(seconds), interval)
            await _fall_ill(stage, ILLS[number % len(ILLS)])
            await asyncio.sleep(interval)
            ill = await watch.over(seconds)
            _note(felt, felt.ill, ill, interval)
            felt.asked += sum(len(times) for name in ILLS[0] for times in ill[name].values())
            await stage.player.take_back("gateway-faults")
        assert await stage.bot.stop() == 0
    return felt


def _note(felt: Felt, late: list[float], moments: Mapping[str, Moments], interval: float) -> None:
    late += lateness(moments[WELL], interval)
    felt.most = max(felt.most, *(most_in(moments[name], interval) for name in (WELL, *ILLS[0])))


async def _fall_ill(stage: Stage, ills: Mapping[str, str]) -> None:
    for provider, name in ills.items():
        await stage.player.tell("gateway-faults", provider=provider, times=ALWAYS, **FAULTS[name])


def verdicts(felt: Felt) -> list[tuple[bool, str]]:
    """Each promise: whether it was kept, and the figures."""
    figures = " / ".join(
        f"{name} {median(late) * 1000:.0f}, {tardiest(late) * 1000:.0f} of {len(late)}"
        for name, late in (("quiet", felt.quiet), ("ill", felt.ill))
    )
    late = f"the healthy one's p99 lateness stays below twice its quiet value: {felt.ratio:.2f}"
    most = f"no more than {MOST_QUESTIONS} question about a task in an interval: {felt.most}"
    return [
        (felt.ratio < MOST_RATIO, f"{late} (p50, p99 in ms: {figures})"),
        (felt.most <= MOST_QUESTIONS, f"{most} ({felt.asked} questions to the ill ones)"),
    ]


async def main() -> int:
    """The exit status: 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.fair", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000, help="of the healthy gateway")
    parser.add_argument("--others", type=int, default=50, help="of each that falls ill")
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between two questions about a task")
    parser.add_argument("--seconds", type=float, default=20.0, help="that each state is watched")
    parser.add_argument("--rounds", type=int, default=2, help="quiet, then ill")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rushes-fair-") as folder:
        felt = await run(Path(folder), chosen.tasks, chosen.others, chosen.interval, chosen.seconds, chosen.rounds)
    found = verdicts(felt)
    for good, words in found:
        sys.stdout.write(f"{'kept' if good else 'NOT KEPT'}: {words}\n")
    return 0 if all(good for good, _ in found) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
