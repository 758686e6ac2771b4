"""The bot's storage, polling and delivery without sockets, threads and real time: hours of life in milliseconds.

What is replaced lies at the edges: the clock, SQLite's connection (the same file, without a thread of its own), the
HTTP below python-telegram-bot (Telegram's stand-in is asked directly) and below the gateways. The process can die at
each of these edges: from then on nothing that its memory still does reaches any of them.
"""

import asyncio
import json
import selectors
import shutil
import sqlite3
import ssl
from asyncio import CancelledError
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import httpx
from telegram.error import NetworkError
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData

from bot.delivery.answers import Answers
from bot.delivery.courier import Courier
from bot.delivery.files import Files
from bot.delivery.pacing import Pacing
from bot.delivery.sender import Sender
from bot.delivery.stock import Stock
from bot.delivery.telegram import Telegram
from bot.media.download import Downloader
from bot.polling.accounts import Accounts
from bot.polling.cadence import Pace
from bot.polling.inquiry import Inquiry
from bot.polling.limiter import Lanes
from bot.polling.poller import Clocks, Poller
from bot.polling.scheduler import Scheduler
from bot.storage.sqlite import Database
from bot.storage.store import Store
from bot.tracking.gateways import Gateway, Gateways
from bot.tracking.programs import Secrets
from bot.tracking.seal import Seal
from providers.apipod import APIPOD
from providers.client import GatewayClient
from providers.requests import Request
from providers.transport import HttpAnswer
from sandbox.params import Params
from sandbox.refusal import ApiError
from sandbox.servers import TOKEN
from sandbox.spool import Spool
from sandbox.state import State
from sandbox.telegram import METHODS

Json = dict[str, Any]
T = TypeVar("T")

EPOCH = 1_790_000_000.0
LATENCY = 0.05
GIVE_UP_AFTER = 1800.0
# Making one takes longer than most histories.
_TLS = ssl.create_default_context()
# For whoever looks later: rows that tell a success, and how ended tasks changed. And Telegram holds every picture
# already, so no file has to be fetched.
_LOG = """
CREATE TABLE log_results (id INTEGER, subscription_id INTEGER, chat_id INTEGER, thread_id INTEGER, part INTEGER);
CREATE TRIGGER log_result AFTER INSERT ON outbox WHEN new.kind IN ('result', 'album', 'header')
  AND (SELECT json_extract(snapshot, '$.state') FROM tasks t JOIN subscriptions s ON s.task_id = t.id
       WHERE s.id = new.subscription_id) = 'succeeded' BEGIN
  INSERT INTO log_results VALUES (new.id, new.subscription_id, new.chat_id, new.thread_id, new.part); END;
CREATE TABLE pictures (external_id TEXT, output INTEGER, file_id TEXT);
CREATE TRIGGER hold_pictures AFTER INSERT ON tasks BEGIN
  INSERT INTO files (task_id, output, form, file_id)
  SELECT new.id, output, 'photo', file_id FROM pictures WHERE external_id = new.external_id; END;
CREATE TABLE log_endings (task_id INTEGER, before TEXT, after TEXT, snapshot TEXT);
CREATE TRIGGER log_ending AFTER UPDATE OF ending ON tasks WHEN old.ending IS NOT NULL AND new.ending IS NOT old.ending
  BEGIN INSERT INTO log_endings VALUES (new.id, old.ending, new.ending, old.snapshot); END;
"""


class Stuck(Exception):
    """Nothing is left to wait for."""


class Loop(asyncio.SelectorEventLoop):
    """Time stands still while there is anything to do, and then jumps to the next thing to do."""

    def __init__(self) -> None:
        self.moment = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.moment

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *values: Any
    ) -> Any:
        """At once: a thread's time would not be ours."""
        del executor
        future = self.create_future()
        try:
            future.set_result(func(*values))
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            future.set_exception(error)
        return future


class _Selector(selectors.SelectSelector):
    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stuck
        self._loop.moment += max(timeout, 0.0)
        return []


class Power:
    """The life of one process. Whoever passes an edge asks it first; `dies_in`: at the how many-th edge it goes off."""

    def __init__(self) -> None:
        self.is_off = False
        self.dies_in: int | None = None

    async def edge(self) -> None:
        await asyncio.sleep(0)
        if self.dies_in is not None:
            self.dies_in -= 1
            self.is_off = self.is_off or self.dies_in <= 0
        if self.is_off:
            raise CancelledError


class Connection:
    """aiosqlite's, without its thread."""

    def __init__(self, path: Path, power: Power) -> None:
        self.raw = sqlite3.connect(path, isolation_level=None)
        self.raw.execute("PRAGMA foreign_keys=ON")

        self._power = power

    def execute(self, sql: str, values: Any = ()) -> "_Step":
        return _Step(self._power, lambda: self.raw.execute(sql, values))

    def executemany(self, sql: str, values: Iterable[Any]) -> "_Step":
        return _Step(self._power, lambda: self.raw.executemany(sql, values))

    def execute_fetchall(self, sql: str, values: Any = ()) -> "_Step":
        return _Step(self._power, lambda: self.raw.execute(sql, values).fetchall())

    def commit(self) -> "_Step":
        return _Step(self._power, self.raw.commit)

    def rollback(self) -> "_Step":
        return _Step(self._power, self.raw.rollback)

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What dies amid it has changed nothing, so it dies before or after."""
        found = await _Step(self._power, lambda: work(self.raw))
        await self._power.edge()
        return found  # type: ignore[no-any-return]


class _Step:
    """One way to the database and back."""

    def __init__(self, power: Power, call: Callable[[], Any]) -> None:
        self._power = power
        self._call = call

    def __await__(self) -> Generator[Any, None, Any]:
        yield from self._power.edge().__await__()
        return self._call()

    async def __aenter__(self) -> Any:
        return await self

    async def __aexit__(self, *_: object) -> None:
        return


class Chats:
    """Telegram as the bot meets it: its stand-in, and what goes wrong with the next calls. Outlives the process."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.state = State(TOKEN, folder, clock=clock)
        self.faults: list[str] = []
        self.calls: list[Json] = []
        self._clock = clock

    async def call(self, method: str, params: Params, power: Power) -> tuple[int, bytes]:
        """Status and body. What the process does not live to hear has happened all the same."""
        await power.edge()
        fault = self.faults.pop(0) if self.faults else ""
        entry = {"method": method, "time": asyncio.get_running_loop().time(), "params": params.values, "status": None}
        self.calls.append(entry)
        await asyncio.sleep(LATENCY)
        if fault == "drop_before":
            raise NetworkError("ConnectError") from httpx.ConnectError("")
        if fault == "429":
            entry["status"] = 429
            return 429, _body(ApiError(429, "Too Many Requests", {"retry_after": 7}).answer())
        status, answer = await self._execute(method, params)
        entry["status"], entry["answer"] = status, answer
        await asyncio.sleep(LATENCY)
        await power.edge()
        if fault == "drop_after":
            raise NetworkError("ReadError") from httpx.ReadError("")
        return (502, b"<html>") if fault == "502_after" else (status, _body(answer))

    async def _execute(self, method: str, params: Params) -> tuple[int, Json]:
        try:
            return 200, {"ok": True, "result": await METHODS[method.lower()][1](self.state, params)}
        except ApiError as error:
            return error.code, error.answer()


class _Wire(BaseRequest):
    """What python-telegram-bot calls in place of HTTP."""

    def __init__(self, chats: Chats, power: Power) -> None:
        self._chats = chats
        self._power = power

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        return

    async def shutdown(self) -> None:
        return

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        del method
        files = {}
        for name, (filename, data, mime) in (request_data.multipart_data if request_data else {}).items():
            spool = Spool(self._chats.state.folder, 10**7)
            await spool.fill(_once(bytes(data)))  # type: ignore[arg-type]
            files[name] = spool.upload(filename, mime)
        fields = request_data.json_parameters if request_data else {}
        return await self._chats.call(url.rpartition("/")[2], Params.from_strings(fields, files), self._power)


class Wares:
    """Gateways as the bot meets them: `says` holds (status, body) for each ID, None for nothing at all."""

    def __init__(self) -> None:
        self.says: dict[str, tuple[int, Any]] = {}


class _Exchange:
    """What the gateways' client calls in place of HTTP."""

    def __init__(self, wares: Wares, power: Power) -> None:
        self._wares = wares
        self._power = power

    async def exchange(self, request: Request, _: float, __: int) -> HttpAnswer:
        await self._power.edge()
        await asyncio.sleep(LATENCY)
        unknown = (404, {"code": 404, "message": "task not found"})
        known = self._wares.says.get(request.url.name, unknown) if "images" in request.url.path else unknown
        await self._power.edge()
        return HttpAnswer(known[0], {"Content-Type": "application/json"}, _body(known[1]))


class Rig:
    """One bot on one file, that may die and be started again. `jump` is how far its clock is off."""

    def __init__(self, folder: Path, template: Path, pace: Pace | None = None, concurrency: int = 8) -> None:
        self.pace, self.concurrency = pace or Pace(), concurrency
        self.loop = Loop()
        self.path = folder / "rushes.db"
        shutil.copyfile(template, self.path)
        self.jump = 0.0
        self.chats = Chats(folder, self.now)
        self.wares = Wares()
        self.gateways = Gateways([Gateway(APIPOD, ("key",), "APIPOD_API_KEY")])
        self.deaths: list[float] = []
        self._looking = sqlite3.connect(self.path, isolation_level=None)
        self.start()

    def now(self) -> float:
        return EPOCH + self.loop.moment + self.jump

    def start(self) -> None:
        self.power = power = Power()
        self._connections = [Connection(self.path, power) for _ in range(2)]
        self.store = Store(Database(self.path, *self._connections))  # type: ignore[arg-type]
        monotonic, chance = self.loop.time, Random(1).random  # noqa: S311 - no secret
        client = GatewayClient(ssl_context=_TLS)
        client._transport = _Exchange(self.wares, power)  # type: ignore[assignment]
        lanes, pace, clocks = Lanes(self.concurrency, None), self.pace, Clocks(self.now, monotonic, chance)
        inquiry = Inquiry(self.gateways, client, lanes, monotonic)
        accounts = Accounts(self.gateways, self.store, frozenset(), self.now)
        poller = Poller(self.gateways, inquiry, self.store, pace, accounts, clocks)
        wire, pacing, self.seal = _Wire(self.chats, power), Pacing(), Seal(TOKEN)
        bot: Any = ExtBot(TOKEN, request=wire, get_updates_request=wire)
        telegram = Telegram(bot, pacing, self.seal, monotonic)
        answers = Answers(self.store, self.gateways, self.now, Secrets(TOKEN, None), "en")
        files = Files(Downloader(), client, self.gateways, self.path.parent, 1)
        courier = Courier(self.store, telegram, Stock(self.store, files), self.gateways, self.now, answers)
        self.scheduler = Scheduler(self.store, poller, lanes, clocks)
        sender = Sender(self.store, courier, pacing, self.now, monotonic)
        self._workers = [self.loop.create_task(work.run()) for work in (self.scheduler, sender)]

    def kill(self) -> None:
        """The process is gone, and its memory with it."""
        self.power.is_off = True
        self.deaths.append(self.loop.moment)
        for connection in self._connections:
            connection.raw.close()
        self._end_all()

    def bury(self) -> bool:
        """Whether the process has died by itself, as was ordered; then there is a new one."""
        if not self.power.is_off:
            return False
        self.kill()
        self.start()
        return True

    def live(self, seconds: float) -> None:
        """Lets time pass; a process that dies meanwhile is started again."""
        until = self.loop.moment + seconds
        while self.loop.moment < until:
            step = min(until - self.loop.moment, 5.0 if self.power.dies_in else seconds)
            self.loop.run_until_complete(asyncio.sleep(step))
            for worker in self._workers:
                if worker.done() and not self.power.is_off:
                    worker.result()
                    raise AssertionError("a loop has ended")
            self.bury()

    def do(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """What intake would do; None if the process dies over it."""
        try:
            return self.loop.run_until_complete(work())
        except CancelledError:
            self.bury()
            return None

    def close(self) -> None:
        self.kill()
        self._looking.close()
        self.loop.close()

    def look(self, sql: str, *values: Any) -> list[Any]:
        """What is on disk."""
        return self._looking.execute(sql, values).fetchall()

    def _end_all(self) -> None:
        while left := asyncio.all_tasks(self.loop):
            for task in left:
                task.cancel()
            self.loop.run_until_complete(_gather(left))


async def _gather(tasks: Iterable[Awaitable[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def make_template(path: Path) -> None:
    """An empty database, brought up to date as the bot does it."""

    async def make() -> None:
        await (await Store.open(path)).close()

    asyncio.run(make())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(_LOG)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _body(answer: Any) -> bytes:
    return answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
