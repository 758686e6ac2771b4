"""How the stand-in calls a webhook, held against what the Bot API server does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from telegram import Bot
from telegram.error import Conflict

from sandbox.player import Player
from sandbox.servers import PERSON
from tests.sandbox.asking import refusal

Json = dict[str, Any]

PUBLIC = "https://bot.example/rushes"


@dataclass
class Endpoint:
    """What the stand-in calls. `answers` are used up one by one, then all is well."""

    heard: list[Json] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    delay: float = 0.0
    in_hand: int = 0
    most_in_hand: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.in_hand += 1
        self.most_in_hand = max(self.in_hand, self.most_in_hand)
        self.heard.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        await asyncio.sleep(self.delay)
        self.in_hand -= 1
        return self.answers.pop(0) if self.answers else web.Response()

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.heard]


@asynccontextmanager
async def listening(endpoint: Endpoint, port: int) -> AsyncIterator[None]:
    application = web.Application()
    application.add_routes([web.post("/hook", endpoint.answer)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield
    await runner.cleanup()


async def until(holds: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 10
    while not holds():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)


@pytest.fixture
async def endpoint(person: Player) -> AsyncIterator[Endpoint]:
    endpoint, port = Endpoint(), unused_port()
    await person.tell("proxy", public=PUBLIC, inside=f"http://127.0.0.1:{port}")
    async with listening(endpoint, port):
        yield endpoint


async def test_what_waits_and_what_comes_is_handed_over_with_the_secret(
    api: Bot, person: Player, endpoint: Endpoint
) -> None:
    assert await api.set_webhook(f"{PUBLIC}/hook", secret_token="Never-told_1", max_connections=7)
    await person.say("/track 1")
    await until(lambda: len(endpoint.heard) == 2)
    assert endpoint.texts() == ["hello", "/track 1"]
    assert set(endpoint.secrets) == {"Never-told_1"}
    info = await api.get_webhook_info()
    assert (info.pending_update_count, info.max_connections, info.last_error_message) == (0, 7, None)
    await api.delete_webhook()
    assert await api.get_updates() == ()


async def test_an_update_is_repeated_until_it_is_taken_and_holds_up_only_its_chat(
    api: Bot, person: Player, endpoint: Endpoint
) -> None:
    endpoint.answers = [web.Response(status=503), web.Response(status=301)]
    await api.set_webhook(f"{PUBLIC}/hook", secret_token="")
    await person.say("after")
    await until(lambda: len(endpoint.heard) == 2)
    await person.tell("say", chat_id=PERSON + 1, text="other")
    await until(lambda: "other" in endpoint.texts())
    info = await api.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 301 Moved Permanently"
    await until(lambda: "after" in endpoint.texts())
    assert endpoint.texts() == ["hello", "hello", "other", "hello", "after"]
    assert endpoint.secrets[0] is None


async def test_the_other_side_says_when_to_come_again(api: Bot, endpoint: Endpoint) -> None:
    endpoint.answers = [web.Response(status=503, headers={"Retry-After": "1"})]
    began = asyncio.get_running_loop().time()
    await api.set_webhook(f"{PUBLIC}/hook")
    await until(lambda: len(endpoint.heard) == 2)
    assert 1 <= asyncio.get_running_loop().time() - began < 5


async def test_one_update_of_a_chat_at_a_time_and_no_more_calls_than_allowed(
    api: Bot, person: Player, endpoint: Endpoint
) -> None:
    endpoint.delay = 0.1
    await api.set_webhook(f"{PUBLIC}/hook", max_connections=2)
    for chat in (PERSON, PERSON + 1, PERSON + 2):
        for number in range(3):
            await person.tell("say", chat_id=chat, text=f"{chat}-{number}")
    await until(lambda: len(endpoint.heard) == 10)
    assert endpoint.most_in_hand == 2
    for chat in (PERSON, PERSON + 1, PERSON + 2):
        ours = [text for text in endpoint.texts() if text.startswith(str(chat))]
        assert ours == [f"{chat}-{number}" for number in range(3)]


async def test_a_new_webhook_is_called_at_once_and_the_same_again_changes_nothing(api: Bot, endpoint: Endpoint) -> None:
    endpoint.answers = [web.Response(status=500, headers={"Retry-After": "3600"})]
    await api.set_webhook(f"{PUBLIC}/hook")
    await until(lambda: len(endpoint.heard) == 1)
    await api.set_webhook(f"{PUBLIC}/hook")
    await asyncio.sleep(0.2)
    assert len(endpoint.heard) == 1
    assert (await api.get_webhook_info()).last_error_date
    await api.set_webhook(f"{PUBLIC}/hook", secret_token="another")
    await until(lambda: len(endpoint.heard) == 2)
    assert (await api.get_webhook_info()).last_error_date is None


async def test_nobody_there(api: Bot, person: Player) -> None:
    await api.set_webhook(f"{PUBLIC}/hook")
    await asyncio.sleep(0.1)
    assert (await api.get_webhook_info()).last_error_message == "Failed to resolve host: Name or service not known"
    await person.tell("proxy", public=PUBLIC, inside=f"http://127.0.0.1:{unused_port()}")
    await api.set_webhook(f"{PUBLIC}/other")
    await asyncio.sleep(0.2)
    info = await api.get_webhook_info()
    assert (info.last_error_message, info.pending_update_count) == ("Connection refused", 1)


async def test_a_webhook_ends_the_long_poll(api: Bot, endpoint: Endpoint) -> None:
    offset = (await api.get_updates())[-1].update_id + 1
    polling = asyncio.create_task(api.get_updates(offset=offset, timeout=20))
    await asyncio.sleep(0.1)
    await api.set_webhook(f"{PUBLIC}/hook")
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await polling
    assert endpoint.heard == []


@pytest.mark.parametrize(
    ("secret", "said"),
    [("no spaces", "secret token contains unallowed characters"), ("x" * 257, "secret token is too long")],
)
async def test_what_a_secret_may_not_be(api: Bot, person: Player, secret: str, said: str) -> None:
    assert await refusal(person, api.set_webhook(f"{PUBLIC}/hook", secret_token=secret)) == f"Bad Request: {said}"
