"""A person at the control interface: says things, looks at the chat. Knows the stand-ins by HTTP only."""

from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]


class Player:
    """One person in one chat. `sim` is the address of the control interface."""

    def __init__(self, sim: str, chat_id: int, user_id: int | None = None) -> None:
        self._sim = sim
        self._chat_id = chat_id
        self._user_id = user_id or chat_id

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def say(self, text: str, **more: Any) -> int:
        """Writes into the chat; returns the message's id."""
        told = await self.tell("say", chat_id=self._chat_id, user_id=self._user_id, text=text, **more)
        return int(told["message_id"])

    async def messages(self) -> list[Json]:
        """What stands in the chat now, in order."""
        seen = await self.ask(f"chats/{self._chat_id}")
        return list(seen["messages"])

    async def ask(self, path: str) -> Json:
        """One question to the control interface."""
        async with self._session.get(f"{self._sim}/{path}") as answer:
            return await _json(answer)

    async def tell(self, path: str, **body: Any) -> Json:
        """One order to the control interface."""
        async with self._session.post(f"{self._sim}/{path}", json=body) as answer:
            return await _json(answer)

    async def take_back(self, path: str) -> Json:
        """Ends what an earlier order began."""
        async with self._session.delete(f"{self._sim}/{path}") as answer:
            return await _json(answer)

    async def file(self, file_id: str) -> bytes:
        """The bytes of a file that stands in a chat."""
        async with self._session.get(f"{self._sim}/files/{file_id}") as answer:
            return await answer.read()

    async def fetch(self, url: str) -> bytes:
        """The bytes at an address."""
        async with self._session.get(url) as answer:
            return await answer.read()


async def _json(answer: aiohttp.ClientResponse) -> Json:
    body: Json = await answer.json()
    if answer.status >= 400:  # noqa: PLR2004 - HTTP's errors
        raise ValueError(str(body.get("error", answer.status)))
    return body
