import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

import bot  # noqa: F401 - keeps python-telegram-bot from warning whenever it makes a RetryAfter
from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON, TOKEN, Origins, serving
from tests.oracle import complaints


def answers_only(call: dict[str, Any]) -> dict[str, Any]:
    return {**call, "params": None}


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    made = Media(tmp_path_factory.mktemp("media"))
    made.make()
    return made


@pytest.fixture
async def origins(media: Media) -> AsyncIterator[Origins]:
    async with serving(media=media) as listening:
        yield listening
        async with Player(listening.sim, PERSON) as person:
            calls = (await person.ask("calls"))["calls"]
    # Some tests ask what no bot should, so only the answers are judged: every one, in every test.
    assert complaints([answers_only(call) for call in calls if call["method"] != "noSuchMethod"]) == []


@pytest.fixture
async def person(origins: Origins) -> AsyncIterator[Player]:
    """Somebody who has said one thing, so that the bot may write to them."""
    async with Player(origins.sim, PERSON) as somebody:
        await somebody.say("hello")
        yield somebody


@pytest.fixture(scope="session")
def tls() -> ssl.SSLContext:
    """No stand-in needs it, but every client makes one, and that takes longer than most tests here."""
    return ssl.create_default_context()


@pytest.fixture
async def api(origins: Origins, tls: ssl.SSLContext) -> AsyncIterator[Bot]:
    async with Bot(
        TOKEN,
        base_url=f"{origins.telegram}/bot",
        base_file_url=f"{origins.telegram}/file/bot",
        local_mode=origins.local,
        request=HTTPXRequest(httpx_kwargs={"verify": tls}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"verify": tls}),
    ) as client:
        yield client


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
