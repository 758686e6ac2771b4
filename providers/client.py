"""The only HTTP to gateways, and the only place that sends their keys; knows nothing of schedules or chats."""

import asyncio
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin

import aiohttp
from yarl import URL

from providers import files
from providers.base import (
    Endpoint,
    Kind,
    Output,
    OutputKind,
    Provider,
    QueryError,
    QueryErrorKind,
    Snapshot,
    TooLarge,
    is_task_id,
)
from providers.inline import decode
from providers.outputs import kind_of, usable_url
from providers.parse import parse

_MIB = 1 << 20
_KEEP_ALIVE = 75.0
_NETWORK_TROUBLE = (aiohttp.ClientError, ConnectionError, ssl.SSLError, TimeoutError)


class GatewayClient:
    """Asks gateways, and fetches the files that they only give out against the key. One for the whole process.

    `timeout` and `fetch_timeout` bound a whole call in seconds, the last byte included; `max_answer_bytes` bounds an
    answer to `query`. How many calls run at once is the caller's business.
    """

    def __init__(
        self,
        *,
        version: str = "dev",
        timeout: float = 20.0,
        fetch_timeout: float = 300.0,
        max_answer_bytes: int = 16 * _MIB,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = f"rushes/{version}"
        self._timeout = timeout
        self._fetch_timeout = fetch_timeout
        self._max_answer_bytes = max_answer_bytes
        self._ssl_context = ssl_context or ssl.create_default_context()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE, ssl=self._ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
            # A body is only inflated after a look at its size, see `_inflated`.
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def query(self, provider: Provider, endpoint: Endpoint, key: str, task_id: str) -> Snapshot | QueryError:
        """One question about one task. Network trouble is a QueryError; ValueError for what `is_task_id` refuses."""
        url = _url(provider, endpoint.path, endpoint.params, task_id)
        try:
            status, headers, body = await self._exchange(
                "GET", url, self._headers(key, "application/json"), self._timeout, self._max_answer_bytes
            )
        except _NETWORK_TROUBLE as error:
            return _trouble(error)
        except TooLarge:
            return QueryError(QueryErrorKind.PROTOCOL, "an answer far too large")
        has_fetch = provider.fetch is not None
        return parse(endpoint.kind, status, headers, body, has_fetch=has_fetch, now=time.time())

    async def fetch(
        self, provider: Provider, key: str, task_id: str, destination: Path, max_bytes: int
    ) -> Path | Output | QueryError:
        """The file of a finished task: `destination` once it is complete, or where to get it without the key.

        Nothing is left at `destination` otherwise. Raises TooLarge past `max_bytes`, OSError as the file system does,
        ValueError for what `is_task_id` refuses or a provider without a second request.
        """
        if provider.fetch is None:
            raise ValueError(f"{provider.name} has no second request")
        url = _url(provider, provider.fetch.path, provider.fetch.params, task_id)
        accept = "application/json" if provider.fetch.mode == "json" else "*/*"
        try:
            async with (
                asyncio.timeout(self._fetch_timeout),
                self._open("GET", url, self._headers(key, accept)) as response,
            ):
                return await _file_in(response, provider, destination, max_bytes)
        except _NETWORK_TROUBLE as error:
            return _trouble(error)

    def _headers(self, key: str, accept: str) -> dict[str, str]:
        return {
            "User-Agent": self._user_agent,
            "Accept": accept,
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {_bare(key)}",
        }

    async def _exchange(
        self, method: str, url: URL, headers: Mapping[str, str], deadline: float, cap: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request and its whole answer, within `deadline` seconds and `cap` bytes."""
        async with asyncio.timeout(deadline), self._open(method, url, headers) as response:
            return response.status, response.headers, await _body(response, cap)

    @asynccontextmanager
    async def _open(self, method: str, url: URL, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("the client is used outside of its context")
        async with self._session.request(method, url, headers=headers, allow_redirects=False) as response:
            yield response


def _url(provider: Provider, path: str, params: Mapping[str, str], task_id: str) -> URL:
    """The address, quoted here once and for all: nothing after this may read an escape or a dot segment anew."""
    if not is_task_id(task_id):
        raise ValueError("not a task ID")
    query = "&".join(
        f"{quote(name, safe='')}={quote(value.replace('{id}', task_id), safe='')}" for name, value in params.items()
    )
    where = f"{provider.base_url.rstrip('/')}/{path.lstrip('/').replace('{id}', quote(task_id, safe=''))}"
    return URL(f"{where}?{query}" if query else where, encoded=True)


def _bare(key: str) -> str:
    """The key without what people copy along with it."""
    key = key.strip()
    key = key[7:] if key[:7].lower() == "bearer " else key
    return "".join(letter for letter in key if letter.isprintable() and not letter.isspace())


def _trouble(error: Exception) -> QueryError:
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


async def _body(response: aiohttp.ClientResponse, cap: int) -> bytes:
    if (response.content_length or 0) > cap:
        raise TooLarge(response.content_length)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > cap:
            raise TooLarge
    if response.headers.get("Content-Encoding", "identity").lower() in ("", "identity"):
        return bytes(body)
    return await asyncio.to_thread(_inflated, bytes(body), cap)


def _inflated(body: bytes, cap: int) -> bytes:
    """A body that was compressed although nobody had asked for it; as it is when the method is not known."""
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        inflated = inflater.decompress(body, cap + 1)
    except zlib.error:
        return body
    if len(inflated) > cap:
        raise TooLarge
    return inflated


async def _file_in(
    response: aiohttp.ClientResponse, provider: Provider, destination: Path, max_bytes: int
) -> Path | Output | QueryError:
    kind: Kind = provider.endpoints[0].kind
    if 300 <= response.status < 400:  # noqa: PLR2004 - HTTP's redirects
        return _redirected(response, kind)
    if response.status != 200:  # noqa: PLR2004 - HTTP's OK
        return _not_there(parse(kind, response.status, response.headers, await _body(response, _MIB), now=time.time()))
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        return QueryError(QueryErrorKind.PROTOCOL, "a file that is compressed once more", response.status)
    if _holds_json(response.content_type, provider):
        return await _from_json(response, kind, destination, max_bytes)
    if response.content_type == "text/html":
        return QueryError(QueryErrorKind.PROTOCOL, "a web page instead of the file", response.status)
    if (response.content_length or 0) > max_bytes:
        raise TooLarge(response.content_length)
    saved = await files.save(response.content.iter_any(), destination, max_bytes)
    return saved or QueryError(QueryErrorKind.TRANSIENT, "an empty file", response.status)


def _holds_json(content_type: str, provider: Provider) -> bool:
    """What the server says counts if it is specific, otherwise what the provider is known to do."""
    if "json" in content_type:
        return True
    if content_type.startswith(("video/", "image/", "audio/")):
        return False
    return provider.fetch is not None and provider.fetch.mode == "json"


async def _from_json(
    response: aiohttp.ClientResponse, kind: Kind, destination: Path, max_bytes: int
) -> Path | Output | QueryError:
    try:
        found = await files.unpack(response.content.iter_any(), destination, max_bytes)
    except ValueError:
        return QueryError(QueryErrorKind.PROTOCOL, "a damaged file", response.status)
    if isinstance(found, Path):
        return found
    answer = parse(kind, response.status, response.headers, found, now=time.time())
    if isinstance(answer, QueryError) or not answer.outputs:
        return _not_there(answer)
    first = answer.outputs[0]
    data = decode(first.url) if first.url.startswith("data:") else None
    return first if data is None else await files.write_all(data, destination, max_bytes)


def _redirected(response: aiohttp.ClientResponse, kind: Kind) -> Output | QueryError:
    """Where the file is, for a download without the key: a redirect is never followed with it."""
    location = response.headers.get("Location", "")
    url = usable_url(urljoin(str(response.url), location)) if location else None
    if url is None or url.startswith("data:"):
        return QueryError(QueryErrorKind.PROTOCOL, "redirected to nowhere", response.status)
    return Output(kind_of(url, OutputKind(kind)), url)


def _not_there(answer: Snapshot | QueryError) -> QueryError:
    if isinstance(answer, Snapshot):
        return QueryError(QueryErrorKind.TRANSIENT, "the file is not there yet")
    # The key has just been good for the question, so this is about the file: the gateway's own source refuses it.
    if answer.http == 403:  # noqa: PLR2004 - HTTP's Forbidden
        return replace(answer, kind=QueryErrorKind.TRANSIENT)
    return answer
