"""The narrow seam to the HTTP libraries: one request in, one bounded answer out. Knows nothing of tasks and of keys.

What is asked all the time goes over lean connections of our own; files, and what is streamed to the disk, over aiohttp.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp

from providers.base import QueryError, QueryErrorKind, TooLarge
from providers.bodies import SHORT, Arriving, document, pieces
from providers.connections import Connection, Headers
from providers.dialling import BROKE, LATE, NO_CONNECTION, NO_NAME, NOT_HTTP, NOT_SECURE, ConnectionTrouble
from providers.pool import Connections
from providers.requests import Request

NETWORK_TROUBLE = (aiohttp.ClientError, ConnectionTrouble, ConnectionError, ssl.SSLError, TimeoutError)
_KEEP_ALIVE = 75.0


class HttpAnswer(NamedTuple):
    """An answer that has arrived completely; of a long one `body` lacks the long strings, see `inline.Unpacker`."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """The connections of the whole process. Follows no redirect, keeps no cookie, reads no environment."""

    def __init__(self, user_agent: str, ssl_context: ssl.SSLContext | None = None) -> None:
        self._user_agent = user_agent
        self._agent = f"User-Agent: {user_agent}\r\n".encode()
        self._ssl_context = ssl_context or ssl.create_default_context()
        self._session: aiohttp.ClientSession | None = None
        self._connections: Connections | None = None

    async def __aenter__(self) -> Self:
        self._connections = Connections(self._ssl_context)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE, ssl=self._ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent},
            # A body is inflated piece by piece, within its bounds, see `bodies.pieces`.
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(),
            trust_env=False,
            middlewares=(_once,),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connections, self._connections = self._connections, None
        session, self._session = self._session, None
        if connections is not None:
            await connections.close()
        if session is not None:
            await session.close()

    async def exchange(self, request: Request, deadline: float, cap: int) -> HttpAnswer | QueryError:
        """One request and its whole answer, within `deadline` seconds and `cap` bytes. Never raises for the network."""
        if self._connections is None:
            raise RuntimeError("the client is used outside of its context")
        until = asyncio.get_running_loop().time() + deadline
        try:
            return await self._exchanged(self._connections, request, until, cap)
        except NETWORK_TROUBLE as error:
            return trouble(error)
        except TooLarge:
            return QueryError(QueryErrorKind.PROTOCOL, "an answer far too large")
        except zlib.error:
            return QueryError(QueryErrorKind.PROTOCOL, "a damaged answer")

    async def _exchanged(self, connections: Connections, request: Request, until: float, cap: int) -> HttpAnswer:
        connection = connections.resting(request.origin)
        if connection is None:
            async with asyncio.timeout_at(until):
                connection = await connections.dial(request.origin)
        try:
            await connection.ask(self._as_sent(request), until, min(cap, SHORT))
            return HttpAnswer(connection.status, Headers(connection.headers), await _body(connection, until, cap))
        finally:
            connections.release(connection)

    def _as_sent(self, request: Request) -> bytes:
        headers, body = request.headers, request.body or b""
        agent = b"" if "user-agent" in headers.names else self._agent
        length = b"" if request.body is None else b"Content-Length: %d\r\n" % len(body)
        first = f"{request.method} {request.target} HTTP/1.1\r\n".encode()
        return b"".join((first, headers.lines, agent, length, b"\r\n", body))

    @asynccontextmanager
    async def open(
        self, request: Request, more: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer's head; the body is still to be read. `more` are headers beside the request's own."""
        if self._session is None:
            raise RuntimeError("the client is used outside of its context")
        headers = {**request.headers, **(more or {})}
        async with self._session.request(
            request.method, request.url, headers=headers, data=request.body, allow_redirects=False
        ) as response:
            yield response


async def _body(connection: Connection, until: float, cap: int) -> bytes:
    coding = connection.headers.get(b"content-encoding", b"")
    if connection.is_complete and not coding and len(connection.body) <= min(cap, SHORT):
        return connection.body
    arriving = Arriving(coding.decode("latin-1").strip(), connection.content_length, connection.readany)
    async with asyncio.timeout_at(until):
        return await document(arriving, cap)


class _ConnectionBroke(aiohttp.ClientError):
    """Between the request and the answer's head: nobody knows whether the request was heard."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """The library would repeat a question whose connection broke; how often a gateway is asked, the caller decides."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _ConnectionBroke from error


def chunks(response: aiohttp.ClientResponse, cap: int) -> AsyncIterator[bytes]:
    """`bodies.pieces` of a response that `open` gave."""
    coding = response.headers.get("Content-Encoding", "")
    return pieces(Arriving(coding, response.content_length, response.content.readany), cap)


def trouble(error: Exception) -> QueryError:
    """What broke, in words of our own: the library's would show the address."""
    match error:
        case ConnectionTrouble():
            message = str(error)
        case TimeoutError():
            message = LATE
        case aiohttp.ClientConnectorDNSError():
            message = NO_NAME
        case aiohttp.ClientSSLError() | ssl.SSLError():
            message = NOT_SECURE
        case aiohttp.ClientConnectorError():
            message = NO_CONNECTION
        case aiohttp.ClientResponseError():
            message = NOT_HTTP
        case _:
            message = BROKE
    return QueryError(QueryErrorKind.TRANSIENT, message)
