"""The composition root: builds every part, starts them, and stops them in reverse order."""

import asyncio
import contextlib
import fcntl
import logging
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot import __version__
from bot.bot_api import UpdatesBot, bot_api_request
from bot.delivery.asides import Asides
from bot.delivery.courier import Courier
from bot.delivery.files import Files
from bot.delivery.gallery import Gallery
from bot.delivery.menu import Menu
from bot.delivery.pacing import Pacing
from bot.delivery.sender import Sender
from bot.delivery.stock import Stock
from bot.delivery.telegram import Telegram
from bot.intake.access import Access
from bot.intake.commands import Commands
from bot.intake.doors import Doors
from bot.intake.gate import Gate
from bot.intake.invitations import new_code
from bot.intake.rights import Rights
from bot.intake.router import Desk, Router
from bot.intake.updates import Updates
from bot.media.download import Downloader
from bot.ops.bookkeeping import Bookkeeping
from bot.ops.health import Health
from bot.polling.accounts import Accounts
from bot.polling.cadence import Pace
from bot.polling.inquiry import Inquiry
from bot.polling.limiter import Lanes
from bot.polling.poller import Clocks, Poller
from bot.polling.scheduler import Scheduler
from bot.settings import Settings
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.tracking.gateways import Gateways
from bot.tracking.seal import Seal
from providers.client import GatewayClient

log = logging.getLogger(__name__)

CONNECTIONS = 64
# Seconds for the whole of a file, and more for the largest ones: bytes a second below which it is given up.
FETCH_TIMEOUT, SLOWEST_FETCH = 600.0, 500_000
START_PAUSE, LONGEST_START_PAUSE = 1.0, 30.0
UPDATES_SILENT_AFTER = 120.0
POLLS_LATE_AFTER = 120.0

AnyApplication = Application[Any, Any, Any, Any, Any, Any]


class CannotStart(Exception):
    """The bot can not run like this; the text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Loops:
    """The three endless stages."""

    updates: Updates
    scheduler: Scheduler
    sender: Sender


async def run(settings: Settings, gateways: Gateways) -> None:
    """Runs the bot until SIGTERM or SIGINT. Raises `CannotStart`, or what broke one of its loops."""
    async with AsyncExitStack() as stack:
        stack.enter_context(_single_instance(settings.database_path))
        store = await _open_store(settings, stack)
        await stack.enter_async_context(Bookkeeping(store, time.time))
        application = await stack.enter_async_context(telegram_application(settings))
        loops = await _build(settings, gateways, store, application, stack)
        if settings.http_port is not None:
            await _serve_health(settings.http_host, settings.http_port, store, loops, stack)
        log.info("Rushes is running as @%s", application.bot.username)
        await _until_stopped(loops)
    log.info("stopped")


async def _build(
    settings: Settings, gateways: Gateways, store: Store, application: AnyApplication, stack: AsyncExitStack
) -> Loops:
    if not gateways.names:
        log.warning("no provider is set up: put at least one key, such as APIPOD_API_KEY, into .env")
    patience = max(FETCH_TIMEOUT, settings.upload_limit / SLOWEST_FETCH)
    client = await stack.enter_async_context(GatewayClient(version=__version__, fetch_timeout=patience))
    downloader = await stack.enter_async_context(Downloader(settings.media_trusted_hosts, deadline=patience))
    clocks = Clocks(time.time, time.monotonic, random.random)

    lanes = Lanes(settings.provider_max_concurrency, settings.provider_max_rps)
    pace = Pace(settings.poll_interval, settings.poll_max_interval)
    inquiry = Inquiry(gateways, client, lanes, pace)
    accounts = Accounts(gateways, store, settings.admin_telegram_user_ids, clocks.now)
    poller = Poller(gateways, inquiry, store, pace, accounts, clocks)

    folder = settings.database_path.with_name(settings.database_path.name + ".media")
    local = settings.telegram_local_mode
    files = Files(downloader, client, gateways, folder, settings.upload_limit, shared=local)
    files.clean()
    pacing = Pacing()
    seal = Seal(settings.telegram_bot_token.get_secret_value())
    telegram = Telegram(application.bot, pacing, seal, clocks.monotonic, local_mode=local)
    courier = Courier(store, telegram, Stock(store, files), gateways, clocks.now, settings.default_language)

    admins, language = settings.admin_telegram_user_ids, settings.default_language
    asides = Asides(application.bot, pacing, clocks.monotonic)
    gallery = await stack.enter_async_context(Gallery(store, asides, gateways, language))
    await stack.enter_async_context(_beside(Menu(store, asides, admins, language).tell()))

    rights = Rights(application.bot, admins, clocks.monotonic)
    commands = Commands(gateways, settings.poll_give_up_after, settings.limit_open_tasks)
    access, username = _access(settings), application.bot.username
    doors = Doors(access, username, commands.track, new_code)
    desk = Desk(store, commands, doors, rights, seal, clocks.now, admins)
    Router(desk).register(application)
    gate = Gate(access, courier, seal, username, settings.limit_commands_per_minute, clocks.now)
    return Loops(
        Updates(application, store, gate, gallery.browse, clocks.now),
        Scheduler(store, poller, lanes, clocks),
        Sender(store, courier, pacing, clocks.now, clocks.monotonic),
    )


async def _until_stopped(loops: Loops) -> None:
    """Runs the loops until a signal comes; if one of them breaks, the bot stops rather than limp on.

    Intake ends first and the sender last, so that what was taken in is handed on.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    workers = [asyncio.create_task(loop.run()) for loop in (loops.updates, loops.scheduler, loops.sender)]
    stopping: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *workers], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    workers[0].cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(loops.updates.drain(), 1.0)
    for worker in workers[1:]:
        worker.cancel()
    await asyncio.gather(stopping, *workers, return_exceptions=True)
    for worker in done - {stopping}:
        worker.result()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` is done beside everything else; what is left of it when the bot stops is left."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def telegram_application(settings: Settings) -> AsyncIterator[AnyApplication]:
    """The library's application, without its own update loop and job queue: both would lose what a crash interrupts."""
    server = settings.telegram_api_base_url
    try:
        calls = bot_api_request(server, CONNECTIONS)
        updates = bot_api_request(server, 1)
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


async def _open_store(settings: Settings, stack: AsyncExitStack) -> Store:
    try:
        store = await Store.open(settings.database_path)
    except DatabaseError as error:
        raise CannotStart(str(error)) from error
    stack.push_async_callback(store.close)
    return store


async def _serve_health(host: str, port: int, store: Store, loops: Loops, stack: AsyncExitStack) -> None:
    async def updates() -> str:
        silence = time.time() - loops.updates.last_answer
        return f"Telegram has not answered for {silence:.0f} s" if silence > UPDATES_SILENT_AFTER else ""

    async def polls() -> str:
        late = loops.scheduler.lateness()
        return f"polls are {late:.0f} s late" if late > POLLS_LATE_AFTER else ""

    async def database() -> str:
        try:
            await store.check_writable()
        except DatabaseError as error:
            return str(error)
        return ""

    health = Health(host, port, {"updates": updates, "polls": polls, "database": database})
    try:
        await stack.enter_async_context(health)
    except OSError as error:
        raise CannotStart(f"HTTP_PORT {port} can not be used on {host}: {os.strerror(error.errno or 0)}.") from error


@contextmanager
def _single_instance(database: Path) -> Iterator[None]:
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


def _access(settings: Settings) -> Access:
    return Access(
        settings.allowed_telegram_user_ids, settings.allowed_telegram_chat_ids, settings.admin_telegram_user_ids
    )
