"""Fetches result files, guarded, bounded and streamed to disk; has no credentials, knows no chat and no task."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import hdrs
from yarl import URL

from bot.media.guard import Forbidden, public_connector
from providers.base import TooLarge
from providers.files import FileWriter
from providers.resuming import RESUME_PAUSE, RESUMES, Source

_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({401, 403, 404, 410})
_HTTPS_PORT = 443
_PLAIN_CODINGS = frozenset({"", "identity", "chunked"})


class Reason(StrEnum):
    """Why there is no file, by what the caller can do about it."""

    FORBIDDEN = "forbidden"  # not a public https address and not trusted: never ask again
    GONE = "gone"  # 401, 403, 404, 410: the link has expired; a newer one may work
    UNAVAILABLE = "unavailable"  # network, other statuses, a cut or empty body, a full disk: ask again


class DownloadFailed(Exception):
    """No file was kept. `detail` is for logs: a few words, never the URL's path or query."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What arrived: `size` in bytes, `content_type` as the server claims it, lower case, without parameters."""

    size: int
    content_type: str | None


class Downloader:
    """Two sessions, kept open between downloads: one dials public addresses only, one serves trusted hosts.

    `trusted_hosts` holds `host` or `host:port` (IPv6 in brackets): there, http, any port and address will do.
    `deadline` is for one whole download, `stall` for one silence, both in seconds.
    """

    def __init__(
        self, trusted_hosts: frozenset[str] = frozenset(), deadline: float = 600.0, stall: float = 30.0
    ) -> None:
        self._trusted_hosts = frozenset(host.lower() for host in trusted_hosts)
        self._deadline = deadline
        self._stall = stall

    async def __aenter__(self) -> Self:
        self._public = _session(public_connector(), self._stall)
        self._trusted = _session(aiohttp.TCPConnector(), self._stall)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._public.close()
        await self._trusted.close()

    async def download(self, url: str, destination: Path, max_bytes: int) -> Downloaded:
        """Write the body of `url` to `destination`, which is replaced, and removed again if anything fails.

        Raises `TooLarge` above `max_bytes`, otherwise `DownloadFailed`.
        """
        try:
            async with asyncio.timeout(self._deadline), FileWriter(destination, max_bytes) as file:
                content_type = await self._receive(_parse(url), file)
                if not file.size:
                    raise DownloadFailed(Reason.UNAVAILABLE, "an empty body")
                await file.keep()
                return Downloaded(file.size, content_type)
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(error) from error

    async def _receive(self, url: URL, file: FileWriter) -> str | None:
        """Brings the body into `file`, going on where it was cut; returns its content type."""
        source: Source | None = None
        for left in range(RESUMES, -1, -1):
            try:
                async with self._answer(url, source.rest(file.size) if source and file.size else {}) as response:
                    goes_on = source is not None and bool(file.size) and source.continues(response, file.size)
                    if not goes_on:
                        await file.restart()
                        source = Source.of(response)
                    _check(response, file.left, goes_on=goes_on)
                    async for chunk in response.content.iter_any():
                        await file.write(chunk)
                    return _content_type(response)
            except (aiohttp.ClientError, ConnectionError) as error:
                # Where nothing has come there is nothing to go on from; who falls silent once will do so again.
                if not file.size or not left or isinstance(error, TimeoutError):
                    raise
            await asyncio.sleep(RESUME_PAUSE)
        return None

    @asynccontextmanager
    async def _answer(self, url: URL, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        # The session's own redirects would stay inside one session; here each hop is judged like the first.
        for _ in range(1 + _MAX_REDIRECTS):
            async with self._session_for(url).get(url, headers=headers, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    yield response
                    return
                url = _location(response)
        raise DownloadFailed(Reason.UNAVAILABLE, f"more than {_MAX_REDIRECTS} redirects")

    def _session_for(self, url: URL) -> aiohttp.ClientSession:
        if self._trusts(url) and url.scheme in {"http", "https"}:
            return self._trusted
        if url.scheme != "https" or url.port != _HTTPS_PORT:
            raise DownloadFailed(Reason.FORBIDDEN, f"{url.scheme} to port {url.port} of {url.host}")
        return self._public

    def _trusts(self, url: URL) -> bool:
        host = (url.host or "").lower()
        bracketed = f"[{host}]" if ":" in host else host
        return not self._trusted_hosts.isdisjoint({host, bracketed, f"{bracketed}:{url.port}"})


def _session(connector: aiohttp.TCPConnector, stall: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={hdrs.ACCEPT_ENCODING: "identity", hdrs.USER_AGENT: "Rushes"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=stall, sock_read=stall),
        auto_decompress=False,
        trust_env=False,
    )


def _parse(text: str, base: URL | None = None) -> URL:
    try:
        # A signed link is signed as written: what needs no quoting is sent on byte for byte.
        url = URL(text, encoded=all("!" <= letter <= "~" for letter in text))
        url = base.join(url) if base else url
        is_plain = url.host and url.raw_user is None and url.raw_password is None
    except (ValueError, IndexError) as error:  # the latter for hosts like "[@"
        raise DownloadFailed(Reason.FORBIDDEN, "not a URL") from error
    if not is_plain:
        raise DownloadFailed(Reason.FORBIDDEN, "no host, or a password, in the URL")
    return url


def _location(response: aiohttp.ClientResponse) -> URL:
    location = response.headers.get(hdrs.LOCATION)
    if not location:
        raise DownloadFailed(Reason.UNAVAILABLE, f"HTTP {response.status} without a location")
    return _parse(location, response.url)


def _check(response: aiohttp.ClientResponse, max_bytes: int, *, goes_on: bool) -> None:
    if response.status != HTTPStatus.OK and not goes_on:
        reason = Reason.GONE if response.status in _GONE else Reason.UNAVAILABLE
        raise DownloadFailed(reason, f"HTTP {response.status}")
    # A coded body was not asked for, and unpacking one would hand the limit on bytes to the server.
    for header in (hdrs.CONTENT_ENCODING, hdrs.TRANSFER_ENCODING):
        if any(coding.strip().lower() not in _PLAIN_CODINGS for coding in response.headers.getall(header, ())):
            raise DownloadFailed(Reason.UNAVAILABLE, f"{header} that was not asked for")
    if (response.content_length or 0) > max_bytes:
        raise TooLarge(response.content_length)


def _content_type(response: aiohttp.ClientResponse) -> str | None:
    return response.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower() or None


def _failure(error: aiohttp.ClientError | OSError) -> DownloadFailed:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, Forbidden):
        return DownloadFailed(Reason.FORBIDDEN, str(cause))
    if isinstance(cause, aiohttp.InvalidURL):
        return DownloadFailed(Reason.FORBIDDEN, "no host that can be dialled")
    words = cause.strerror if isinstance(cause, OSError) else None
    return DownloadFailed(Reason.UNAVAILABLE, words or type(cause).__name__)
