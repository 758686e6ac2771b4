"""`make soak`: a day of life in compressed time, ten thousand tasks, and what the bot's process grows by meanwhile."""

import argparse
import asyncio
import json
import re
import signal
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sandbox.bot_process import surroundings
from sandbox.player import Player
from sandbox.servers import PERSON
from tests.acceptance.edges import VITALS
from tests.acceptance.stage import stand_ins
from tests.acceptance.world import waited

Json = dict[str, Any]

HOUR = 3600.0
FIRST_CHAT, FIRST_GROUP, CHATS, GROUPS = 20_000, -1_000_020_000, 360, 40
# Of the whole time this share is warm-up: every chat has been met by then, every pool and cache is full.
WARM_UP = 0.25
TABLES = ("tasks", "subscriptions", "outbox", "events", "files", "inbox", "counts", "durations", "pauses")
COLUMNS = ("hour", "tasks said", "RSS MB", "asyncio tasks", "open files", "WAL MB", "database MB", *TABLES[:6])
MOST_GROWTH, MOST_WAL = 0.05, 64.0
# Rows of the outbox that may be due when the next half hour begins.
MOST_WAITING = 100
# How long what is under way at the end may take, in real seconds.
PATIENCE = 240.0
# Lines of the log that are shown with one that tells of something amiss.
CONTEXT = 40
_AMISS = re.compile(r"Traceback|was destroyed|never retrieved|never awaited|ERROR.*broke")


@dataclass(frozen=True, slots=True)
class Day:
    """How much happens: `tasks` within so many `hours` of a time that is `speed` times as fast as ours."""

    tasks: int
    hours: float
    speed: float
    seed: int = 1

    @property
    def seconds(self) -> float:
        """How long it takes us."""
        return self.hours * HOUR / self.speed


@dataclass(frozen=True, slots=True)
class Vitals:
    """The process at one moment; memory and files in MB."""

    hour: float
    said: int
    rss: float
    unfinished: int
    names: Json
    files: int
    wal: float
    database: float
    rows: dict[str, int]

    def line(self) -> str:
        cells = (f"{self.hour:.1f}", self.said, f"{self.rss:.1f}", self.unfinished, self.files, f"{self.wal:.1f}")
        rows = (self.rows[table] for table in TABLES[:6])
        return f"| {' | '.join(map(str, (*cells, f'{self.database:.1f}', *rows)))} |"


@dataclass(slots=True)
class Report:
    """What a day showed. `lost` and `doubled` are pictures that a chat should show once.

    `links`: in so many places a link stands, because the file could not be had in its time.
    """

    day: Day
    series: list[Vitals] = field(default_factory=list)
    pictures: int = 0
    links: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)
    status: int = 0

    @property
    def growth(self) -> float:
        """How much larger the process is in the last quarter than it was in the quarter after the warm-up."""
        warm = [vitals for vitals in self.series if vitals.hour >= self.day.hours * WARM_UP]
        quarter = max(1, len(warm) // 3)
        first, last = warm[:quarter], warm[-quarter:]
        return _mean([v.rss for v in last]) / _mean([v.rss for v in first]) - 1

    def bytes_per_task(self) -> float:
        """By which the database grows."""
        first, last = self.series[0], self.series[-1]
        return (last.database - first.database) * 2**20 / max(1, last.said - first.said)

    def broken(self) -> list[str]:
        """Figures that do not hold."""
        last = self.series[-1]
        found = [f"lost: {what}" for what in self.lost] + [f"doubled: {what}" for what in self.doubled] + self.amiss
        if self.growth >= MOST_GROWTH:
            found.append(f"the process grew by {self.growth:.1%}")
        if max(v.wal for v in self.series) >= MOST_WAL:
            found.append(f"the WAL grew to {max(v.wal for v in self.series):.0f} MB")
        if last.unfinished > self.series[0].unfinished:
            found.append(f"{last.unfinished} asyncio tasks are left, {last.names}")
        if last.files > self.series[0].files + len(_POOLS):
            found.append(f"{last.files} files are open, {self.series[0].files} at the start")
        if self.status:
            found.append(f"it ended with the status {self.status}")
        return found


# Connections that are kept for the next call: to Telegram, to the gateways, to the file server.
_POOLS = range(24)


async def live(folder: Path, day: Day) -> Report:
    """The day, and what came of it."""
    report, since = Report(day), time.time()
    async with _running(folder, day, since) as (player, bot):
        chance, said = Random(day.seed), dict[str, list[int]]()  # noqa: S311 - no secret
        await player.tell("weather", rate=0.01, seed=day.seed, seconds=(0.02, 0.3))
        await waited(lambda: _is_at_work(folder), PATIENCE)
        report.series.append(await _vitals(folder, bot, 0.0, 0))
        looks = 2 * int(day.hours)
        for look in range(1, looks + 1):
            await waited(lambda: _keeps_up(folder), PATIENCE, every=0.5)
            await _speak(player, day, range(day.tasks * (look - 1) // looks, day.tasks * look // looks), said)
            await _meddle(player, chance, said)
            hour = (time.time() - since) * day.speed / HOUR
            report.series.append(await _vitals(folder, bot, hour, day.tasks * look // looks))
        await waited(lambda: _is_quiet(folder), PATIENCE, every=1.0)
        await asyncio.sleep(2)
        report.series.append(await _vitals(folder, bot, (time.time() - since) * day.speed / HOUR, day.tasks))
        await _judge(folder, player, said, report)
        bot.terminate()
        report.status = await asyncio.wait_for(bot.wait(), 20)
    lines = (folder / "bot.log").read_text(errors="replace").splitlines()
    found = [number for number, line in enumerate(lines) if _AMISS.search(line)]
    report.amiss += ["\n".join(lines[max(0, number - 1) : number + CONTEXT]) for number in found[:20]]
    return report


@asynccontextmanager
async def _running(folder: Path, day: Day, since: float) -> AsyncIterator[tuple[Player, Process]]:
    faster = ("-m", "tests.acceptance.edges", str(day.speed), str(since))
    async with stand_ins(folder, faster) as given, Player(f"{given['TELEGRAM_API_BASE_URL']}/sim", PERSON) as player:
        ours = {
            "DATABASE_URL": f"sqlite:///{folder / 'rushes.db'}",
            "ALLOWED_TELEGRAM_USER_IDS": "*",
            "POLL_INTERVAL": "10",
            "POLL_MAX_INTERVAL": "30",
            "POLL_GIVE_UP_AFTER": str(2 * HOUR),
            "LOG_LEVEL": "INFO",
        }
        with (folder / "bot.log").open("ab") as sink:
            bot = await asyncio.create_subprocess_exec(
                *(sys.executable, *faster, "bot", "run"),
                cwd=folder,
                env=surroundings({**given, **ours}),
                stdin=DEVNULL,
                stdout=sink,
                stderr=sink,
            )
        try:
            yield player, bot
        finally:
            if bot.returncode is None:
                bot.kill()
                await bot.wait()


# What goes on


async def _speak(player: Player, day: Day, numbers: range, said: dict[str, list[int]]) -> None:
    """People track one task after the other, at a steady pace."""
    began = time.time()
    for number in numbers:
        due = began + day.seconds * (number - numbers.start) / day.tasks
        await asyncio.sleep(max(0.0, due - time.time()))
        task, provider, kind = _task(number)
        await player.tell("tasks", **task)
        chat_id = _chat(number)
        chats = [chat_id, _chat(number + 7)] if number % 50 == 17 else [chat_id]
        for chat in chats:
            await player.tell("say", chat_id=chat, user_id=abs(chat), text=f"/track {task['id']} {provider} {kind}")
        said[task["id"]] = chats


def _chat(number: int) -> int:
    number %= CHATS + GROUPS
    return FIRST_CHAT + number if number < CHATS else FIRST_GROUP - number


def _task(number: int) -> tuple[Json, str, str]:
    """Mostly pictures, each of a size that no other one has; some films, albums, bad ends and endless ones."""
    image = {"provider": "apipod", "kind": "image", "id": f"p{number:05d}", "pace": 20 + number * 7 % 160}
    match number % 100:
        case 11 | 52:
            film = {"provider": "token360", "id": f"v{number:05d}", "pace": 90, "outputs": ["dawn.mp4"]}
            return {**film, "last_frame": "noon-last-frame.png"}, "token360", "video"
        case 23 | 24 | 25 | 64:
            return {**image, "outputs": [_picture(number), "dawn.png"]}, "apipod", "image"
        case 31 | 32 | 33 | 34:
            return {**image, "end": "failed", "error": {"message": "the prompt was refused"}}, "apipod", "image"
        case 41:
            return {**image, "end": "stuck"}, "apipod", "image"
        case 43:
            return {**image, "missing": 99}, "apipod", "image"
        case 45:
            return {**image, "link_life": 900, "outputs": [_picture(number)]}, "apipod", "image"
        case _:
            return {**image, "outputs": [_picture(number)]}, "apipod", "image"


def _picture(number: int) -> str:
    return f"plain-{400 + number % 100}x{400 + number // 100}.png"


async def _meddle(player: Player, chance: Random, said: dict[str, list[int]]) -> None:
    """People look at lists and settings, press Refresh, give up, ask again, and delete."""
    for task_id in chance.sample(sorted(said)[-200:], min(8, len(said))):
        chat = said[task_id][0]
        command = chance.choice(["/list", "/settings", "/help", f"/status {task_id}", f"/track {task_id}", "/nonsense"])
        await player.tell("say", chat_id=chat, user_id=abs(chat), text=command)
        if command.startswith("/track"):
            said.pop(task_id, None)  # whoever asks for a finished one gets it again
        shown = (await player.ask(f"chats/{chat}"))["messages"]
        buttons = [(m, b) for m in shown if m["from_bot"] for row in m["buttons"] for b in row if "callback_data" in b]
        if buttons:
            message, button = chance.choice(buttons[-6:])
            press = {"chat_id": chat, "user_id": abs(chat), "message_id": message["message_id"]}
            await player.tell("press", **press, data=button["callback_data"])
            said.pop(task_id, None)  # somebody may have stopped it


# What came of it


async def _vitals(folder: Path, bot: Process, hour: float, said: int) -> Vitals:
    (folder / VITALS).unlink(missing_ok=True)
    bot.send_signal(signal.SIGUSR1)

    async def told() -> Json:
        return dict(json.loads((folder / VITALS).read_text())) if (folder / VITALS).exists() else {}

    inside = await waited(told, 20)
    rss, files = _of_process(bot.pid)
    rows = {table: _query(folder, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608 - ours
    wal, database = (_megabytes(folder / name) for name in ("rushes.db-wal", "rushes.db"))
    names, unfinished = inside["names"], inside["tasks"]
    found = Vitals(hour, said, rss, unfinished, names, files, wal, database, rows)
    _say(found.line())
    return found


def _of_process(pid: int) -> tuple[float, int]:
    """Its memory in MB, and how many files it has open."""
    (rss,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(rss) / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _query(folder: Path, sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(f"file:{folder}/rushes.db?mode=ro", uri=True, timeout=5)) as connection:
        return connection.execute(sql, values).fetchall()


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 2**20 if path.exists() else 0.0


async def _keeps_up(folder: Path) -> bool:
    """Whether the bot is not behind; on a busy machine the day takes longer instead of making it so."""
    waiting = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'doubt') AND not_before = 0"
    return bool(_query(folder, waiting)[0][0] < MOST_WAITING)


async def _is_at_work(folder: Path) -> bool:
    return "is running" in (folder / "bot.log").read_text(errors="replace")


async def _is_quiet(folder: Path) -> bool:
    waiting = (
        "SELECT (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'doubt'))"
        " + (SELECT count(*) FROM inbox WHERE body IS NOT NULL)"
        " + (SELECT count(*) FROM tasks WHERE ending IS NULL)"
    )
    return bool(_query(folder, waiting)[0][0] == 0)


def _is_told(folder: Path, task_id: str, chat_id: int) -> bool:
    """Whether the bot knows that all of the result stands there, if only as a link."""
    states = _query(
        folder,
        "SELECT DISTINCT o.state FROM outbox o JOIN subscriptions s ON s.id = o.subscription_id"
        " JOIN tasks t ON t.id = s.task_id WHERE t.external_id = ? AND o.chat_id = ? AND o.kind IN ('result', 'album')",
        *(task_id, chat_id),
    )
    return states == [("sent",)]


async def _judge(folder: Path, player: Player, said: dict[str, list[int]], report: Report) -> None:
    """Each picture of a size of its own stands once in each chat that was to get it."""
    shown: dict[int, Counter[str]] = {}
    for chat in {chat for chats in said.values() for chat in chats}:
        media = [m["media"] for m in (await player.ask(f"chats/{chat}"))["messages"] if m["from_bot"] and m["media"]]
        shown[chat] = Counter(f"plain-{one['width']}x{one['height']}.png" for one in media)
    due = [(task_id, _task(int(task_id[1:]))[0].get("outputs", [""])[0], chats) for task_id, chats in said.items()]
    for task_id, picture, chat in ((task_id, name, chat) for task_id, name, chats in due for chat in chats):
        if not picture.startswith("plain-"):
            continue
        report.pictures += 1
        where = f"{task_id} in {chat}"
        match shown[chat][picture]:
            case 1:
                continue
            case 0 if _is_told(folder, task_id, chat):
                report.links += 1
            case 0:
                report.lost.append(where)
            case _:
                report.doubled.append(where)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> int:
    """The exit status: 1 if a figure does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.soak", description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--speed", type=float, default=144.0, help="seconds of the bot in one of ours")
    parser.add_argument("--seed", type=int, default=1)
    day = Day(**vars(parser.parse_args()))
    _say(f"| {' | '.join(COLUMNS)} |")
    _say("|" + "---|" * len(COLUMNS))
    with tempfile.TemporaryDirectory(prefix="rushes-soak-") as folder:
        report = await live(Path(folder), day)
    _say(
        f"\n{report.pictures} pictures due: {len(report.lost)} lost, {len(report.doubled)} doubled,"
        f" {report.links} came as a link. The process grew by {report.growth:+.1%} after the warm-up;"
        f" the database by {report.bytes_per_task():.0f} bytes a task."
    )
    for trouble in report.broken():
        sys.stderr.write(f"{trouble}\n")
    return 1 if report.broken() else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
