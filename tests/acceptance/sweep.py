"""`make sweep`: in the life of a task every single call fails once, n = 1, 2, 3 …, and each time it ends well.

SQLite's own method. A call of the database fails in a process of its own, until a run has no fault any more; the calls
to Telegram and to gateways fail side by side, in as many chats as there are points, each with tasks of its own.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox.player import Player
from sandbox.servers import PERSON
from tests.acceptance.edges import FAULT, FIRED
from tests.acceptance.nursery import ForkedBot, Nursery
from tests.acceptance.stage import stand_ins
from tests.acceptance.world import waited
from tests.oracle import complaints

Json = dict[str, Any]

SPEED = 10.0
FIRST_CHAT = 30_000
PACE = 15.0  # of the bot's seconds, as long as a task takes
PATIENCE = 240.0  # real seconds until a life that has not ended counts as lost
LIVES = ("video", "album", "failed")

TELEGRAM: tuple[Json, ...] = (
    *({"kind": "429", "retry_after": 3}, {"kind": "drop_before"}, {"kind": "drop_after"}, {"kind": "502_html"}),
    *({"kind": "502_after"}, {"kind": "error", "code": 400, "description": "Bad Request: SOMETHING_NEW"}),
    {"kind": "error", "code": 403, "description": "Forbidden: bot was blocked by the user"},
)
UPDATES: tuple[Json, ...] = (
    *({"kind": "429", "retry_after": 3}, {"kind": "drop_before"}, {"kind": "drop_after"}, {"kind": "502_html"}),
    *(
        {"kind": "raw", "body": "{}"},
        {"kind": "raw", "body": "[]"},
        {"kind": "raw", "body": '{"ok": true, "result": 1}'},
    ),
    {"kind": "error", "code": 409, "description": "Conflict: terminated by other getUpdates request"},
)
# aiohttp repeats a GET by itself where the connection breaks before the answer.
GATEWAY: tuple[Json, ...] = (
    {"kind": "status"},
    {"kind": "reset", "times": 2},
    {"kind": "hang"},
    {"kind": "html"},
    {"kind": "429"},
)
DOWNLOAD: tuple[Json, ...] = ({"kind": "status"}, {"kind": "reset", "times": 2}, {"kind": "hang"}, {"kind": "truncate"})
DATABASE = ("begin", "change", "commit", "read")
# Calls that a life makes at most; what no call has met is no point.
MOST_CALLS: Mapping[str, int] = {"Telegram": 14, "gateway": 9, "download": 3}
COLUMNS = ("seam", "kind", "points", "delivered", "dead with a reason", "lost", "doubled", "strays", "cards untold")


@dataclass(frozen=True, slots=True)
class Point:
    """One call that fails: the `n`-th of its seam within the life in `chat_id`, or in the process (database)."""

    seam: str
    kind: str
    n: int
    chat_id: int
    life: str
    fault: Json = field(default_factory=dict)

    @property
    def task_id(self) -> str:
        return f"{self.life[0]}{self.chat_id}"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Files that nobody else has, so that each is counted by itself."""
        number = self.chat_id - FIRST_CHAT
        first, second = (f"plain-{400 + number // 100 + more}x{400 + number % 100}.png" for more in (0, 200))
        return {"video": (f"big-{60_000 + number}.mp4", first), "album": (first, second), "failed": ()}[self.life]

    def task(self) -> Json:
        """What the gateway is told to do."""
        base: Json = {"id": self.task_id, "pace": PACE}
        match self.life:
            case "video":
                film, frame = self.outputs
                return {**base, "provider": "token360", "outputs": [film], "last_frame": frame}
            case "album":
                return {**base, "provider": "apipod", "kind": "image", "outputs": list(self.outputs)}
            case _:
                return {**base, "provider": "apipod", "kind": "image", "end": "failed", "error": {"message": "refused"}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a life ended: `delivered`, `dead`, `lost` or `doubled`; what stood there besides."""

    end: str
    strays: int = 0
    untold: int = 0
    why: str = ""


class Ground:
    """Stand-ins and a nursery in faster time; one bot at a time."""

    def __init__(self, folder: Path, given: Mapping[str, str], nursery: Nursery, player: Player) -> None:
        self.player = player
        self._folder = folder
        self._nursery = nursery
        self._runs = 0
        self._environment = {
            **given,
            "ALLOWED_TELEGRAM_USER_IDS": "*",
            "LIMIT_COMMANDS_PER_MINUTE": "1000",
            "POLL_INTERVAL": "3",
            "POLL_MAX_INTERVAL": "3",
            "LOG_LEVEL": "INFO",
        }

    async def start(self, **more: str) -> "Run":
        """A bot with a database of its own."""
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        folder.mkdir()
        ours = {"DATABASE_URL": f"sqlite:///{folder / 'rushes.db'}", **more}
        return Run(await self._nursery.start({**self._environment, **ours}, folder), folder, self.player)


@dataclass(slots=True)
class Run:
    """One life of a bot."""

    bot: ForkedBot
    folder: Path
    player: Player

    async def live(self, points: Sequence[Point]) -> None:
        """Everybody asks for their task, presses Refresh once, and waits until nothing is left to do."""
        for point in points:
            await self.player.tell("tasks", **point.task())
            task = point.task()
            text = f"/track {point.task_id} {task['provider']} {task.get('kind', 'video')}"
            await self.player.tell("say", chat_id=point.chat_id, text=text)
        await asyncio.gather(*(self._refresh(point) for point in points))
        await waited(lambda: self.is_quiet(points), PATIENCE, every=0.05)

    async def _refresh(self, point: Point) -> None:
        async def button() -> Json | None:
            shown = (await self.player.ask(f"chats/{point.chat_id}"))["messages"]
            found = [(m, b) for m in shown for row in m["buttons"] for b in row if "Refresh" in b["text"]]
            return {"message_id": found[0][0]["message_id"], "data": found[0][1]["callback_data"]} if found else None

        if found := await waited(button, 2.5 * PACE / SPEED, every=0.05):
            await self.player.tell("press", chat_id=point.chat_id, **found)

    async def is_quiet(self, points: Sequence[Point]) -> bool:
        """Whether all that was asked for is known to the bot, has ended and is told."""
        if self.has_died:
            return True
        tracked, waiting = self.query(
            "SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM outbox WHERE state IN"
            " ('pending', 'sending', 'doubt')) + (SELECT count(*) FROM inbox WHERE body IS NOT NULL)"
            " + (SELECT count(*) FROM tasks t WHERE ending IS NULL AND EXISTS"
            " (SELECT 1 FROM subscriptions s WHERE s.task_id = t.id AND NOT s.stopped))"
        )[0]
        return bool(tracked >= len(points) and waiting == 0)

    @property
    def has_died(self) -> bool:
        try:
            return "\nState:\tZ" in Path(f"/proc/{self.bot.pid}/status").read_text()
        except FileNotFoundError:
            return True

    @property
    def fired(self) -> list[str]:
        """The calls of the database that failed, as ordered."""
        path = self.folder / FIRED
        return path.read_text().split() if path.exists() else []

    def query(self, sql: str, *values: Any) -> list[Any]:
        try:
            with closing(sqlite3.connect(f"file:{self.folder}/rushes.db?mode=ro", uri=True, timeout=5)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError:  # not there yet
            return [(0, 1)]

    async def judge(self, point: Point) -> Outcome:
        """What the chat shows, and for what it does not show, what the bot wrote down about that."""
        if self.has_died:
            return Outcome("lost", why="the process is dead")
        shown = [m for m in (await self.player.ask(f"chats/{point.chat_id}"))["messages"] if m["from_bot"]]
        media = Counter(_identity(m["media"]) for m in shown if m["media"])
        texts = [m for m in shown if not m["media"]]
        cards = [m["text"] for m in texts if m["silent"] and m["text"].endswith(point.task_id)]
        lines = [m["text"] for m in texts if "is ready" in m["text"] or "last frame" in m["text"]]
        others = Counter(m["text"] for m in texts if m["text"] not in {*cards, *lines})
        dead, left = self._rows(point.chat_id)
        missing = [name for name in point.outputs if not media[name]]
        # What says in words that there is no file, or that the task failed.
        # A document shows no size; what Telegram takes in no other form comes as one.
        links = others.total() - (point.life == "album") + media["plain-0x0.png"]
        due = len(missing) + (point.life == "failed")
        untold = not any("Done" in card or "failed" in card.lower() for card in cards)
        strays = len(cards[1:]) + len(lines) + sum(count - 1 for count in others.values())
        found = Outcome("delivered", strays, int(untold))
        if any(media[name] > 1 for name in point.outputs):
            return replace(found, end="doubled", why=f"{media}")
        if left or (links < due and not (dead and all(dead))):
            return replace(found, end="lost", why=f"{cards} {lines} {others} {media}, dead: {dead}, left: {left}")
        return replace(found, end="dead", why="; ".join(dead)) if links < due else found

    def _rows(self, chat_id: int) -> tuple[list[str], int]:
        """Why rows of the chat are dead, and how many are still to go out."""
        found = self.query("SELECT state, reason FROM outbox WHERE chat_id = ? AND state <> 'sent'", chat_id)
        dead = [reason for state, reason in found if state == "dead"]
        return dead, len(found) - len(dead)


def _identity(media: Json) -> str:
    if media["kind"] == "video":
        return f"big-{media['size']}.mp4"
    return f"plain-{media['width']}x{media['height']}.png"


@asynccontextmanager
async def ground(folder: Path) -> AsyncIterator[Ground]:
    before = ("-m", "tests.acceptance.edges", str(SPEED), str(time.time()))
    async with stand_ins(folder, before) as given, Player(f"{given['TELEGRAM_API_BASE_URL']}/sim", PERSON) as player:
        with Nursery(before) as nursery:
            yield Ground(folder, given, nursery, player)


# Over HTTP: all points side by side


def http_points(lives: Iterable[str] = LIVES, most: Mapping[str, int] = MOST_CALLS) -> list[Point]:
    """Every call of every life, in every kind; some are never made."""
    found: list[Point] = []
    for life in lives:
        faults: Mapping[str, Sequence[Json]] = {
            "Telegram": TELEGRAM,
            "gateway": GATEWAY,
            "download": DOWNLOAD if life != "failed" else (),
        }
        for seam, kinds in faults.items():
            for fault in kinds:
                for n in range(1, most[seam] + 1):
                    kind = f"{fault['kind']} {fault.get('code', '')}".strip()
                    found.append(Point(seam, kind, n, FIRST_CHAT + len(found), life, dict(fault)))
    return found


async def sweep_http(here: Ground, points: Sequence[Point]) -> list[tuple[Point, Outcome]]:
    """One bot lives through all of them; those that met their fault."""
    for point in points:
        await _order(here.player, point)
    for number, fault in enumerate(UPDATES):
        await here.player.tell("faults", method="getUpdates", skip=number, **fault)
    for method in ("getMe", "setMyCommands", "getMyDescription", "answerCallbackQuery"):
        for fault in TELEGRAM[:5]:
            await here.player.tell("faults", method=method, **fault)
    run = await here.start()
    await run.live(points)
    met = await _met(here.player, points)
    outcomes = [(point, await run.judge(point)) for point in points if point.chat_id in met]
    calls = (await here.player.ask("calls"))["calls"]
    outcomes += [(point, Outcome("doubled", why=said)) for point in points[:1] for said in complaints(calls)]
    if not run.has_died:
        await run.bot.stop()
    return outcomes


async def _order(player: Player, point: Point) -> None:
    fault = {**point.fault, "skip": point.n - 1}
    if point.seam == "Telegram":
        await player.tell("faults", method="*", chat_id=point.chat_id, **fault)
    elif point.seam == "gateway":
        await player.tell("gateway-faults", provider=point.task()["provider"], id=point.task_id, **fault)
    else:
        await player.tell("gateway-faults", provider="cdn", id=point.outputs[0], **fault)


async def _met(player: Player, points: Sequence[Point]) -> set[int]:
    """The chats of those whose fault came to pass."""
    calls = (await player.ask("calls"))["calls"]
    telegram = {call["params"].get("chat_id") for call in calls if call["fault"] and call["params"]}
    others = {
        call.get("task_id") or call["path"].rpartition("/")[2]
        for call in (await player.ask("gateway-calls"))["calls"]
        if call["fault"]
    }
    return {
        point.chat_id
        for point in points
        if (point.chat_id in telegram if point.seam == "Telegram" else bool({point.task_id, *point.outputs} & others))
    }


# In the database: a process for each point


async def sweep_database(
    folder: Path, kinds: Sequence[str], numbers: Iterable[int], grounds: int
) -> list[tuple[Point, Outcome]]:
    """From every kind the n-th call, for these n, until a run has no fault."""
    queue = [(kind, n) for n in numbers for kind in kinds]
    through: set[str] = set()
    found: list[tuple[Point, Outcome]] = []

    async def work(number: int) -> None:
        place = folder / f"ground-{number}"
        place.mkdir()
        async with ground(place) as here:
            while queue:
                kind, n = queue.pop(0)
                if kind in through:
                    continue
                outcome = await _fail_once(here, kind, n, first_chat=FIRST_CHAT + 10 * n + DATABASE.index(kind) * 2000)
                if outcome is None:
                    through.add(kind)
                else:
                    found.append((Point("database", kind, n, 0, "all"), outcome))

    await asyncio.gather(*map(work, range(grounds)))
    return found


async def _fail_once(here: Ground, kind: str, n: int, first_chat: int) -> Outcome | None:
    """Three lives in one process whose n-th call of that kind fails; None if there was none."""
    points = [Point("database", kind, n, first_chat + number, life) for number, life in enumerate(LIVES)]
    run, outcomes, status = await live_once(here, points, f"{kind}:{n}")
    if not run.fired:
        return None
    worst = max(outcomes, key=lambda outcome: ("delivered", "dead", "lost", "doubled").index(outcome.end))
    if status:
        worst = Outcome("lost", why=f"it ended with the status {status}")
    return replace(worst, strays=sum(o.strays for o in outcomes), untold=sum(o.untold for o in outcomes))


async def live_once(here: Ground, points: Sequence[Point], fault: str) -> tuple[Run, list[Outcome], int]:
    """The lives in a process of their own, whose database fails so; and the status with which it ended."""
    run = await here.start(**{FAULT: fault})
    await run.live(points)
    outcomes = [await run.judge(point) for point in points]
    return run, outcomes, 0 if run.has_died else await run.bot.stop()


# What came of it


def table(outcomes: Sequence[tuple[Point, Outcome]]) -> Iterable[str]:
    """For docs/reliability.md."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|" + "---|" * len(COLUMNS)
    groups = dict.fromkeys((point.seam, point.kind) for point, _ in outcomes)
    for seam, kind in groups:
        of_kind = [outcome for point, outcome in outcomes if (point.seam, point.kind) == (seam, kind)]
        ends = Counter(outcome.end for outcome in of_kind)
        strays, untold = sum(o.strays for o in of_kind), sum(o.untold for o in of_kind)
        counts = (len(of_kind), *(ends[end] for end in ("delivered", "dead", "lost", "doubled")), strays, untold)
        yield f"| {seam} | {kind} | {' | '.join(map(str, counts))} |"


async def main() -> int:
    """The exit status: 1 if a point ended badly."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.sweep", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="of the calls of the database only every so many-th")
    parser.add_argument("--grounds", type=int, default=os.cpu_count() or 1, help="bots side by side")
    parser.add_argument("--seam", choices=("http", "database"))
    chosen = parser.parse_args()
    outcomes: list[tuple[Point, Outcome]] = []
    with tempfile.TemporaryDirectory(prefix="rushes-sweep-") as name:
        folder = Path(name)
        if chosen.seam != "database":
            (folder / "http").mkdir()
            async with ground(folder / "http") as here:
                outcomes += await sweep_http(here, http_points())
        if chosen.seam != "http":
            numbers = range(1, 10_000, chosen.every)
            outcomes += await sweep_database(folder, DATABASE, numbers, chosen.grounds)
    sys.stdout.writelines(f"{line}\n" for line in table(outcomes))
    bad = [(point, outcome) for point, outcome in outcomes if outcome.end in {"lost", "doubled"}]
    for point, outcome in bad:
        sys.stderr.write(f"{outcome.end}: {point.seam} {point.kind} {point.n} ({point.life}): {outcome.why}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
