"""The composition root: builds every part, starts them, and stops them in reverse order."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot import __version__
from bot.delivery.answers import Answers
from bot.delivery.asides import Asides
from bot.delivery.courier import Courier
from bot.delivery.files import Files
from bot.delivery.gallery import Gallery
from bot.delivery.menu import Menu
from bot.delivery.pacing import Pacing
from bot.delivery.sender import Sender
from bot.delivery.stock import Stock
from bot.delivery.telegram import Telegram
from bot.intake import openapi
from bot.intake.access import Access
from bot.intake.bearer import Bearer
from bot.intake.callbacks import Callbacks
from bot.intake.commands import Commands
from bot.intake.doors import Doors
from bot.intake.following import Following
from bot.intake.gate import Gate
from bot.intake.inbox import Inbox
from bot.intake.invitations import new_code
from bot.intake.programs import Programs
from bot.intake.registration import Registration
from bot.intake.rights import Rights
from bot.intake.router import Desk, Router
from bot.intake.tokens import Tokens
from bot.intake.updates import AnotherReader, Updates
from bot.intake.webhook import PATH, Webhook, secret_of
from bot.media.download import Downloader
from bot.ops.bookkeeping import Bookkeeping
from bot.ops.clock import Clock
from bot.ops.garbage import short_looks
from bot.ops.health import Health
from bot.ops.lag import measure_lag
from bot.ops.metrics import Metrics
from bot.ops.retention import Retention
from bot.polling.accounts import Accounts
from bot.polling.cadence import Pace
from bot.polling.inquiry import Inquiry
from bot.polling.limiter import Lanes
from bot.polling.poller import Clocks, Poller
from bot.polling.scheduler import Scheduler
from bot.settings import Settings
from bot.start import (
    AnyApplication,
    CannotStart,
    allow_open_files,
    leave_threads,
    open_store,
    opened_door,
    serving,
    single_instance,
    telegram_application,
)
from bot.storage.store import Store
from bot.tracking.gateways import Gateways
from bot.tracking.programs import Secrets
from bot.tracking.seal import Seal
from bot.watch import Watched, readings
from providers.client import GatewayClient

log = structlog.stdlib.get_logger(__name__)

# Seconds for the whole of a file, and more for the largest ones: bytes a second below which it is given up.
FETCH_TIMEOUT, SLOWEST_FETCH = 600.0, 500_000


@dataclass(frozen=True, slots=True)
class Loops:
    """The three endless stages, the inbox before the first, who watches the gateways for the second; HTTP routes."""

    inbox: Inbox
    updates: Updates | Webhook
    scheduler: Scheduler
    sender: Sender
    accounts: Accounts
    routes: list[web.RouteDef]


async def run(settings: Settings, gateways: Gateways) -> None:
    """Runs the bot until SIGTERM or SIGINT. Raises `CannotStart`, or what broke one of its loops."""
    allow_open_files()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(single_instance(settings.database_path))
        store = await stack.enter_async_context(open_store(settings.database_path))
        clocks = Clocks(Clock(time.time).now, time.monotonic, random.random)
        await stack.enter_async_context(Bookkeeping(store, clocks.now))
        stack.enter_context(short_looks())
        await stack.enter_async_context(_beside(measure_lag(store.tally)))
        await stack.enter_async_context(Retention(store, clocks.now, settings.retention_days))
        health, door = await stack.enter_async_context(Health()), stack.enter_context(opened_door(settings))
        async with serving(door, health.routes()):
            application = await stack.enter_async_context(telegram_application(settings, store.tally))
            loops = await Building(settings, gateways, store, application, clocks, stack).loops()
        watched = Watched(store, loops.updates, loops.scheduler, loops.sender, loops.accounts)
        health.watch(watched.alive(), watched.working())
        metrics = Metrics(partial(readings, watched, health))
        await stack.enter_async_context(serving(door, [*health.routes(), *metrics.routes(), *loops.routes]))
        log.info("Rushes is running", bot=f"@{application.bot.username}", version=__version__)
        await _until_stopped(loops, health)
    leave_threads()
    log.info("stopped")


@dataclass(frozen=True, slots=True)
class Building:
    """What every part is made of. `stack` closes again what has to be."""

    settings: Settings
    gateways: Gateways
    store: Store
    application: AnyApplication
    clocks: Clocks
    stack: AsyncExitStack

    async def loops(self) -> Loops:
        """Everything, ready to run."""
        if not self.gateways.names:
            log.warning("no provider is set up: put at least one key, such as APIPOD_API_KEY, into .env")
        patience = max(FETCH_TIMEOUT, self.settings.upload_limit / SLOWEST_FETCH)
        client = await self.stack.enter_async_context(GatewayClient(version=__version__, fetch_timeout=patience))
        token = self.settings.telegram_bot_token.get_secret_value()
        seal, secrets, pacing = Seal(token), Secrets(token, self.settings.public_url), Pacing()
        scheduler, accounts = self.polling(client)
        courier = await self._delivery(client, patience, pacing, seal, secrets)
        gallery = await self._asides(pacing)
        inbox, updates, routes = self._intake(courier, gallery, seal, secrets)
        sender = Sender(self.store, courier, pacing, self.clocks.now, self.clocks.monotonic)
        return Loops(inbox, updates, scheduler, sender, accounts, routes)

    def polling(self, client: GatewayClient) -> tuple[Scheduler, Accounts]:
        """The second stage alone."""
        settings, gateways, store, clocks = self.settings, self.gateways, self.store, self.clocks
        pace = Pace(settings.poll_interval, settings.poll_max_interval)
        lanes = Lanes(settings.provider_max_concurrency, settings.provider_max_rps, settings.poll_max_interval)
        inquiry = Inquiry(gateways, client, lanes)
        accounts = Accounts(gateways, store, settings.admin_telegram_user_ids, clocks.now)
        poller = Poller(gateways, inquiry, store, pace, accounts, clocks)
        return Scheduler(store, poller, lanes, clocks), accounts

    async def _delivery(
        self, client: GatewayClient, patience: float, pacing: Pacing, seal: Seal, secrets: Secrets
    ) -> Courier:
        settings, gateways, store, clocks = self.settings, self.gateways, self.store, self.clocks
        downloader = await self.stack.enter_async_context(Downloader(settings.media_trusted_hosts, deadline=patience))
        folder, local = settings.files_folder, settings.telegram_local_mode
        files = Files(downloader, client, gateways, folder, settings.upload_limit, shared=local)
        try:
            files.clean()
        except OSError as error:
            raise CannotStart(
                f"{folder} can not be used as the folder for files ({error.strerror}); remove it."
            ) from error
        telegram = Telegram(self.application.bot, pacing, seal, clocks.monotonic, local_mode=local)
        answers = Answers(store, gateways, clocks.now, secrets, settings.default_language)
        return Courier(store, telegram, Stock(store, files), gateways, clocks.now, answers)

    async def _asides(self, pacing: Pacing) -> Gallery:
        admins, language = self.settings.admin_telegram_user_ids, self.settings.default_language
        asides = Asides(self.application.bot, pacing, self.clocks.monotonic)
        await self.stack.enter_async_context(_beside(Menu(self.store, asides, admins, language).tell()))
        return await self.stack.enter_async_context(Gallery(self.store, asides, self.gateways, language))

    def _intake(
        self, courier: Courier, gallery: Gallery, seal: Seal, secrets: Secrets
    ) -> tuple[Inbox, Updates | Webhook, list[web.RouteDef]]:
        settings, store, now = self.settings, self.store, self.clocks.now
        admins, username = settings.admin_telegram_user_ids, self.application.bot.username
        access = Access(settings.allowed_telegram_user_ids, settings.allowed_telegram_chat_ids, admins)
        gate = Gate(access, courier, seal, username, settings.limit_commands_per_minute, now)
        following = Following(self.gateways, settings.poll_give_up_after, settings.limit_open_tasks)
        commands = Commands(self.gateways, following)
        doors = Doors(access, username, commands.track, new_code)
        tokens = Tokens(secrets, new_code, is_open=settings.http_port is not None)
        rights = Rights(self.application.bot, admins, self.clocks.monotonic)
        Router(Desk(store, commands, doors, tokens, rights, seal, now, admins)).register(self.application)
        inbox = Inbox(self.application, store, gate, gallery.browse, now)
        updates = self._updates(inbox)

        bearer = Bearer(store, access, gate, settings.limit_commands_per_minute)
        programs = Programs(store, self.gateways, following, bearer, secrets, now)
        callbacks = Callbacks(store, self.gateways, bearer, secrets, now)
        document = openapi.as_bytes(self.gateways.providers, __version__, settings.public_url)
        routes = [*programs.routes(document), *callbacks.routes()]
        return inbox, updates, routes + (updates.routes() if isinstance(updates, Webhook) else [])

    def _updates(self, inbox: Inbox) -> Updates | Webhook:
        settings, bot = self.settings, self.application.bot
        if not settings.telegram_webhook:
            return Updates(self.application, inbox, self.store.tally, self.clocks.now)
        secret = secret_of(settings.telegram_bot_token.get_secret_value())
        return Webhook(inbox, Registration(bot, f"{settings.public_url}{PATH}", secret, self.clocks.now), secret)


async def _until_stopped(loops: Loops, health: Health) -> None:
    """Runs the loops until a signal comes; if one of them breaks, the bot stops rather than limp on.

    Intake ends first and the sender last, so that what was taken in is handed on.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    workers = [asyncio.create_task(loop.run()) for loop in (loops.updates, loops.scheduler, loops.sender)]
    stopping: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *workers], return_when=asyncio.FIRST_COMPLETED)
    health.stop()
    stopping.cancel()
    workers[0].cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(loops.inbox.drain(), 1.0)
    for worker in workers[1:]:
        worker.cancel()
    await asyncio.gather(stopping, *workers, return_exceptions=True)
    for worker in done - {stopping}:
        try:
            worker.result()
        except AnotherReader as error:
            raise CannotStart(str(error)) from error


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` is done beside everything else; what is left of it when the bot stops is left."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
