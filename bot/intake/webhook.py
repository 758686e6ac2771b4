"""Telegram's updates by webhook: Telegram calls, and hears that all is well once the update is in the inbox.

An update that is not stored is not taken, so Telegram sends it again. What Telegram is told about where to call stands
in `registration`.
"""

import asyncio
import base64
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.intake.inbox import Inbox
from bot.intake.registration import Registration
from bot.storage.sqlite import DatabaseError

log = structlog.stdlib.get_logger(__name__)

Json = dict[str, Any]

PATH = "/telegram"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
BODY_SECONDS = 10.0
# SQLite's largest number; Telegram's own are far below.
LARGEST_ID = 2**63 - 1
# Telegram waits that long where it is told so, else longer each time.
_COME_AGAIN = {"Retry-After": "2"}


@dataclass(frozen=True, slots=True)
class Call:
    """An update that Telegram waits to hear about: whether it is stored."""

    update: Json
    stored: asyncio.Future[bool]


class Webhook:
    """The other end of Telegram's calls, which show the `secret`."""

    def __init__(self, inbox: Inbox, registration: Registration, secret: str) -> None:
        self._inbox = inbox
        self._registration = registration
        self._secret = secret.encode()
        self._calls: list[Call] = []
        self._called = asyncio.Event()
        self._waiting_since = 0.0
        self._is_taking = True
        self._has_ended = False

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [web.post(PATH, self._answer)]

    def stalled(self) -> float:
        """Seconds for which a call has waited to be taken in; 0 if none waits."""
        return time.monotonic() - self._waiting_since if self._calls else 0.0

    def problem(self) -> str:
        """What keeps updates away, as far as that can be known; "" if nothing does."""
        return self._registration.problem()

    async def run(self) -> None:
        """Handles what was left in the inbox, then takes in for ever. Ends only by being cancelled."""
        try:
            await self._inbox.resume()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._registration.run())
                while True:
                    await self._called.wait()
                    await self._take_in()
        finally:
            self._has_ended = True
            _tell(self._calls, False)

    async def _take_in(self) -> None:
        """All that wait at once, in one transaction, in Telegram's order."""
        calls, self._calls = self._calls, []
        self._called.clear()
        updates = sorted((call.update for call in calls), key=lambda update: update["update_id"])
        is_stored = False
        try:
            await self._inbox.take_in(updates)
            is_stored = True
            self._registration.hear()
        except DatabaseError as error:
            self._complain(error)
        finally:
            self._is_taking = is_stored
            _tell(calls, is_stored)

    def _complain(self, error: DatabaseError) -> None:
        """Once for each time that it goes on: Telegram calls again and again."""
        if self._is_taking:
            log.error("commands wait at Telegram until the database answers", error=error)

    async def _answer(self, request: web.Request) -> web.Response:
        if not self._is_telegram(request):
            return web.Response(status=403)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        update = _read(body)
        if update is None:
            return web.Response(status=400)
        return web.Response() if await self._is_stored(update) else web.Response(status=503, headers=_COME_AGAIN)

    def _is_telegram(self, request: web.Request) -> bool:
        # Bytes that are no text come as surrogates; they are compared as they came.
        shown = request.headers.get(HEADER, "").encode(errors="surrogateescape")
        return hmac.compare_digest(shown, self._secret)

    async def _is_stored(self, update: Json) -> bool:
        if self._has_ended:
            return False
        call = Call(update, asyncio.get_running_loop().create_future())
        if not self._calls:
            self._waiting_since = time.monotonic()
        self._calls.append(call)
        self._called.set()
        return await call.stored


def secret_of(token: str) -> str:
    """What Telegram shows with each call: 43 of the characters that it allows, known to who knows the bot's token."""
    proof = hmac.digest(token.encode(), b"webhook", "sha256")
    return base64.urlsafe_b64encode(proof).decode().rstrip("=")


def _read(body: bytes) -> Json | None:
    """The update; None if it is none."""
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    number = update.get("update_id") if isinstance(update, dict) else None
    return update if type(number) is int and 0 <= number <= LARGEST_ID else None


def _tell(calls: list[Call], is_stored: bool) -> None:
    for call in calls:
        if not call.stored.done():
            call.stored.set_result(is_stored)
