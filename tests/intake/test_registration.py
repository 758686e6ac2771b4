"""What Telegram is told about the webhook and what is made of its answers, against the stand-in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from telegram import Bot

from bot.bot_api import bot_api_request
from bot.intake.registration import SILENT_AFTER, Registration
from bot.intake.webhook import secret_of
from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON, TOKEN, Origins, serving

PUBLIC = "https://bot.example"
URL = f"{PUBLIC}/telegram"


@pytest.fixture
async def origins(tmp_path: Path) -> AsyncIterator[Origins]:
    async with serving(media=Media(tmp_path)) as listening:  # nobody asks for a clip
        yield listening


@pytest.fixture
async def person(origins: Origins) -> AsyncIterator[Player]:
    async with Player(origins.sim, PERSON) as somebody:
        yield somebody


@pytest.fixture
async def api(origins: Origins) -> AsyncIterator[Bot]:
    requests = [bot_api_request(origins.telegram, 4) for _ in range(2)]
    bot = Bot(TOKEN, f"{origins.telegram}/bot", request=requests[0], get_updates_request=requests[1])
    async with bot:
        yield bot


@asynccontextmanager
async def answering(person: Player, status: int, again_after: int = 0) -> AsyncIterator[list[bytes]]:
    """Somebody at the public address, who always answers the same; what came so far."""
    heard: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(await request.read())
        return web.Response(status=status, headers={"Retry-After": str(again_after)} if again_after else {})

    application = web.Application()
    application.add_routes([web.post("/telegram", answer)])
    runner, port = web.AppRunner(application, shutdown_timeout=0.1), unused_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await person.tell("proxy", public=PUBLIC, inside=f"http://127.0.0.1:{port}")
    yield heard
    await runner.cleanup()


async def until(look: Callable[[], Awaitable[object]]) -> None:
    for _ in range(400):
        if await look():
            return
        await asyncio.sleep(0.05)
    pytest.fail("waited in vain")


async def failed_calls(api: Bot) -> None:
    async def look() -> object:
        return (await api.get_webhook_info()).last_error_date

    await until(look)


async def methods(person: Player) -> list[str]:
    return [call["method"] for call in (await person.ask("calls"))["calls"] if call["method"] != "getMe"]


def registration(api: Bot, now: float = 0.0) -> Registration:
    return Registration(api, URL, secret_of(TOKEN), lambda: now)


def test_the_secret_is_what_telegram_allows_and_depends_on_the_token() -> None:
    secret = secret_of(TOKEN)
    assert len(secret) == 43
    assert set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert secret == secret_of(TOKEN) != secret_of(f"{TOKEN}x")
    assert not set(TOKEN.split(":")) & {secret}


async def test_it_is_set_and_what_somebody_else_changed_is_set_again(api: Bot, person: Player) -> None:
    ours = registration(api)
    assert ours.problem() == "the webhook is not set yet"
    await ours.look()
    assert ours.problem() == ""
    info = await api.get_webhook_info()
    assert (info.url, info.allowed_updates) == (URL, ("callback_query", "inline_query", "message"))
    before = len(await methods(person))
    await ours.look()
    assert (await methods(person))[before:] == ["getWebhookInfo"]
    for change in (
        api.set_webhook("https://elsewhere.example/telegram"),
        api.delete_webhook(),
        api.set_webhook(URL, allowed_updates=["message"]),
    ):
        await change
        await ours.look()
        info = await api.get_webhook_info()
        assert (info.url, len(info.allowed_updates)) == (URL, 3)


async def test_telegram_is_asked_again_until_it_takes_it(api: Bot, person: Player) -> None:
    said = "Bad Request: bad webhook: Failed to resolve host: Name or service not known"
    await person.tell("faults", method="setWebhook", kind="error", description=said)
    ours = registration(api)
    running = asyncio.create_task(ours.run())

    async def refused() -> bool:
        return "Telegram does not take the webhook (Bad webhook: failed to resolve host" in ours.problem()

    async def well() -> bool:
        return not ours.problem()

    await until(refused)
    await until(well)
    running.cancel()
    assert (await methods(person)).count("setWebhook") == 2


async def test_a_server_that_does_not_tell_about_webhooks_takes_one_all_the_same(api: Bot, person: Player) -> None:
    await person.tell("faults", method="getWebhookInfo", kind="error", code=404, description="Not Found", times=1)
    ours = registration(api)
    await ours.look()
    assert ours.problem() == ""
    assert await methods(person) == ["getWebhookInfo", "setWebhook"]


async def test_calls_that_fail_while_something_waits_are_a_problem_until_one_gets_through(
    api: Bot, person: Player
) -> None:
    ours = registration(api)
    await ours.look()
    await ours.look()
    assert ours.problem() == ""  # nobody has written
    async with answering(person, 502):
        await person.say("/help")
        await failed_calls(api)
        await ours.look()
    assert ours.problem() == "Telegram can not hand over updates (Wrong response from the webhook: 502 Bad Gateway)"
    ours.hear()
    await ours.look()
    assert ours.problem() == ""


async def test_after_a_long_absence_telegram_calls_at_once(api: Bot, person: Player) -> None:
    await registration(api).look()
    async with answering(person, 503, again_after=3600) as heard:
        await person.say("/help")
        await failed_calls(api)
        await registration(api).look()

        async def called_again() -> bool:
            return len(heard) == 2

        await until(called_again)


async def test_a_secret_that_is_not_ours_is_replaced(api: Bot, person: Player) -> None:
    ours = registration(api)
    await ours.look()
    async with answering(person, 403):
        await api.set_webhook(URL, allowed_updates=["message", "callback_query", "inline_query"], secret_token="other")
        await person.say("/help")
        await failed_calls(api)
        before = len(await methods(person))
        await ours.look()
    assert (await methods(person))[before:] == ["getWebhookInfo", "deleteWebhook", "setWebhook"]


async def test_telegram_that_does_not_answer_is_a_problem(api: Bot) -> None:
    moments = iter((0.0, 10.0))
    ours = Registration(api, URL, "x", lambda: next(moments, 11.0 + SILENT_AFTER))
    await ours.look()
    assert ours.problem() == f"Telegram has not answered for {1 + SILENT_AFTER:.0f} s"
