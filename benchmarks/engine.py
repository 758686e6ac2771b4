"""The product's own poll engine, whole: scheduler, lanes, poller, inquiry, client, and the store with its database."""

import asyncio
import random
import sqlite3
import time
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr
from telegram.ext import ApplicationBuilder

from benchmarks.contest import IN_FLIGHT, INTERVAL, Contest, run
from benchmarks.gateway import body, task_id
from bot.app import Building
from bot.ops.garbage import short_looks
from bot.ops.logs import set_up
from bot.ops.redactor import Redactor
from bot.polling.poller import Clocks
from bot.polling.scheduler import Scheduler
from bot.settings import Settings
from bot.start import open_store
from bot.storage.rows import snapshot_to_json
from bot.tracking.gateways import Gateway, Gateways
from bot.tracking.measures import POLLS
from bot.tracking.stats import OK
from bot.tracking.tally import Tally
from providers.base import Snapshot
from providers.client import GatewayClient
from providers.parse import parse
from providers.token360 import TOKEN360

TOKEN, KEY = "1:bench", "bench-key"
CHATS = 100
DAY = 86_400.0
LOOK = 0.01


async def by_engine(contest: Contest) -> None:
    """As an operator would set it up who wants to be told every five seconds."""
    path = Path(contest.database)
    settings = Settings(
        telegram_bot_token=SecretStr(TOKEN),
        database_url=f"sqlite:///{path}",
        poll_interval=INTERVAL,
        poll_max_interval=INTERVAL,
        provider_max_concurrency=IN_FLIGHT,
        provider_max_rps=None,
        log_level="WARNING",
    )
    set_up(settings.log_level, settings.log_format, Redactor([TOKEN, KEY]))
    gateways = Gateways([Gateway(replace(TOKEN360, base_url=contest.server), (KEY,), "TOKEN360_API_KEY")])
    # Nothing is said to Telegram: it is only what a building has.
    application = ApplicationBuilder().token(TOKEN).updater(None).job_queue(None).build()
    clocks = Clocks(time.time, time.monotonic, random.random)
    async with AsyncExitStack() as stack:
        stack.enter_context(short_looks())
        store = await stack.enter_async_context(open_store(path))
        client = await stack.enter_async_context(GatewayClient(version="bench"))
        scheduler, _ = Building(settings, gateways, store, application, clocks, stack).polling(client)
        contest.errors = lambda: _failed(store.tally)
        await contest.begin()
        await asyncio.gather(scheduler.run(), _note_loaded(contest, scheduler))


async def _note_loaded(contest: Contest, scheduler: Scheduler) -> None:
    began = time.monotonic()
    while scheduler.open_tasks < contest.count:  # noqa: ASYNC110  # it tells nobody
        await asyncio.sleep(LOOK)
    contest.facts["loaded"] = time.monotonic() - began


def _failed(tally: Tally) -> int:
    polls = [reading for reading in tally.readings() if reading.metric is POLLS]
    return sum(int(reading.value) for reading in polls if OK not in reading.labels and isinstance(reading.value, int))


async def fill(path: Path, count: int) -> None:
    """A database with so many open tasks that have been asked for before, in a hundred chats."""
    async with open_store(path):
        pass
    snapshot = parse("video", 200, {}, body(0))
    assert isinstance(snapshot, Snapshot)
    known, now = snapshot_to_json(snapshot), time.time()
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(
            "INSERT INTO tasks (id, provider, account, kind, external_id, snapshot, source, version, created_at,"
            " changed_at, deadline) VALUES (?, 'token360', 0, 'video', ?, ?, 'token360', 1, ?, ?, ?)",
            ((number + 1, task_id(number), known, now, now, now + DAY) for number in range(count)),
        )
        database.executemany(
            "INSERT INTO subscriptions (task_id, chat_id, thread_id, user_id, request_message_id, created_at)"
            " VALUES (?, ?, 0, 1, 1, ?)",
            ((number + 1, number % CHATS + 1, now) for number in range(count)),
        )


if __name__ == "__main__":
    run({"ours": by_engine})
