"""`make outage`: a gateway with a thousand tasks is away for ten minutes; how often it is asked then and after."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sandbox.servers import OPERATOR
from tests.acceptance.front import AWAY as PROXY
from tests.acceptance.front import Front
from tests.acceptance.stage import Stage, staged
from tests.acceptance.throng import all_run, follow
from tests.acceptance.world import texts_of_bot

Json = dict[str, Any]

AWAY, WELL = "token360", "octopusx"
CHATS = 50
COLUMNS = (
    *("seconds away", "tasks", "interval", "requests a second before: min / median / max"),
    *(
        "while away: min / median / max",
        "in all",
        "after: min / median / max",
        "most / steady",
        "first answer after (s)",
    ),
    *("others before: median", "others meanwhile: median", "ended", "admins told: away, back"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried; times in seconds. `others`: tasks of another gateway."""

    tasks: int
    others: int
    interval: float
    away: float
    watch: float


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen: requests in each second, of the gateway that was away and of the other one."""

    plan: Plan
    before: list[int]
    meanwhile: list[int]
    after: list[int]
    back_after: float
    others: tuple[float, float]
    ended: int
    told: tuple[int, int]

    @property
    def rush(self) -> float:
        """The busiest second after the recovery, by what is usual."""
        return max(self.after) / (self.plan.tasks / self.plan.interval)

    def row(self) -> str:
        plan = self.plan
        cells = (
            *(
                f"{plan.away:.0f}",
                plan.tasks,
                f"{plan.interval:g} s",
                _spread(self.before),
                _spread(self.meanwhile),
                sum(self.meanwhile),
            ),
            *(_spread(self.after), f"{self.rush:.2f}", f"{self.back_after:.1f}"),
            *(f"{self.others[0]:.0f}", f"{self.others[1]:.0f}", self.ended, f"{self.told[0]}, {self.told[1]}"),
        )
        return f"| {' | '.join(map(str, cells))} |"


async def run(folder: Path, plan: Plan) -> Report:
    """One outage: where the gateway was, a proxy says that it is not there."""
    pace = {"POLL_INTERVAL": f"{plan.interval}", "POLL_MAX_INTERVAL": f"{plan.interval}"}
    async with staged(folder, **pace) as stage, Front(stage.origin(AWAY)) as front:
        stage.bot.settings[f"{AWAY.upper()}_BASE_URL"] = front.origin
        await follow(stage, {AWAY: plan.tasks, WELL: plan.others}, CHATS)
        await stage.bot.start()
        await stage.say(OPERATOR, "/start")
        await all_run(stage, plan.tasks + plan.others)
        seen = Seen(stage)
        await seen.watch(plan.watch)
        before, others = seen.seconds(AWAY), median(seen.seconds(WELL))
        went = time.time()
        async with front.saying(PROXY):
            await seen.watch(plan.away)
            others_meanwhile = median(seen.seconds(WELL))
            asked = Counter(int(moment - went) for moment in front.knocks)
            meanwhile = [asked[second] for second in range(int(plan.away))]
        back = time.time()
        await seen.watch(plan.watch + 2 * plan.interval)
        after = seen.seconds(AWAY)
        ended = stage.query("SELECT count(*) FROM tasks WHERE ending IS NOT NULL")[0][0]
        told = texts_of_bot(await stage.shown(OPERATOR))
        assert await stage.bot.stop() == 0
    return Report(
        plan,
        before,
        meanwhile,
        after,
        seen.first(AWAY) - back,
        (others, others_meanwhile),
        ended,
        (sum("no usable answer" in text for text in told), sum("works again" in text for text in told)),
    )


class Seen:
    """The gateways' own log, read as it grows."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._read = 0
        self._moments: dict[str, list[float]] = {}
        self._began = self._ended = time.time()

    async def watch(self, seconds: float) -> None:
        """What happens from now on."""
        await self._read_on()
        self.forget()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 5.0))
            await self._read_on()
        self._ended = time.time()

    def forget(self) -> None:
        self._moments, self._began = {}, time.time()

    def seconds(self, provider: str) -> list[int]:
        """How many requests came in each whole second."""
        counts = Counter(int(moment - self._began) for moment in self._moments.get(provider, ()))
        return [counts[second] for second in range(int(self._ended - self._began))]

    def first(self, provider: str) -> float:
        return min(self._moments[provider])

    async def _read_on(self) -> None:
        calls = (await self._stage.player.ask(f"gateway-calls?since={self._read}"))["calls"]
        self._read += len(calls)
        for call in calls:
            self._moments.setdefault(call["provider"], []).append(call["time"])


def _spread(counts: list[int]) -> str:
    return f"{min(counts)} / {median(counts):.0f} / {max(counts)}"


async def main() -> int:
    """The exit status: 1 if a figure was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.outage", description=__doc__)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--others", type=int, default=100, help="tasks of another gateway")
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between two questions about a task")
    parser.add_argument("--away", type=float, default=600.0, help="seconds for which the gateway is away")
    parser.add_argument("--watch", type=float, default=30.0, help="seconds before and after that are looked at")
    chosen = parser.parse_args()
    plan = Plan(chosen.tasks, chosen.others, chosen.interval, chosen.away, chosen.watch)
    with tempfile.TemporaryDirectory(prefix="rushes-outage-") as folder:
        report = await run(Path(folder), plan)
    sys.stdout.write(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n{report.row()}\n")
    sys.stdout.write(f"\nafter, second by second: {report.after}\n")
    return 0 if report.rush <= 2 and not report.ended else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
