"""Carries calls to the Bot API over aiohttp's connections, with httpx's interface; knows no method and no chat.

httpx's own pool looks at every connection for every request, and its HTTP is written in Python: at thirty calls in
flight that is several times the work, and an upload takes more than twice as long.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter
from telegram.error import TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.tracking.measures import TELEGRAM_CALLS, TELEGRAM_DURATION
from bot.tracking.tally import Tally

# Telegram thinks for up to eight seconds before it answers a call that it wants to slow down.
READ_TIMEOUT = 30.0
CONNECT_TIMEOUT = 10.0
POOL_TIMEOUT = 30.0
# Telegram's own servers keep an idle connection longer than this, so a call rarely meets one that is being closed.
KEEP_ALIVE = 60.0
# Large enough for few trips through the loop, small enough that each gets through in its time on a slow line.
PIECE_BYTES = 2**19

_NO_ANSWER = "this is no answer of the Bot API"

# What broke, in httpx's words; the first that fits. Only the Connect... ones say that nothing was sent.
_MEANINGS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ClientHttpProxyError, httpx.ConnectError),  # the proxy opened no tunnel
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.SocketTimeoutError, httpx.ReadTimeout),
    (TimeoutError, httpx.WriteTimeout),  # `_Body`'s own
    (aiohttp.ClientOSError, httpx.ReadError),
    (Exception, httpx.RemoteProtocolError),
)


def bot_api_request(server: str, connections: int, tally: Tally | None = None) -> HTTPXRequest:
    """What an `Application` calls `server` with, through the operator's proxy if there is one; `tally` counts calls.

    Raises `ValueError` for a proxy that speaks no HTTP.
    """
    transport = AiohttpTransport(connections, _proxy(httpx.URL(server)), tally)
    return _Request(
        read_timeout=READ_TIMEOUT,
        connect_timeout=CONNECT_TIMEOUT,
        pool_timeout=POOL_TIMEOUT,
        httpx_kwargs={"transport": transport},
    )


class UpdatesBot(ExtBot[None]):
    """The library's bot, which also hands out updates as they came."""

    async def get_raw_updates(
        self, offset: int | None, seconds: int, margin: float, wanted: Sequence[str]
    ) -> list[dict[str, Any]]:
        """One long poll of up to so many `seconds`; `margin` more, and the connection counts as dead.

        Raises `TelegramError`.
        """
        question = {"offset": offset, "timeout": seconds, "allowed_updates": wanted}
        answer: Any = await self._post("getUpdates", question, read_timeout=seconds + margin) or []
        if not isinstance(answer, list) or not all(map(_is_update, answer)):
            raise TelegramError(_NO_ANSWER)
        return answer


class _Request(HTTPXRequest):
    """Says of JSON that is no answer what the library says of what is no JSON; else it would break over it."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        answer: Any = HTTPXRequest.parse_json_payload(payload)
        if not isinstance(answer, dict) or answer.keys().isdisjoint({"result", "description"}):
            raise TelegramError(_NO_ANSWER)
        return answer


class AiohttpTransport(httpx.AsyncBaseTransport):
    """httpx's interface on an aiohttp session. Answers are read whole; nothing is repeated, redirected or unpacked."""

    def __init__(self, connections: int, proxy: str | None = None, tally: Tally | None = None) -> None:
        self._connections = connections
        self._proxy = proxy
        self._tally = tally or Tally()
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # The path before the method holds the bot's token.
        method, asked = request.url.path.rpartition("/")[2], time.monotonic()
        try:
            response = await self._send(request)
        except httpx.TransportError as error:
            is_sent = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
            self._tally.add(TELEGRAM_CALLS, method, "unanswered" if is_sent else "not_sent")
            raise
        self._tally.add(TELEGRAM_CALLS, method, _outcome(response.status_code))
        self._tally.observe(TELEGRAM_DURATION, time.monotonic() - asked, method)
        return response

    async def _send(self, request: httpx.Request) -> httpx.Response:
        # A session belongs to a running loop, so the first call opens it.
        self._session = self._session or self._open()
        wait = request.extensions["timeout"]
        is_plain = isinstance(request.stream, httpx.ByteStream)
        try:
            async with self._session.request(
                request.method,
                str(request.url),
                headers=request.headers.multi_items(),
                data=request.content if is_plain else _Body(request.stream, wait["write"]),
                allow_redirects=False,
                # To aiohttp `connect` is the wait for a free connection and the dialling together.
                timeout=aiohttp.ClientTimeout(
                    connect=wait["pool"] + wait["connect"], sock_connect=wait["connect"], sock_read=wait["read"]
                ),
            ) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            _translate(error)
        return httpx.Response(response.status, headers=response.raw_headers, content=content)

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            proxy=self._proxy,
        )

    async def aclose(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None


def _outcome(status: int) -> str:
    """How a call went, in the words of `TELEGRAM_CALLS`."""
    if status < HTTPStatus.BAD_REQUEST:
        return "ok"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    named = {
        HTTPStatus.UNAUTHORIZED: "unauthorized",
        HTTPStatus.CONFLICT: "conflict",
        HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    }
    return next((word for code, word in named.items() if code == status), "refused")


class _Body(aiohttp.Payload):
    """A request's body in pieces; each has its own time, so an upload may be slow, but not stuck."""

    def __init__(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, patience: float | None) -> None:
        super().__init__(stream)
        self._patience = patience

    async def write(self, writer: AbstractStreamWriter) -> None:
        try:
            async for piece in _pieces(self._value):
                async with asyncio.timeout(self._patience):
                    await writer.write(piece)
        except BaseException:
            # Closing would wait until the other side has taken the rest, which it may never do.
            if writer.transport:
                writer.transport.abort()
            raise

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise NotImplementedError


async def _pieces(stream: httpx.AsyncByteStream) -> AsyncIterator[bytearray]:
    piece = bytearray()
    async for part in stream:
        piece += part
        if len(piece) >= PIECE_BYTES:
            yield piece
            piece = bytearray()
    if piece:
        yield piece


def _is_update(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("update_id"), int)


def _translate(error: Exception) -> NoReturn:
    meaning = next(meaning for kind, meaning in _MEANINGS if isinstance(error, kind))
    # aiohttp's other texts hold the address, and so the bot's token.
    words = error.strerror if isinstance(error, aiohttp.ClientConnectorError) else None
    raise meaning(words or type(error).__name__) from error


def _proxy(server: httpx.URL) -> str | None:
    """What the environment names: HTTPS_PROXY or HTTP_PROXY, else ALL_PROXY, unless NO_PROXY excepts the server."""
    proxies = getproxies()
    proxy = proxies.get(server.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(server.host):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        raise ValueError("The proxy for Telegram must be an http:// or https:// one; see HTTPS_PROXY and ALL_PROXY.")
    return proxy
