"""What the bot stands on, opened one by one: the lock beside the database, the database, a port, Telegram.

Each either opens or says in one sentence why it can not; used by whatever runs the bot or examines its surroundings.
"""

import asyncio
import fcntl
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot.bot_api import UpdatesBot, bot_api_request
from bot.ops.server import start_server
from bot.settings import Settings
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.tracking.tally import Tally

log = logging.getLogger(__name__)

CONNECTIONS = 64
START_PAUSE, LONGEST_START_PAUSE = 1.0, 30.0

AnyApplication = Application[Any, Any, Any, Any, Any, Any]


class CannotStart(Exception):
    """The bot can not run like this; the text is one sentence for the operator."""


@contextmanager
def single_instance(database: Path) -> Iterator[None]:
    """Holds a lock beside the database: two bots on one file would poll and deliver everything twice."""
    path = database.with_name(database.name + ".lock")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise CannotStart(f"The database {database} cannot be used ({error}); check DATABASE_URL.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"Another Rushes runs on {database} already; stop it, or set DATABASE_URL.") from None
        yield


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
    """The port at which the bot is asked over HTTP, for as long as the block runs, if it is to have one."""
    if settings.http_port is None:
        yield None
        return
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.http_host, settings.http_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.create_server(address[:2], family=family)
    except OSError as error:
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise CannotStart(f"HTTP_PORT {settings.http_port} can not be used on {settings.http_host}: {why}.") from error
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
async def telegram_application(settings: Settings, tally: Tally | None = None) -> AsyncIterator[AnyApplication]:
    """The library's application, without its own update loop and job queue: both would lose what a crash interrupts.

    `tally` counts its calls.
    """
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
    application: AnyApplication = ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
    async with calls, updates:  # an application that never came to speak with Telegram does not close them
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
            raise CannotStart(
                "Telegram does not know this bot: check TELEGRAM_BOT_TOKEN (BotFather shows it with /token)"
                " and TELEGRAM_API_BASE_URL."
            ) from None
        except TelegramError as error:
            log.warning("Telegram does not answer (%s); trying again in %.0f s", type(error).__name__, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_START_PAUSE)
        else:
            return
