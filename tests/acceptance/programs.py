"""A program's side of the way in: what it calls, and the token that a person hands it."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import aiohttp

from sandbox.player import Player
from tests.acceptance.world import until

Json = dict[str, Any]

TOKEN = re.compile(r"rushes_[A-Za-z0-9_-]{43}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Front:
    """The bot's own HTTP server, as a program sees it."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self._session = session

    async def call(self, method: str, path: str, token: str = "", **more: Any) -> tuple[int, Any, Any]:
        """(status, JSON, headers)."""
        if isinstance(more.get("data"), bytes):
            more["data"] = BytesIO(more["data"])
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
        async with self._session.request(method, f"{self.origin}{path}", headers=headers, **more) as answer:
            body = await answer.json(content_type=None) if answer.status != 204 else None
            return answer.status, body, answer.headers

    async def raw(self, sent: bytes) -> bytes:
        """What is answered to these bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer

    async def track(self, token: str, task_id: str, **more: str) -> tuple[int, Any]:
        status, body, _ = await self.call("POST", "/v1/track", token, json={"id": task_id, **more})
        return status, body


async def token_shown(person: Player) -> str:
    """The newest token that stands in the person's chat."""

    async def look() -> str:
        found = [TOKEN.search(m["text"] or "") for m in await person.messages() if m["from_bot"]]
        return ([match[0] for match in found if match] or [""])[-1]

    return await until(look)


async def made(person: Player) -> str:
    await person.say("/token")
    return await token_shown(person)


def said(person: Player, words: str, count: int = 1) -> Callable[[], Awaitable[bool]]:
    """Whether so many messages of the bot hold these words."""

    async def look() -> bool:
        return sum(words in (m["text"] or "") for m in await person.messages() if m["from_bot"]) >= count

    return look
