"""`make torture`: hundreds of kills, and the figures for docs/reliability.md."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.acceptance.kills import Report, deliver, take_in

COLUMNS = (
    *("run", "kills", "tasks", "lost", "doubled", "otherwise broken"),
    *("strays per kill", "of which", "cards untold", "minutes"),
)
FAULT_RATE = 0.05
# Of cards in doubt, per kill; they are not repeated where the result says it all.
MOST_UNTOLD = 1.5


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the table; `most` is how many strays a kill may leave."""

    name: str
    go: Callable[[Path], Awaitable[Report]]
    most: float


async def main() -> int:
    """The exit status: 1 if a promise was not kept."""
    chosen = _parser().parse_args()
    kills, commands, seed = chosen.kills, chosen.intake_kills, chosen.seed
    runs = (
        Run("no other fault", partial(deliver, kills=kills, seed=seed), 0.5),
        Run("5 % of all calls fail", partial(deliver, kills=kills, seed=seed, rate=FAULT_RATE), 0.7),
        Run("25 commands a second", partial(take_in, kills=commands, seed=seed), float("inf")),
    )
    _say(f"| {' | '.join(COLUMNS)} |")
    _say("|" + "---|" * len(COLUMNS))
    are_good = [await _is_good(run) for run in runs]
    return 0 if all(are_good) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="of each of the runs that deliver")
    parser.add_argument("--intake-kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills, and of the faults")
    return parser


async def _is_good(run: Run) -> bool:
    with tempfile.TemporaryDirectory(prefix="rushes-torture-") as folder:
        report = await run.go(Path(folder))
    _say(_row(run.name, report))
    for trouble in (*report.broken(), *report.complaints):
        sys.stderr.write(f"{run.name}: {trouble}\n")
    if report.strays_per_kill > run.most:
        sys.stderr.write(f"{run.name}: more than {run.most} strays per kill\n")
    if report.untold_per_kill > MOST_UNTOLD:
        sys.stderr.write(f"{run.name}: more than {MOST_UNTOLD} untold cards per kill\n")
    is_bounded = report.strays_per_kill <= run.most and report.untold_per_kill <= MOST_UNTOLD
    return not report.broken() and not report.complaints and is_bounded


def _row(name: str, report: Report) -> str:
    lost, doubled = report.count("lost"), report.count("doubled")
    strays = ", ".join(f"{count} {what}" for what, count in sorted(report.strays.items()))
    cells = (
        name,
        report.kills,
        report.done,
        lost,
        doubled,
        len(report.broken()) - lost - doubled,
        f"{report.strays_per_kill:.2f}",
        strays or "none",
        report.count("untold"),
        f"{report.seconds / 60:.1f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
