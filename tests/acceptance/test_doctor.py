"""The doctor, through the command line, against the stand-ins; it runs in a thread of this process."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web

import bot.doctor.gateways
import bot.doctor.telegram
from bot.__main__ import main
from sandbox.servers import TOKEN
from tests.acceptance.world import World, until

Json = dict[str, Any]
Asking = Callable[..., Awaitable[list[Json]]]


@pytest.fixture
def ask(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asking:
    """Asks it with these settings changed; what it finds, after making sure that it says no secret."""
    monkeypatch.chdir(world.folder)

    async def asked(**changes: str) -> list[Json]:
        for name, value in {**world.environment, "POLL_INTERVAL": "", **changes}.items():
            monkeypatch.setenv(name, value)
        status = await asyncio.to_thread(main, ["doctor", "--json"])
        told = capsys.readouterr().out
        assert not any(secret in told for secret in ("sk-sandbox", TOKEN, TOKEN.partition(":")[2]))
        found = json.loads(told)
        assert status == (0 if found["ok"] else 1)
        return list(found["findings"])

    return asked


def told(findings: list[Json], mark: str) -> str:
    return "\n".join(f"{one['group']}: {one['what']} -> {one['cure']}" for one in findings if one["mark"] == mark)


async def hook(world: World, url: str) -> None:
    async with ClientSession() as session:
        await session.post(f"{world.origins.telegram}/bot{TOKEN}/setWebhook", json={"url": url})


async def test_all_is_well_and_nothing_is_touched(world: World, ask: Asking) -> None:
    person = await world.person()
    await person.say("/help")
    findings = await ask()
    assert told(findings, "warn") + told(findings, "bad") == ""
    assert not world.database.exists()
    for well in (
        "@rushes_sandbox_bot",
        "1 updates wait",
        "nobody else",
        "token360 at",
        "clock agrees",
        "previews",
        "numbers",
    ):
        assert well in told(findings, "ok")
    # The update that it saw is still there for the bot.
    await world.start_bot()

    async def answered() -> bool:
        return len(await person.messages()) > 1

    await until(answered)
    updates = len(await world.calls("getUpdates"))
    findings = await ask()
    assert "that would disturb the Rushes that runs here" in told(findings, "ok")
    assert told(findings, "bad") == ""
    assert all("offset" in call["params"] for call in (await world.calls("getUpdates"))[updates:])


async def test_what_is_wrong_is_told_together(world: World, ask: Asking) -> None:
    world.database.write_bytes(b"no database " * 1000)
    bad = told(
        await ask(
            TELEGRAM_BOT_TOKEN="4242424242:WrongWrongWrongWrongWrong",
            LOG_FORMAT="xml",
            APIPOD_API_KEY="sk-wrong-wrong, sk-sandbox-apipod",
            OCTOPUSX_BASE_URL="http://127.0.0.1:9",
            AI_NEBULA_BASE_URL=f"{world.origins.telegram}/chat",
            PROVIDERS_FILE="nowhere.toml",
        ),
        "bad",
    )
    for name in ("LOG_FORMAT", "PROVIDERS_FILE", "TELEGRAM_BOT_TOKEN", "is no SQLite database", "OCTOPUSX_BASE_URL"):
        assert name in bad
    assert "apipod, account 1 at" in bad
    assert "refuses the key" in bad
    assert "apipod, account 2" not in bad
    assert "Wrong" not in bad
    assert len(bad.splitlines()) == 6


async def test_what_depends_on_a_wrong_setting_is_left_out(ask: Asking) -> None:
    findings = await ask(TELEGRAM_BOT_TOKEN="", DATABASE_URL="postgres://x", POLL_INTERVAL="often")
    assert len(told(findings, "bad").splitlines()) == 3
    assert told(findings, "warn").count("not looked at") == 3
    assert "token360" in told(findings, "ok")


async def test_choices_that_were_perhaps_not_meant_are_told(world: World, ask: Asking) -> None:
    (world.folder / ".env").write_text("ALLOWED_USER_IDS=1\n")
    (world.folder / ".env").chmod(0o644)
    nothing = {f"{name}_API_KEY": "" for name in ("APIPOD", "TOKEN360", "OCTOPUSX", "AI_NEBULA")}
    nobody = {"ALLOWED_TELEGRAM_USER_IDS": "", "ADMIN_TELEGRAM_USER_IDS": ""}
    findings = await ask(**nothing, **nobody, POLL_INTERVAL="0.2", HTTP_HOST="0.0.0.0", HTTP_PORT="8080")
    warned = told(findings, "warn")
    for words in (
        "ALLOWED_USER_IDS",
        "nobody is let in",
        "no provider has a key",
        "0.2 s",
        "HTTP_HOST",
        "chmod 600 .env",
    ):
        assert words in warned
    assert told(findings, "bad") == ""
    assert "everybody is let in" in told(await ask(ALLOWED_TELEGRAM_USER_IDS="*"), "warn")


async def test_a_webhook_of_somebody_else_is_told_without_its_path(world: World, ask: Asking) -> None:
    await hook(world, "https://other.example/hook/SECRET")
    findings = await ask()
    assert "a webhook is set, to other.example" in told(findings, "warn")
    assert "SECRET" not in str(findings)
    ours = {"TELEGRAM_WEBHOOK": "true", "HTTP_PORT": "8080", "PUBLIC_URL": "https://other.example"}
    assert "it calls the webhook at other.example" in told(await ask(**ours), "ok")
    assert "only by https" in told(await ask(**{**ours, "PUBLIC_URL": "http://other.example"}), "bad")


async def test_somebody_else_who_reads_the_updates_is_found(world: World, ask: Asking) -> None:
    await world.start_bot()

    async def reads() -> bool:
        return bool(await world.calls("getMe"))

    await until(reads)
    elsewhere = f"sqlite:///{world.folder}/elsewhere.db"
    assert "another program reads this bot's updates" in told(await ask(DATABASE_URL=elsewhere), "bad")


@asynccontextmanager
async def gateway(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    application = web.Application()
    application.add_routes([web.get("/{path:.*}", answer), web.post("/{path:.*}", answer)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body", "mark", "said"),
    [
        (402, "{}", "bad", "top up"),
        (429, "{}", "warn", "fewer questions"),
        (503, "{}", "warn", "in trouble (HTTP 503)"),
        (404, "<html>nothing here</html>", "bad", "check TOKEN360_BASE_URL"),
        (404, "{}", "ok", "does not refuse the key"),
    ],
)
async def test_what_a_gateway_says_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, ask: Asking, status: int, body: str, mark: str, said: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"Date": "Mon, 01 Jan 2024 00:00:00 GMT"})

    others = {f"{name}_API_KEY": "" for name in ("APIPOD", "OCTOPUSX", "AI_NEBULA")}
    async with gateway(answer) as url:
        findings = await ask(**others, TOKEN360_BASE_URL=url, TELEGRAM_BOT_TOKEN="")
    assert said in told(findings, mark)
    assert "s ahead: links and tokens" in told(findings, "warn")


async def test_it_ends_when_everything_hangs(monkeypatch: pytest.MonkeyPatch, ask: Asking) -> None:
    monkeypatch.setattr(bot.doctor.gateways, "_SECONDS", 0.3)
    monkeypatch.setattr(bot.doctor.telegram, "_HELLO_SECONDS", 0.3)

    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with gateway(never) as url:
        bad = told(await ask(TELEGRAM_API_BASE_URL=url, TOKEN360_BASE_URL=url), "bad")
    assert "no answer within 0.3 s" in bad
    assert "token360" in bad
    assert len(bad.splitlines()) == 2
