"""`make bench`: runs every benchmark, prints what it finds as tables, and keeps it as JSON and as a picture."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from benchmarks import flood, parsing, polling, relay, schedule, verdicts
from benchmarks.laws import FLEET
from benchmarks.results import Results
from benchmarks.rows import Row

TABLES: Mapping[str, Callable[[], Iterator[Row]]] = {
    "parsing": parsing.rows,
    "relay": relay.rows,
    "flood": flood.rows,
}
PARTS = (*TABLES, "polling", "limits", "schedule")


def main() -> None:
    """One line for each thing measured."""
    options = _options()
    results = Results.load(options.json) if options.add and options.json.exists() else Results()
    for name in options.parts or PARTS:
        if name in TABLES:
            _table(name, TABLES[name](), results)
        elif name == "polling":
            _polling(options, results)
        elif name == "limits":
            _limits(options, results)
        else:
            _schedule(results)
    kept = list(verdicts.of_all(results))
    print("\nwhat is promised", *kept, sep="\n")
    results.save(options.json, kept)
    _picture(results, options.picture)


def _options() -> Namespace:
    options = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"only some of {PARTS}")
    options.add_argument("--json", type=Path, default=Path("benchmark-results.json"), help="where the numbers go")
    options.add_argument("--picture", type=Path, default=Path("benchmark-results.png"), help="where the picture goes")
    options.add_argument("--add", action="store_true", help="keep what stands there of an earlier run")
    options.add_argument("--sizes", type=int, nargs="+", default=polling.SIZES, help="polling: so many open tasks")
    options.add_argument("--quick", action="store_true", help="polling: 1,000 and 10,000 open tasks, each once")
    return options.parse_args()


def _table(name: str, rows: Iterator[Row], results: Results) -> None:
    print(f"\n{'what':48s}{'ours':>9s}{'peer':>9s}{'ratio':>8s}   peer is")
    results.rows[name] = []
    for row in rows:
        print(row, flush=True)
        results.rows[name].append(row)


def _polling(options: Namespace, results: Results) -> None:
    if missing := [poller.name for poller in polling.ALL if not poller.is_here]:
        print(f"\nnot installed, so not measured: {', '.join(missing)} (`make bench` installs everything)")
    print(f"\n{polling.ground()}\n{polling.HEADINGS}")
    for cell in polling.cells(polling.QUICK if options.quick else options.sizes, quick=options.quick):
        _keep(cell, options, results)


def _keep(cell: polling.Cell, options: Namespace, results: Results) -> None:
    """At once, because the run may be ended before its time."""
    print(cell, flush=True)
    results.add(cell)
    results.save(options.json, verdicts.of_all(results))


def _limits(options: Namespace, results: Results) -> None:
    """How far it goes, on from what the cells say."""
    print(f"\n{polling.HEADINGS}")
    for cell in polling.capacity(results.cells):
        _keep(cell, options, results)
    if held := polling.most_held(results.cells, polling.OURS):
        results.over = polling.overload(held)
        print(f"{results.over}\n  longest block of the event loop: {results.over.blocked_ms:.0f} ms", flush=True)
    results.crowd = polling.crowd()
    print(*results.crowd, sep="\n")
    ours = results.crowd[0]
    print(f"  loaded in {ours.loaded:.1f} s, all asked once in {ours.all_once:.1f} s")
    print(f"  longest block of the event loop: {ours.blocked_ms:.0f} ms")
    results.machine = polling.limit_of_machine()
    if results.machine:
        rate, cpu_us = results.machine
        print(f"wrk, no pause between two: {rate:.0f} requests/s, {cpu_us:.0f} µs of CPU each")
    else:
        print("wrk is not installed (Debian: apt-get install wrk), so the limit of the machine is not measured")


def _schedule(results: Results) -> None:
    """When to ask, simulated: no process and no clock."""
    _table("schedule", schedule.rows(), results)
    results.schedules = {
        name: [(cost.polls, cost.latency) for cost in curve] for name, curve in schedule.points(FLEET).items()
    }


def _picture(results: Results, path: Path) -> None:
    if not results.cells:
        return
    if not find_spec("matplotlib"):
        print("matplotlib is not installed (`make bench` does that), so there is no picture")
        return
    from benchmarks.plot import draw  # noqa: PLC0415  # only where it is installed

    draw(results.cells, results.schedules, path)


if __name__ == "__main__":
    main()
