"""The answers about the bot's health: in time, side by side, whatever a check does."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.ops.health import Check, Health

PATIENCE = 0.2


@pytest.fixture
async def health() -> AsyncIterator[Health]:
    async with Health(PATIENCE) as opened:
        yield opened


def saying(word: str) -> Check:
    async def check() -> str:
        return word

    return check


async def ask(health: Health, path: str) -> tuple[int, Any]:
    (route,) = [route for route in health.routes() if route.path == path]
    answer = await route.handler(make_mocked_request("GET", path))
    assert isinstance(answer, web.Response)
    return answer.status, json.loads(answer.text or "")


async def test_who_starts_is_alive_and_not_ready_and_so_is_who_stops(health: Health) -> None:
    assert await ask(health, "/healthz") == (200, {"ok": True, "problems": {}})
    assert await ask(health, "/readyz") == (503, {"ok": False, "problems": {"bot": "the bot is starting"}})
    health.watch({"a": saying("")}, {"b": saying("")})
    assert await ask(health, "/readyz") == (200, {"ok": True, "problems": {}})
    health.stop()
    assert (await ask(health, "/healthz"))[0] == 200
    assert await ask(health, "/readyz") == (503, {"ok": False, "problems": {"bot": "the bot is stopping"}})


async def test_what_a_restart_does_not_mend_is_only_not_ready(health: Health) -> None:
    health.watch({"a": saying("")}, {"b": saying("no gateway")})
    assert (await ask(health, "/healthz"))[0] == 200
    assert await ask(health, "/readyz") == (503, {"ok": False, "problems": {"b": "no gateway"}})


async def test_a_check_that_hangs_is_named_and_holds_up_no_other(health: Health) -> None:
    asked = []

    async def hang() -> str:
        asked.append(True)
        await asyncio.sleep(60)
        return ""

    health.watch({"a": hang, "b": hang, "c": saying("broken")}, {})
    late = f"no answer within {PATIENCE} s"
    for _ in range(3):
        began = time.monotonic()
        assert await ask(health, "/healthz") == (
            503,
            {"ok": False, "problems": {"a": late, "b": late, "c": "broken"}},
        )
        assert time.monotonic() - began < 10 * PATIENCE
    assert len(asked) == 2  # it is waited for, not asked again


async def test_a_check_that_answers_at_last_is_asked_anew(health: Health) -> None:
    until_told = asyncio.Event()

    async def slow() -> str:
        await until_told.wait()
        return ""

    health.watch({"a": slow}, {})
    assert (await ask(health, "/healthz"))[0] == 503
    until_told.set()
    await asyncio.sleep(0)
    assert (await ask(health, "/healthz"))[0] == 200


async def test_a_check_that_breaks_is_a_problem_without_its_words(health: Health) -> None:
    async def broken() -> str:
        raise ValueError("secret")

    health.watch({"a": broken}, {})
    assert await ask(health, "/healthz") == (
        503,
        {"ok": False, "problems": {"a": "the check broke (ValueError)"}},
    )
