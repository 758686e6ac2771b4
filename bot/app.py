"""The composition root: builds every part, starts them, and stops them in reverse order."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot import __version__
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
from bot.ops.clock import Clock
from bot.ops.health import Check, Health
from bot.ops.server import start_server
from bot.polling.accounts import Accounts
from bot.polling.cadence import Pace, longest_rest
from bot.polling.inquiry import Inquiry
from bot.polling.limiter import Lanes
from bot.polling.poller import Clocks, Poller
from bot.polling.scheduler import Scheduler
from bot.settings import Settings
from bot.start import AnyApplication, CannotStart, open_store, single_instance, telegram_application
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.tracking.gateways import Gateways
from bot.tracking.seal import Seal
from providers.client import GatewayClient

log = structlog.stdlib.get_logger(__name__)

# Seconds for the whole of a file, and more for the largest ones: bytes a second below which it is given up.
FETCH_TIMEOUT, SLOWEST_FETCH = 600.0, 500_000
UPDATES_SILENT_AFTER = 120.0
POLLS_LATE_AFTER = 120.0


@dataclass(frozen=True, slots=True)
class Loops:
    """The three endless stages."""

    updates: Updates
    scheduler: Scheduler
    sender: Sender


async def run(settings: Settings, gateways: Gateways) -> None:
    """Runs the bot until SIGTERM or SIGINT. Raises `CannotStart`, or what broke one of its loops."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(single_instance(settings.database_path))
        store = await stack.enter_async_context(open_store(settings.database_path))
        clocks = Clocks(Clock(time.time).now, time.monotonic, random.random)
        await stack.enter_async_context(Bookkeeping(store, clocks.now))
        application = await stack.enter_async_context(telegram_application(settings))
        loops = await _build(settings, gateways, store, application, clocks, stack)
        await stack.enter_async_context(_serving(settings, Health(_checks(store, loops, clocks)).routes()))
        log.info("Rushes is running", bot=f"@{application.bot.username}", version=__version__)
        await _until_stopped(loops)
    log.info("stopped")


async def _build(
    settings: Settings,
    gateways: Gateways,
    store: Store,
    application: AnyApplication,
    clocks: Clocks,
    stack: AsyncExitStack,
) -> Loops:
    if not gateways.names:
        log.warning("no provider is set up: put at least one key, such as APIPOD_API_KEY, into .env")
    patience = max(FETCH_TIMEOUT, settings.upload_limit / SLOWEST_FETCH)
    client = await stack.enter_async_context(GatewayClient(version=__version__, fetch_timeout=patience))
    downloader = await stack.enter_async_context(Downloader(settings.media_trusted_hosts, deadline=patience))
    pace = Pace(settings.poll_interval, settings.poll_max_interval)
    lanes = Lanes(settings.provider_max_concurrency, settings.provider_max_rps, longest_rest(pace))
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
async def _serving(settings: Settings, routes: Iterable[web.AbstractRouteDef]) -> AsyncIterator[None]:
    """The bot's own HTTP server for as long as the block runs, if it is to have one."""
    if settings.http_port is None:
        yield
        return
    try:
        server = await start_server(settings.http_host, settings.http_port, routes)
    except OSError as error:
        raise CannotStart(
            f"HTTP_PORT {settings.http_port} can not be used on {settings.http_host}: {os.strerror(error.errno or 0)}."
        ) from error
    try:
        yield
    finally:
        await server.cleanup()


def _checks(store: Store, loops: Loops, clocks: Clocks) -> dict[str, Check]:
    """What has to hold while the bot is well."""

    async def updates() -> str:
        silence = clocks.now() - loops.updates.last_answer
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

    return {"updates": updates, "polls": polls, "database": database}


def _access(settings: Settings) -> Access:
    return Access(
        settings.allowed_telegram_user_ids, settings.allowed_telegram_chat_ids, settings.admin_telegram_user_ids
    )
