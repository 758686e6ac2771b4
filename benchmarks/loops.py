"""The bare loop, with the clients that could carry the polls: a heap of due times, a GET, nothing else."""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import aiohttp
from pyreqwest.client import ClientBuilder

from benchmarks.contest import IN_FLIGHT, INTERVAL, PATIENCE, Contest, run
from benchmarks.gateway import task_id
from providers.base import QueryError
from providers.requests import question
from providers.token360 import TOKEN360
from providers.transport import Transport

OK = 200
KEEP_ALIVE = 75.0
LARGEST = 1 << 20
HEADERS = {"Authorization": "Bearer bench", "Accept": "application/json"}
# What is due within one look at the clock goes out together.
LOOK = 0.0005

Get = Callable[[int], Awaitable[bool]]


async def by_aiohttp(contest: Contest) -> None:
    """The client that carries downloads."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE)
    jar, timeout = aiohttp.DummyCookieJar(), aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, headers=HEADERS, timeout=timeout) as session:

        async def get(number: int) -> bool:
            async with session.get(_url(contest, number)) as response:
                await response.read()
                return response.status == OK

        await _poll(contest, get)


async def by_pyreqwest(contest: Contest) -> None:
    """The fastest client for Python that was found; its work is done in Rust."""
    builder = ClientBuilder().runtime_multithreaded(False).max_connections(None).no_proxy().http1_only()
    builder = builder.default_headers(HEADERS).timeout(timedelta(seconds=PATIENCE)).gzip(False).follow_redirects(False)
    async with builder.pool_idle_timeout(timedelta(seconds=KEEP_ALIVE)).build() as client:

        async def get(number: int) -> bool:
            response = await client.get(_url(contest, number)).build().send()
            await response.bytes()
            return bool(response.status == OK)

        await _poll(contest, get)


async def by_ours(contest: Contest) -> None:
    """The product's own seam to HTTP, and the request that it sends."""
    provider, endpoint = replace(TOKEN360, base_url=contest.server), TOKEN360.endpoints[0]
    async with Transport("rushes/bench") as transport:

        async def get(number: int) -> bool:
            request = question(provider, endpoint, "bench", task_id(number), time.time())
            answer = await transport.exchange(request, PATIENCE, LARGEST)
            return not isinstance(answer, QueryError) and answer.status == OK

        await _poll(contest, get)


def _url(contest: Contest, number: int) -> str:
    return f"{contest.server}/v1/videos/{task_id(number)}"


async def _poll(contest: Contest, get: Get) -> None:
    """Asks for ever; whoever falls behind has a longer period, and never more than so many questions in flight."""
    await contest.begin()
    began = time.monotonic()
    heap = [(began + contest.first(number), number) for number in range(contest.count)]
    in_flight = set[asyncio.Task[None]]()

    async def ask(due: float, number: int) -> None:
        try:
            good = await get(number)
        except Exception:  # noqa: BLE001  # each client has errors of its own
            good = False
        contest.failed += not good
        heapq.heappush(heap, (max(due + INTERVAL, time.monotonic()), number))

    while True:
        now = time.monotonic()
        while heap and heap[0][0] <= now and len(in_flight) < IN_FLIGHT:
            task = asyncio.create_task(ask(*heapq.heappop(heap)))
            in_flight.add(task)
            task.add_done_callback(in_flight.discard)
        next_due = heap[0][0] - time.monotonic() if heap else 0.0
        await asyncio.sleep(max(LOOK, next_due))


if __name__ == "__main__":
    run({"aiohttp": by_aiohttp, "pyreqwest": by_pyreqwest, "transport": by_ours})
