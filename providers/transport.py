"""The narrow seam to the HTTP library: one request in, one bounded answer out. Knows nothing of tasks and of keys."""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp

from providers.base import QueryError, QueryErrorKind, TooLarge
from providers.inline import Found, TooManyWords, Unpacker
from providers.requests import Request

NETWORK_TROUBLE = (aiohttp.ClientError, ConnectionError, ssl.SSLError, TimeoutError)
_KEEP_ALIVE = 75.0
# What is read as a whole; a longer answer is read without its long strings, each of which may be a film.
_SHORT = 1 << 16
_LONGEST_DOCUMENT = 1 << 19
_INFLATED_AT_ONCE = 1 << 16
_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")


class HttpAnswer(NamedTuple):
    """An answer that has arrived completely; of a long one `body` lacks the long strings, see `inline.Unpacker`."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """One pool of connections for the whole process. Follows no redirect, keeps no cookie, reads no environment."""

    def __init__(self, user_agent: str, ssl_context: ssl.SSLContext | None = None) -> None:
        self._user_agent = user_agent
        self._ssl_context = ssl_context or ssl.create_default_context()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE, ssl=self._ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent},
            # A body is inflated piece by piece, within its bounds, see `chunks`.
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(),
            trust_env=False,
            middlewares=(_once,),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def exchange(self, request: Request, deadline: float, cap: int) -> HttpAnswer | QueryError:
        """One request and its whole answer, within `deadline` seconds and `cap` bytes. Never raises for the network."""
        try:
            async with asyncio.timeout(deadline), self.open(request) as response:
                return HttpAnswer(response.status, response.headers, await _document(response, cap))
        except NETWORK_TROUBLE as error:
            return trouble(error)
        except TooLarge:
            return QueryError(QueryErrorKind.PROTOCOL, "an answer far too large")
        except zlib.error:
            return QueryError(QueryErrorKind.PROTOCOL, "a damaged answer")

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


async def chunks(response: aiohttp.ClientResponse, cap: int) -> AsyncIterator[bytes]:
    """The body in pieces, inflated if it was packed although nobody had asked for it. TooLarge past `cap` bytes.

    Raises zlib.error for what can not be inflated.
    """
    coding = response.headers.get("Content-Encoding", "").lower()
    if coding in _PLAIN and (response.content_length or 0) > cap:
        raise TooLarge(response.content_length)
    left = cap
    pieces = _inflated(response.content.iter_any()) if coding in _PACKED else response.content.iter_any()
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise TooLarge
        yield piece


def long_answer(take: Callable[[Found], bool]) -> Unpacker:
    """Reads an answer without its long strings. Only what is read alike gives them the same numbers each time."""
    return Unpacker(_LONGEST_DOCUMENT, _SHORT, take)


async def _inflated(packed: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    async for chunk in packed:
        waiting = chunk
        while waiting:
            yield inflater.decompress(waiting, _INFLATED_AT_ONCE)
            waiting = inflater.unconsumed_tail
            # A small chunk can hold a thousand times its size; others want to work meanwhile.
            await asyncio.sleep(0)


async def _document(response: aiohttp.ClientResponse, cap: int) -> bytes:
    """The whole body if it is short, else the JSON without its long strings; the beginning of what is no JSON."""
    body = bytearray()
    unpacker: Unpacker | None = None
    try:
        async for chunk in chunks(response, cap):
            if unpacker is None:
                body += chunk
                if len(body) > _SHORT:
                    unpacker = long_answer(take=lambda _: False)
                    unpacker.feed(bytes(body))
            else:
                unpacker.feed(chunk)
    except TooManyWords as error:
        raise TooLarge from error
    except ValueError:
        return bytes(body[:_SHORT])
    return bytes(unpacker.document if unpacker else body)


def trouble(error: Exception) -> QueryError:
    """What broke, in words of our own: the library's would show the address."""
    match error:
        case TimeoutError():
            message = "no complete answer in time"
        case aiohttp.ClientConnectorDNSError():
            message = "the gateway's name could not be resolved"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            message = "no secure connection to the gateway"
        case aiohttp.ClientConnectorError():
            message = "no connection to the gateway"
        case aiohttp.ClientResponseError():
            message = "the gateway does not speak proper HTTP"
        case _:
            message = "the connection to the gateway broke"
    return QueryError(QueryErrorKind.TRANSIENT, message)
