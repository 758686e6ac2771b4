"""The picture: what a poll costs by how many tasks are open, and how soon an end is seen for how many polls."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.polling import AIOHTTP, ALL, JOBS, LOOPS, OURS, OURS_SAME, PYREQWEST, SDK, TASKS, TRANSPORT, Cell

# Points (polls for each task, mean seconds until its end is seen) of each schedule.
Schedules = Mapping[str, Sequence[tuple[float, float]]]

INK, FAINT, GRID, PAPER = "#1f2328", "#59636e", "#d8dee4", "#ffffff"
OURS_COLOUR = "#0969da"
# Told apart without red and green, and by their marks too.
COLOURS = ("#bc4c00", "#8250df", "#bf3989", "#57606a", "#1b7c83", "#7d4e00")
MARKS = "sD^vPX"
# Among the schedules.
OURS_NAME, BOUND = "Rushes", "bound"
LABELS = {
    OURS: "Rushes, the whole engine",
    JOBS: "JobQueue job per task, httpx",
    TASKS: "asyncio task per item, httpx",
    SDK: "openai videos.poll per item",
    AIOHTTP: "bare loop, aiohttp",
    PYREQWEST: "bare loop, pyreqwest",
    TRANSPORT: "bare loop, our own client",
}
# A phone shows the picture 360 points wide: this is 11 of them.
LETTERS = 13.5


def draw(cells: Sequence[Cell], schedules: Schedules, path: Path) -> None:
    """One PNG; the second half only where there are schedules."""
    rcParams.update({"font.size": LETTERS, "font.family": "DejaVu Sans", "text.color": INK, "axes.labelcolor": INK})
    rcParams.update({"legend.fontsize": LETTERS - 1, "figure.constrained_layout.w_pad": 0.15})
    figure = Figure(figsize=(8, 7.2 * (2 if schedules else 1)), dpi=150, layout="constrained", facecolor=PAPER)
    axes = figure.subplots(2 if schedules else 1, 1, squeeze=False)[:, 0]
    _costs(axes[0], cells)
    if schedules:
        _schedules(axes[1], schedules)
    figure.savefig(path)


def _costs(axes: Axes, cells: Sequence[Cell]) -> None:
    _plain(axes, "What a poll costs", "open tasks, each polled every 5 s", "processor time, µs per poll")
    axes.set_xscale("log")
    axes.set_yscale("log")
    others = iter(zip(COLOURS, MARKS, strict=True))
    for poller in ALL:
        if poller is OURS_SAME:
            continue
        name = poller.name
        colour, mark = (OURS_COLOUR, "o") if poller is OURS else next(others)
        row = sorted((cell for cell in cells if cell.poller == name), key=lambda cell: cell.tasks)
        good = [cell for cell in row if not cell.has_fallen]
        if not good:
            continue
        width, size = (4.0, 10) if poller is OURS else (2.0, 7)
        line = {"color": colour, "linewidth": width, "zorder": 5 if poller is OURS else 3}
        # What does nothing but ask is a limit, no peer.
        dashes = "--" if poller in LOOPS else "-"
        axes.plot(
            *([cell.tasks for cell in good], [cell.cpu_us for cell in good]),
            marker=mark,
            markersize=size,
            linestyle=dashes,
            label=LABELS[poller],
            **line,
        )
        for cell in row:
            if cell.has_fallen:
                last = good[-1]
                axes.plot([last.tasks, cell.tasks], [last.cpu_us] * 2, linestyle=":", **line)
                axes.plot(cell.tasks, last.cpu_us, marker="x", markersize=15, markeredgewidth=4, color=colour, zorder=6)
    axes.plot([], [], marker="x", markersize=11, markeredgewidth=3, linestyle="", color=FAINT, label="falls over")
    _ticks(axes, (100, 1_000, 10_000, 30_000), (100, 200, 500, 1_000, 2_000, 5_000))
    _legend(axes)


def _schedules(axes: Axes, schedules: Schedules) -> None:
    _plain(axes, "When to poll", "polls per task (five models, 15 to 420 s)", "seconds until the end is seen, mean")
    others = iter(zip(COLOURS, MARKS, strict=True))
    for name, points in schedules.items():
        colour, mark = (OURS_COLOUR, "o") if name == OURS_NAME else next(others)
        polls, seconds = zip(*sorted(points), strict=True)
        width, size, above = (4.0, 10, 5) if name == OURS_NAME else (2.0, 7, 3)
        line = {"color": colour, "linewidth": width, "linestyle": "--" if name == BOUND else "-", "zorder": above}
        axes.plot(polls, seconds, marker=mark, markersize=size, label=name, **line)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(6, 60)
    axes.set_ylim(1, 10)
    _ticks(axes, (6, 10, 20, 30, 60), (1, 2, 3, 5, 10))
    _legend(axes)


def _ticks(axes: Axes, across: Sequence[int], up: Sequence[int]) -> None:
    axes.set_xticks(across, [f"{value:,}" for value in across])
    axes.set_yticks(up, [f"{value:,}" for value in up])
    axes.minorticks_off()


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False)


def _plain(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=20, fontweight="bold", pad=14)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
