"""The bot's own HTTP door, as whoever watches it sees it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

Json = dict[str, Any]
Labels = dict[str, str]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Scrape:
    """One look at `/metrics`."""

    text: str

    def value(self, sample: str, **labels: str) -> float | None:
        """The sample's sum over all series that have these labels; None if there are none."""
        found = [
            one.value
            for family in text_string_to_metric_families(self.text)
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        ]
        return sum(found) if found else None


class Watcher:
    """Asks a bot at that port. What nobody answers is None."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._origin = f"http://127.0.0.1:{port}"

    async def ask(self, path: str) -> tuple[int, Json] | None:
        try:
            async with self._session.get(self._origin + path) as answer:
                return answer.status, await answer.json()
        except aiohttp.ClientConnectionError:
            return None

    async def says(self, path: str, status: int) -> Json | None:
        """The answer, if it has that status."""
        answer = await self.ask(path)
        return answer[1] if answer and answer[0] == status else None

    async def scrape(self) -> Scrape:
        async with self._session.get(f"{self._origin}/metrics") as answer:
            return Scrape(await answer.text())

    async def request(self, method: str, path: str, **headers: str) -> aiohttp.ClientResponse:
        async with self._session.request(method, self._origin + path, headers=headers) as answer:
            await answer.read()
            return answer


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[Watcher]:
    async with aiohttp.ClientSession() as session:
        yield Watcher(session, port)
