"""What the poller learns of one task it uses for the next: a real gateway on loopback, a clock of the test's own."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.polling.accounts import Accounts
from bot.polling.cadence import Pace
from bot.polling.inquiry import Inquiry
from bot.polling.limiter import Lanes
from bot.polling.poller import Clocks, Poller
from bot.storage.store import Store
from bot.tracking.gateways import Gateway, Gateways
from bot.tracking.model import Subscription, Task
from providers.base import Endpoint, Provider
from providers.client import GatewayClient

ENDED = {"status": "completed", "video_url": "https://cdn.example/v.mp4"}
REJECTED = {"status": "failed", "error": {"message": "no"}}


class Watch:
    """One bot's poller, and a gateway that answers `body` with `headers`."""

    store: Store
    poller: Poller

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.body: dict[str, Any] = {}
        self.headers: dict[str, str] = {}

    async def answer(self, _: web.Request) -> web.Response:
        return web.Response(body=json.dumps(self.body).encode(), headers=self.headers)

    async def track(self, external_id: str) -> Task:
        async with self.store.transaction() as tx:
            task = await tx.add_task(external_id, "p", "", self.now, self.now + 1e6)
            await tx.subscribe(task, Subscription(0, 0, 7, 0, 7, 1), self.now)
        return task

    async def ask(self, task: Task, **said: Any) -> tuple[Task, float]:
        """The task after the answer, and how long the next question waits."""
        self.body = {"id": task.external_id, "model": "m", "status": "in_progress", **said}
        polled = await self.poller.poll(task)
        return polled.task, polled.wait

    async def follow(self, external_id: str, seconds: float, **end: Any) -> None:
        """One from its beginning to its end."""
        task, _ = await self.ask(await self.track(external_id))
        self.now += seconds
        await self.ask(task, **end)


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with AsyncExitStack() as stack:
        app, watched = web.Application(), Watch()
        app.router.add_get("/v1/videos/{id}", watched.answer)
        server = await stack.enter_async_context(TestServer(app))
        store = await Store.open(tmp_path / "rushes.db")
        stack.push_async_callback(store.close)
        provider = Provider("p", "P", str(server.make_url("")).rstrip("/"), (Endpoint("video", "/v1/videos/{id}"),))
        gateways = Gateways([Gateway(provider, ("key",), "KEY")])
        pace, lanes = Pace(), Lanes(8, None)
        client = await stack.enter_async_context(GatewayClient())
        clocks = Clocks(lambda: watched.now, lambda: watched.now, lambda: 0.0)
        accounts = Accounts(gateways, store, frozenset(), clocks.now)
        poller = Poller(gateways, Inquiry(gateways, client, lanes, clocks.monotonic), store, pace, accounts, clocks)
        watched.store, watched.poller = store, poller
        yield watched


async def test_the_first_of_a_model_is_asked_for_steadily_the_later_ones_when_they_are_likely_to_be_done(
    watch: Watch,
) -> None:
    task, wait = await watch.ask(await watch.track("first"))
    assert wait == 5
    for number in range(12):
        await watch.follow(f"v{number}", 120 * 1.2 ** (number % 3 - 1), **ENDED)
    task, wait = await watch.ask(await watch.track("late"))
    assert 20 < wait < 60, "for a while nothing ends"
    watch.now += 110
    task, wait = await watch.ask(task)
    assert wait < 6


async def test_where_tasks_are_rejected_early_there_is_an_early_look(watch: Watch) -> None:
    for number in range(12):
        await watch.follow(f"v{number}", 120, **ENDED)
    await watch.follow("no", 6, **REJECTED)
    await watch.follow("nor-this", 6, **REJECTED)
    _, wait = await watch.ask(await watch.track("late"))
    assert wait == 4


async def test_progress_that_runs_ahead_makes_the_next_question_earlier(watch: Watch) -> None:
    for number in range(12):
        await watch.follow(f"v{number}", 400 * 1.6 ** (number % 3 - 1), **ENDED)
    task = await watch.track("late")
    begun = watch.now
    watch.now += 120
    _, blind = await watch.ask(task, created_at=begun)
    _, told = await watch.ask(task, created_at=begun, progress=80)
    assert told < 0.75 * blind


async def test_the_gateways_advice_reaches_the_schedule(watch: Watch) -> None:
    watch.headers = {"Retry-After": "42"}
    _, wait = await watch.ask(await watch.track("v1"))
    assert wait == 42
