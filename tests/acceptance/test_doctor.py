"""The doctor, through the command line, against the stand-ins; it runs in a thread of this process."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.__main__ import main
from bot.doctor.telegram import look_at_telegram
from bot.settings import Settings
from sandbox.servers import TOKEN, key_of
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
            APIPOD_API_KEY=f"sk-wrong-wrong, {key_of('apipod')}",
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


async def about_telegram(monkeypatch: pytest.MonkeyPatch, world: World, **changes: str) -> str:
    for name, value in {**world.environment, **changes}.items():
        monkeypatch.setenv(name, value)
    found = [finding async for finding in look_at_telegram(Settings.load(), is_running=False)]
    return "\n".join(f"{finding.mark}: {finding.what}" for finding in found)


async def test_a_webhook_of_somebody_else_is_told_without_its_path(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hook(world, "https://other.example/hook/SECRET")
    found = await about_telegram(monkeypatch, world)
    assert "warn: a webhook is set, to other.example" in found
    assert "SECRET" not in found
    ours = {"TELEGRAM_WEBHOOK": "true", "HTTP_PORT": "8080", "PUBLIC_URL": "https://other.example"}
    assert "ok: it calls the webhook at other.example" in await about_telegram(monkeypatch, world, **ours)


async def test_somebody_else_who_reads_the_updates_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.start_bot()

    async def reads() -> bool:
        return bool(await world.calls("setMyCommands"))

    await until(reads)
    assert "bad: another program reads this bot's updates" in await about_telegram(monkeypatch, world)
