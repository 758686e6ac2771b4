"""What the bot stands on, opened one by one: the lock beside the database, the database, Telegram.

Each either opens or says in one sentence why it can not; used by whatever runs the bot or examines its surroundings.
"""

import asyncio
import errno
import fcntl
import resource
import socket
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

import structlog
from aiohttp import web
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot.bot_api import UpdatesBot, bot_api_request
from bot.ops.server import start_server
from bot.settings import Settings
from bot.storage.sqlite import DatabaseError, unusable
from bot.storage.store import Store
from bot.tracking.tally import Tally

log = structlog.stdlib.get_logger(__name__)

CONNECTIONS = 64
# Each question in flight is an open file, and some gateways get a thousand at once; many a shell allows only as many.
OPEN_FILES = 8192
START_PAUSE, LONGEST_START_PAUSE = 1.0, 30.0
LOCK_PATIENCE, LOCK_LOOK = 3.0, 0.1
UNKNOWN_BOT = (
    "Telegram does not know this bot: check TELEGRAM_BOT_TOKEN (BotFather shows it with /token)"
    " and TELEGRAM_API_BASE_URL."
)

AnyApplication = Application[Any, Any, Any, Any, Any, Any]


class CannotStart(Exception):
    """The bot can not run like this; the text is one sentence for the operator."""


def lock_of(database: Path) -> Path:
    """The file beside it that whoever runs on it keeps locked."""
    return database.with_name(database.name + ".lock")


def allow_open_files() -> None:
    """As many as may be needed, as far as the system lets a process allow itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def leave_threads() -> None:
    """To be called when the loop's work is done: `asyncio.run` then waits for no thread.

    One may be asking a name server that says nothing, for half a minute.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))


@asynccontextmanager
async def single_instance(database: Path, patience: float = LOCK_PATIENCE) -> AsyncIterator[None]:
    """Holds a lock beside the database: two bots on one file would poll and deliver everything twice.

    A bot that was killed may leave it for a moment to a child that was just being born, so it is asked for a while.
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        file = lock_of(database).open("w")
    except OSError as error:
        raise CannotStart(unusable(database, error)) from error
    with file:
        deadline = time.monotonic() + patience
        while not _locks(file):
            if time.monotonic() > deadline:
                raise CannotStart(f"Another Rushes runs on {database} already; stop it, or set DATABASE_URL.")
            await asyncio.sleep(LOCK_LOOK)
        yield


def _locks(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unusable_port(settings: Settings, error: OSError) -> str:
    """Why nothing can be served there, and what to do: one sentence for the operator."""
    host, port = settings.http_host, settings.http_port
    match error.errno:
        case errno.EADDRINUSE:
            return f"HTTP_PORT {port} is taken on {host} by another program; choose another one."
        case errno.EACCES | errno.EPERM:
            return f"HTTP_PORT {port} may not be used by this user; choose one above 1023."
        case _:
            return (
                f"HTTP_HOST {host} is no address of this machine; use 127.0.0.1 (for this machine only)"
                " or 0.0.0.0 (for everybody who reaches it)."
            )


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[Store]:
    """The database, brought up to date. Raises `CannotStart`."""
    try:
        store = await Store.open(path)
    except DatabaseError as error:
        raise CannotStart(str(error)) from error
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def opened_door(settings: Settings) -> Iterator[socket.socket | None]:
    """The port at which the bot is asked over HTTP, for as long as the block runs, if it is to have one.

    Raises `CannotStart`.
    """
    if settings.http_port is None:
        yield None
        return
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.http_host, settings.http_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.create_server(address[:2], family=family)
    except OSError as error:
        raise CannotStart(_unusable_port(settings, error)) from error
    with door:
        yield door


@asynccontextmanager
async def serving(door: socket.socket | None, routes: Iterable[web.AbstractRouteDef]) -> AsyncIterator[None]:
    """Behind the door these routes are answered for as long as the block runs."""
    if door is None:
        yield
        return
    server = await start_server(door, routes)
    try:
        yield
    finally:
        await server.cleanup()


@asynccontextmanager
async def telegram_bot(settings: Settings, tally: Tally | None = None) -> AsyncIterator[UpdatesBot]:
    """The library's bot, which has not spoken with Telegram yet; `tally` counts its calls. Raises `CannotStart`."""
    server = settings.telegram_api_base_url
    try:
        calls = bot_api_request(server, CONNECTIONS, tally)
        updates = bot_api_request(server, 1, tally)
    except ValueError as error:
        raise CannotStart(str(error)) from error
    bot = UpdatesBot(
        settings.telegram_bot_token.get_secret_value(),
        f"{server}/bot",
        f"{server}/file/bot",
        request=calls,
        get_updates_request=updates,
        local_mode=settings.telegram_local_mode,
    )
    async with calls, updates:  # a bot that never came to speak with Telegram does not close them
        yield bot


@asynccontextmanager
async def telegram_application(settings: Settings, tally: Tally | None = None) -> AsyncIterator[AnyApplication]:
    """The library's application, without its own update loop and job queue: both would lose what a crash interrupts.

    `tally` counts its calls.
    """
    async with telegram_bot(settings, tally) as bot:
        application: AnyApplication = ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
        await _say_hello(application)
        try:
            yield application
        finally:
            await application.shutdown()


async def _say_hello(application: AnyApplication) -> None:
    """Waits for Telegram as long as it takes; only a token that it does not know ends the start."""
    pause = START_PAUSE
    while True:
        try:
            await application.initialize()
        except InvalidToken:
            raise CannotStart(UNKNOWN_BOT) from None
        except TelegramError as error:
            log.warning("Telegram does not answer; trying again", error=type(error).__name__, seconds=round(pause))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_START_PAUSE)
        else:
            return
