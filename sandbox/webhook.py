"""Calls a bot where setWebhook said, as Telegram does; knows nothing of what the updates say.

Of a chat's updates of one kind the next one goes out when the one before it was answered with 2xx, and until then it is
repeated, after longer and longer pauses.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.updates import Update, Updates

_SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
_SECONDS = 60.0
_LONGEST_PAUSE, _LONGEST_WISH = 60.0, 3600
_CONNECTIONS = 40

# The kind of update, and the chat, or the person where there is none.
Line = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Target:
    """What setWebhook says. Without a `url` there is no webhook."""

    url: str = ""
    secret: str = ""
    max_connections: int = _CONNECTIONS


@dataclass(slots=True)
class Pause:
    """What a line waits for after failures: until a moment of the loop's clock."""

    seconds: float
    until: float


class Webhook:
    """`inside` maps public addresses to where a proxy of the operator's would lead; nothing else is dialled."""

    def __init__(self, updates: Updates, clock: Callable[[], float]) -> None:
        self.target = Target()
        self.inside: dict[str, str] = {}
        self._updates = updates
        self._clock = clock
        self._calls: dict[Line, asyncio.Task[None]] = {}
        self._pauses: dict[Line, Pause] = {}
        self._failure: tuple[int, str] | None = None

    def aim(self, target: Target) -> None:
        """What is set already stays as it is, pauses included; anything else begins anew."""
        if target == self.target:
            return
        self.target = target
        self._hang_up()
        self._pauses, self._failure = {}, None
        self._updates.news.set()

    def info(self) -> dict[str, Any]:
        """WebhookInfo, but for what the updates know."""
        info: dict[str, Any] = {"url": self.target.url, "has_custom_certificate": False}
        if self._failure:
            info |= {"last_error_date": self._failure[0], "last_error_message": self._failure[1]}
        if self.target.url:
            info |= {"max_connections": self.target.max_connections, "ip_address": "127.0.0.1"}
        return info

    async def run(self) -> None:
        """Calls whenever there is something to tell. Ends only by being cancelled."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            try:
                while True:
                    self._updates.news.clear()
                    self._begin(session)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout_at(self._next_at()):
                            await self._updates.news.wait()
            finally:
                self._hang_up()

    def _next_at(self) -> float | None:
        """When the first of the pauses is over."""
        return min((pause.until for line, pause in self._pauses.items() if line not in self._calls), default=None)

    def _hang_up(self) -> None:
        for call in self._calls.values():
            call.cancel()
        self._calls = {}

    def _begin(self, session: aiohttp.ClientSession) -> None:
        now = asyncio.get_running_loop().time()
        heads: dict[Line, Update] = {}
        for update in self._updates.waiting() if self.target.url else ():
            heads.setdefault(_line(update), update)
        self._pauses = {line: pause for line, pause in self._pauses.items() if line in heads}
        for line, update in heads.items():
            is_resting = line in self._pauses and self._pauses[line].until > now
            if line not in self._calls and not is_resting and len(self._calls) < self.target.max_connections:
                self._calls[line] = asyncio.create_task(self._call(session, line, update))

    async def _call(self, session: aiohttp.ClientSession, line: Line, update: Update) -> None:
        failure, wish = await self._post(session, update)
        if failure:
            self._failure = int(self._clock()), failure
            self._pauses[line] = self._next_pause(self._pauses.get(line), wish)
        else:
            self._updates.settle(update)
            self._pauses.pop(line, None)
        self._calls.pop(line, None)
        self._updates.news.set()

    async def _post(self, session: aiohttp.ClientSession, update: Update) -> tuple[str, int]:
        """What went wrong, if anything did, and the seconds that the other side wants to be left alone."""
        address = self._address()
        if not address:
            return "Failed to resolve host: Name or service not known", 0
        headers = {_SECRET: self.target.secret} if self.target.secret else {}
        timeout = aiohttp.ClientTimeout(_SECONDS)
        try:
            async with session.post(
                address, json=update, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.ok and answer.status < 300:  # noqa: PLR2004 - HTTP's redirects
                    return "", 0
                wish = answer.headers.get("Retry-After", "")
                failure = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                return failure, min(int(wish), _LONGEST_WISH) if wish.isdigit() else 0
        except aiohttp.ClientConnectorError:
            return "Connection refused", 0
        except (aiohttp.ClientError, TimeoutError):
            return "Webhook connection closed", 0

    def _address(self) -> str:
        url = self.target.url
        for public, inside in self.inside.items():
            if url.startswith(f"{public}/"):
                return inside + url.removeprefix(public)
        return url if url.startswith("http://") else ""

    def _next_pause(self, last: Pause | None, wish: int) -> Pause:
        """None after the first failure, then two seconds, four, eight ..., but what the other side wishes counts."""
        seconds = min(2 * last.seconds, _LONGEST_PAUSE) if last else 1.0
        wait = wish or (seconds if last else 0.0)
        return Pause(seconds, asyncio.get_running_loop().time() + wait)


def _line(update: Update) -> Line:
    kind = next(name for name in update if name != "update_id")
    body: Mapping[str, Any] = update[kind]
    place = body.get("chat") or body.get("message", {}).get("chat") or body["from"]
    return kind, place["id"]
