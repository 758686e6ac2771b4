import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.doctor import examination, gateways, telegram
from bot.doctor.gateways import look_at_gateways
from bot.doctor.report import Finding, Mark
from bot.doctor.telegram import look_at_telegram
from bot.settings import Settings
from bot.tracking.gateways import Gateway
from providers.token360 import TOKEN360

HOUR = 3600.0


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    application = web.Application()
    application.add_routes([web.route("*", "/{path:.*}", answer)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def look(url: str) -> list[Finding]:
    provider = replace(TOKEN360, base_url=url)
    return [found async for found in look_at_gateways((Gateway(provider, ("sk-one",), "TOKEN360_API_KEY"),))]


@pytest.mark.parametrize(
    ("status", "body", "mark", "said"),
    [
        (401, "{}", Mark.BAD, "put a valid one into TOKEN360_API_KEY"),
        (402, "{}", Mark.BAD, "top up that account"),
        (429, "{}", Mark.WARN, "fewer questions"),
        (503, "{}", Mark.WARN, "in trouble (HTTP 503)"),
        (302, "{}", Mark.WARN, "check TOKEN360_BASE_URL"),
        (404, "<html>nothing here</html>", Mark.BAD, "check TOKEN360_BASE_URL"),
        (404, "{}", Mark.OK, "does not refuse the key"),
    ],
)
async def test_what_a_gateway_says_is_told_with_its_cure(status: int, body: str, mark: Mark, said: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    async with serving(answer) as url:
        found, clock = await look(url)
    assert found.mark is mark
    assert said in f"{found.what} -> {found.cure}"
    assert (clock.mark, clock.what) == (Mark.OK, "this machine's clock agrees with theirs")


@pytest.mark.parametrize(("ahead", "said"), [(HOUR, "s behind: "), (-HOUR, "s ahead: "), (30.0, "agrees with theirs")])
async def test_a_clock_that_is_wrong_is_told(ahead: float, said: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({}, status=404, headers={"Date": formatdate(time.time() + ahead, usegmt=True)})

    async with serving(answer) as url:
        clock = (await look(url))[-1]
    assert said in clock.what


async def test_nobody_there_and_no_name_are_told() -> None:
    assert "no connection" in (await look("http://127.0.0.1:9"))[0].what
    assert "could not be resolved" in (await look("http://nowhere.invalid"))[0].what


async def test_it_ends_when_everything_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "_SECONDS", 0.2)
    monkeypatch.setattr(telegram, "_HELLO_SECONDS", 0.2)

    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with serving(never) as url:
        assert "no complete answer in time" in (await look(url))[0].what
        settings = Settings(telegram_bot_token=SecretStr("1:abc"), telegram_api_base_url=url)
        (found,) = [found async for found in look_at_telegram(settings, is_running=False)]
    assert (found.mark, "no answer within 0.2 s" in found.what) == (Mark.BAD, True)


async def test_a_part_that_takes_too_long_or_breaks_leaves_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "_MOST", 0.1)

    async def slow() -> AsyncIterator[Finding]:
        yield Finding(Mark.OK, "first")
        await asyncio.sleep(60)

    async def broken() -> AsyncIterator[Finding]:
        yield Finding(Mark.OK, "first")
        raise RuntimeError("why")

    for part, said in ((slow(), "not looked at to the end"), (broken(), "RuntimeError: why")):
        first, last = await examination._found(frozenset(), part)
        assert first.what == "first"
        assert last.mark is Mark.BAD
        assert said in last.what
