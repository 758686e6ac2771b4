"""Whatever happens in the moment when a loop is told to end: it ends."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import Bot

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
from bot.storage.store import Store
from bot.tracking.gateways import Gateways
from bot.tracking.programs import Secrets
from bot.tracking.seal import Seal
from providers.client import GatewayClient

NOBODY = Gateways([])
TURNS = range(6)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "rushes.db")
    yield opened
    await opened.close()


async def ends(loop: asyncio.Task[None], news: asyncio.Event, turns: int) -> bool:
    """Whether it ends when it is cancelled so many turns after news came in while it slept."""
    await asyncio.sleep(0.1)
    news.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    loop.cancel()
    await asyncio.wait({loop}, timeout=1)
    return loop.cancelled()


@pytest.mark.parametrize("turns", TURNS)
async def test_the_sender_hears_a_stop_that_comes_with_news(store: Store, tmp_path: Path, turns: int) -> None:
    pacing = Pacing()
    stock = Stock(store, Files(Downloader(), GatewayClient(), NOBODY, tmp_path, 1))
    answers = Answers(store, NOBODY, time.time, Secrets("secret", None), "en")
    courier = Courier(
        store, Telegram(Bot("1:x"), pacing, Seal("secret"), time.monotonic), stock, NOBODY, time.time, answers
    )
    sender = Sender(store, courier, pacing, time.time, time.monotonic)
    assert await ends(asyncio.create_task(sender.run()), store.outbox_changed, turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_the_scheduler_hears_a_stop_that_comes_with_news(store: Store, turns: int) -> None:
    pace, lanes, clocks = Pace(), Lanes(1, None), Clocks(time.time, time.monotonic, random.random)
    accounts = Accounts(NOBODY, store, frozenset(), clocks.now)
    poller = Poller(NOBODY, Inquiry(NOBODY, GatewayClient(), lanes), store, pace, accounts, clocks)
    scheduler = Scheduler(store, poller, lanes, clocks)
    # It sleeps until then, not for ever.
    scheduler._agenda.plan(scheduler._agenda.add(1), clocks.monotonic() + 60.0)
    assert await ends(asyncio.create_task(scheduler.run()), scheduler._woken, turns)
