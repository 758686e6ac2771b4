import asyncio
import gzip
import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from bot.media.download import Downloaded, Downloader, DownloadFailed, Reason
from bot.media.guard import Forbidden, is_public, public_socket
from providers.base import TooLarge

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BODY = bytes(range(256)) * 12_000  # three MiB: more than one write

NAMES: dict[str, tuple[str, ...]] = {
    "localhost": ("::1", "127.0.0.1"),
    "localhost.": ("127.0.0.1",),
    "cdn.test": ("8.8.8.8",),
    "both.test": ("8.8.8.8", "2606:4700::1111"),
    "lo.test": ("127.0.0.1",),
    "lo.test.": ("127.0.0.1",),
    "lo-late.test": ("8.8.8.8", "8.8.4.4", "127.8.8.8"),
    "meta.test": ("169.254.169.254",),
    "ten.test": ("10.1.2.3",),
    "mixed.test": ("8.8.8.8", "127.0.0.1"),
    "mixed6.test": ("8.8.8.8", "::1"),
    "v6lo.test": ("::1",),
    "mapped.test": ("::ffff:127.0.0.1",),
    "mapped-public.test": ("::ffff:8.8.8.8",),
    "nat64.test": ("64:ff9b::a9fe:a9fe",),
    "nat64l.test": ("64:ff9b:1::7f00:1",),
    "6to4.test": ("2002:7f00:1::",),
    "teredo.test": ("2001:0:7f00:1::",),
    "ula.test": ("fd00:ec2::254",),
    "link.test": ("fe80::1",),
    "cgnat.test": ("100.100.100.200",),
    "zero.test": ("0.0.0.0",),
    "this.test": ("0.1.2.3",),
    "mcast.test": ("224.0.0.1",),
    "mcast6.test": ("ff0e::1",),
    "compat.test": ("::127.0.0.1",),
    "site.test": ("fec0::1",),
    "azure.test": ("168.63.129.16",),
    "oracle.test": ("192.0.0.192",),
    "bcast.test": ("255.255.255.255",),
    "bench.test": ("198.18.0.1",),
    "anycast6to4.test": ("192.88.99.1",),
    "book.test": ("2001:db8::1",),
    "srv6.test": ("5f00::1",),
    "nowhere.test": (),
}

HOSTILE_HOSTS = [
    *(name for name in NAMES if name not in {"cdn.test", "both.test"}),
    "127.0.0.1",
    "LOCALHOST",
    "127.1",
    "127.0.1",
    "0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "00000177.0.0.1",
    "127.0.0.1.",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[2606:4700::1111%25lo]",
    "[fec0::1]",
    "[fd00:ec2::254]",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",  # the full stop of another script
    "ⓛⓞ.test",
    "cdn.test%00.lo.test",
    "127.0.0.1%2523.cdn.test",
    "a" * 64 + ".test",
    "a..test",
    "",
]

HOSTILE_URLS = [
    *(f"https://{host}/x" for host in HOSTILE_HOSTS),
    *(f"http://{host}/x" for host in HOSTILE_HOSTS),
    "http://cdn.test/x",
    "http://cdn.test:443/x",
    "https://cdn.test:22/",
    "https://cdn.test:6379/",
    "https://cdn.test:80/",
    "https://cdn.test:8443/",
    "https://cdn.test:0/",
    "https://cdn.test:99999/",
    "https://cdn.test@127.0.0.1/",
    "https://user:pass@cdn.test/",
    "https://user@cdn.test/",
    "https://:pass@cdn.test/",
    "https://cdn.test\\@127.0.0.1/",
    "https://127.0.0.1:443\\@cdn.test/",
    "https:\\\\127.0.0.1\\",
    "https:///x",
    "https://[::1/",
    "https://[@",
    "//127.0.0.1/x",
    "file:///etc/hostname",
    "ftp://127.0.0.1/x",
    "ws://127.0.0.1/x",
    "data:video/mp4;base64,AAAA",
    "unix:///x.sock",
    "http+unix://%2Fx.sock/",
    "javascript:alert(1)",
    "",
    "x",
    "\0",
    "https://\ud800/",
]


@dataclass
class Wire:
    """Stands between this process and the network: only `open_ports` of loopback are really connected to."""

    open_ports: set[int] = field(default_factory=set)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    names: dict[str, Iterator[tuple[str, ...]]] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(sock: socket.socket, address: tuple[str, int]) -> None:
        if address[0] == "127.0.0.1" and address[1] in wire.open_ports:
            return connect(sock, address)
        wire.dialled.append(address[:2])
        raise ConnectionRefusedError

    def stub(host: str, port: int, *_: int, **__: int) -> list[object]:
        wire.resolved.append(host)
        answers = next(wire.names[host]) if host in wire.names else NAMES.get(host.lower())
        if answers is None:  # every spelling of a number that the system knows, and no name
            return [*getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)]
        found: list[object] = []
        for answer in answers:
            family = socket.AF_INET6 if ":" in answer else socket.AF_INET
            where = (answer, port, 0, 0) if ":" in answer else (answer, port)
            found.append((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where))
        return found

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", stub)
    return wire


@dataclass
class Origin:
    """A server on loopback whose handler each test chooses, and what it was asked."""

    url: URL
    requests: list[web.Request] = field(default_factory=list)
    handler: Handler | None = None

    @property
    def name(self) -> str:
        return f"{self.url.host}:{self.url.port}"


@pytest.fixture
async def start(wire: Wire) -> AsyncIterator[Callable[[Handler], Awaitable[Origin]]]:
    servers: list[TestServer] = []

    async def start(handler: Handler, context: ssl.SSLContext | None = None) -> Origin:
        async def answer(request: web.Request) -> web.StreamResponse:
            origin.requests.append(request)
            return await handler(request)

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", answer)
        server = TestServer(app, scheme="https" if context else "http")
        await server.start_server(ssl=context, shutdown_timeout=0.1)
        servers.append(server)
        wire.open_ports.add(server.port or 0)
        origin = Origin(server.make_url("/"))
        return origin

    yield start
    for server in servers:
        await server.close()


Start = Callable[..., Awaitable[Origin]]


async def fetch(
    origin: Origin, destination: Path, limit: int = 2**30, path: str = "/a.mp4", **options: float
) -> Downloaded:
    async with Downloader(frozenset({origin.name}), **options) as downloader:
        return await downloader.download(str(origin.url.join(URL(path, encoded=True))), destination, limit)


def kept(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def says(response: Callable[[], web.StreamResponse]) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return response()

    return handler


async def refuse(request: web.Request) -> web.StreamResponse:
    raise AssertionError(request.url)


@pytest.mark.parametrize("chunked", [False, True])
async def test_the_body_arrives_as_it_is(chunked: bool, start: Start, tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        response = web.Response(body=BODY, headers={"Content-Type": "Video/MP4; codecs=avc1"})
        if chunked:
            response.enable_chunked_encoding()
        return response

    origin = await start(handler)
    destination = tmp_path / "a"
    destination.write_bytes(b"left over from before" * 1000)
    assert await fetch(origin, destination, limit=len(BODY)) == Downloaded(len(BODY), "video/mp4")
    assert destination.read_bytes() == BODY


async def test_nothing_that_tells_who_asks_is_sent(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        headers = {"Set-Cookie": "session=1", "Location": "/second"}
        return web.Response(body=b"x") if request.path == "/second" else web.Response(status=302, headers=headers)

    origin = await start(handler)
    (tmp_path / "netrc").write_text("machine localhost login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with Downloader(frozenset({"localhost"})) as downloader:
        for _ in range(2):  # by name: a jar keeps no cookies of a bare address
            await downloader.download(f"http://localhost:{origin.url.port}/first", tmp_path / "a", 10)
    assert [request.path for request in origin.requests] == ["/first", "/second"] * 2
    for request in origin.requests:
        assert set(request.headers) == {"Host", "Accept", "Accept-Encoding", "User-Agent"}
        assert request.headers["Accept-Encoding"] == "identity"


async def test_a_signed_link_is_sent_as_it_was_signed(start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(body=b"x")))
    path = "/a%2Fb+c%7E~.mp4?X-Amz-Credential=k%2F2025%2fs3&e=%3D&sig=a+b%2B/=="
    await fetch(origin, tmp_path / "a", path=path)
    assert origin.requests[0].raw_path == path


async def test_what_needs_quoting_is_quoted(start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(body=b"x")))
    async with Downloader(frozenset({origin.name})) as downloader:
        await downloader.download(f"{origin.url}a b/猫.mp4", tmp_path / "a", 10)
    assert origin.requests[0].raw_path == "/a%20b/%E7%8C%AB.mp4"


async def test_a_file_announced_too_large_is_not_begun(start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(body=BODY)))
    with pytest.raises(TooLarge) as caught:
        await fetch(origin, tmp_path / "a", limit=len(BODY) - 1)
    assert caught.value.size == len(BODY)
    assert kept(tmp_path) == []


async def test_a_file_that_grows_too_large_is_stopped(start: Start, tmp_path: Path) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(2**16))

    origin = await start(endless)
    with pytest.raises(TooLarge) as caught:
        await fetch(origin, tmp_path / "a", limit=2 * 2**20)
    assert caught.value.size is None
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "gone"), (403, "gone"), (404, "gone"), (410, "gone")]
    + [(status, "unavailable") for status in (204, 206, 304, 400, 416, 429, 451, 500, 502, 503)],
)
async def test_a_status_says_whether_to_ask_again(status: int, reason: str, start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(status=status)))
    with pytest.raises(DownloadFailed) as caught:
        await fetch(origin, tmp_path / "a", path="/a?signature=secret")
    assert caught.value.reason == reason
    assert str(status) in caught.value.detail
    assert "secret" not in str(caught.value)


async def cut_with_length(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(3 * 2**20)})
    await response.prepare(request)
    await response.write(bytes(2 * 2**20))
    assert request.transport
    request.transport.close()
    return response


async def cut_in_a_chunk(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(bytes(2 * 2**20))
    assert request.transport
    request.transport.close()
    return response


async def reset_at_once(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def packed(_: web.Request) -> web.StreamResponse:
    return web.Response(body=gzip.compress(bytes(2**24)), headers={"Content-Encoding": "gzip"})


async def half_packed(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x", headers={"Content-Encoding": "identity, br"})


async def empty(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"")


async def long_header(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x", headers={"X-Long": "x" * 2**16})


async def many_headers(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x", headers={f"X-{index}": "x" for index in range(1000)})


@pytest.mark.parametrize(
    "handler",
    [
        cut_with_length,
        cut_in_a_chunk,
        reset_at_once,
        packed,
        half_packed,
        empty,
        long_header,
        many_headers,
    ],
)
async def test_a_broken_answer_leaves_no_file(handler: Handler, start: Start, tmp_path: Path) -> None:
    origin = await start(handler)
    with pytest.raises(DownloadFailed) as caught:
        await fetch(origin, tmp_path / "a")
    assert caught.value.reason is Reason.UNAVAILABLE
    assert kept(tmp_path) == []


async def drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x")
        await asyncio.sleep(0.02)


async def fall_silent(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"x")
    await asyncio.sleep(30)
    return response


async def never_answer(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


@pytest.mark.parametrize(
    ("handler", "deadline", "stall"), [(drip, 0.3, 30), (fall_silent, 30, 0.2), (never_answer, 30, 0.2)]
)
async def test_a_slow_server_is_left(
    handler: Handler, deadline: float, stall: float, start: Start, tmp_path: Path
) -> None:
    origin = await start(handler)
    began = time.monotonic()
    with pytest.raises(DownloadFailed) as caught:
        await fetch(origin, tmp_path / "a", deadline=deadline, stall=stall)
    assert time.monotonic() - began < 2
    assert caught.value.reason is Reason.UNAVAILABLE
    assert kept(tmp_path) == []


async def test_a_cancelled_download_leaves_no_file(start: Start, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(2**23))  # more than the wire holds: some of it has been written
            begun.set()

    origin = await start(handler)
    worker = asyncio.create_task(fetch(origin, tmp_path / "a"))
    await begun.wait()
    assert kept(tmp_path) == ["a"]
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert kept(tmp_path) == []


async def cut_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(BODY))})
    await response.prepare(request)
    await response.write(BODY[: len(BODY) // 2])
    assert request.transport
    request.transport.close()
    return response


def cut_and_continued(etag: str | None, *, honest: bool = True) -> Handler:
    """The first answer breaks off in the middle; later ones give the rest that is asked for."""
    asked = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        if asked == 1:
            return await cut_in_the_middle(request)
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if found is None or not honest:
            return web.Response(body=BODY)
        begin = int(found[1])
        headers = {"Content-Range": f"bytes {begin}-{len(BODY) - 1}/{len(BODY)}", **({"ETag": etag} if etag else {})}
        return web.Response(status=206, body=BODY[begin:], headers=headers)

    return handler


@pytest.mark.parametrize("etag", [None, '"v1"'])
@pytest.mark.parametrize("honest", [True, False])
async def test_a_download_that_was_cut_goes_on(start: Start, tmp_path: Path, etag: str | None, *, honest: bool) -> None:
    origin = await start(cut_and_continued(etag, honest=honest))
    destination = tmp_path / "a"
    assert (await fetch(origin, destination)).size == len(BODY)
    assert destination.read_bytes() == BODY
    assert [request.headers.get("Range", "")[:6] for request in origin.requests] == ["", "bytes="]


async def test_a_slow_disk_holds_up_a_cancellation_but_not_the_others(start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(body=b"x")))
    destination = tmp_path / "a"
    os.mkfifo(tmp_path / "b")  # whoever opens it for writing waits for a reader
    destination.hardlink_to(tmp_path / "b")
    worker = asyncio.create_task(fetch(origin, destination))
    await asyncio.wait([worker], timeout=0.1)
    worker.cancel()
    done, _ = await asyncio.wait([worker], timeout=0.1)
    reader = os.open(tmp_path / "b", os.O_RDONLY | os.O_NONBLOCK)
    await asyncio.wait([worker])
    os.close(reader)
    assert (done, worker.cancelled(), kept(tmp_path)) == (set(), True, ["b"])


async def test_a_destination_that_cannot_be_written_is_worth_another_try(start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(body=b"x")))
    with pytest.raises(DownloadFailed, match="No such file") as caught:
        await fetch(origin, tmp_path / "missing" / "a")
    assert caught.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_three_redirects_are_followed(status: int, start: Start, tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        step = int(request.path[1:])
        if step == 3:
            return web.Response(body=b"x")
        return web.Response(status=status, headers={"Location": f"{step + 1}?q=%2F"}, body=BODY)

    origin = await start(handler)
    assert (await fetch(origin, tmp_path / "a", path="/0")).size == 1
    assert origin.requests[-1].raw_path == "/3?q=%2F"


async def test_a_fourth_redirect_is_not(start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(status=302, headers={"Location": "/again"})))
    with pytest.raises(DownloadFailed) as caught:
        await fetch(origin, tmp_path / "a")
    assert (caught.value.reason, len(origin.requests)) == (Reason.UNAVAILABLE, 4)


async def test_a_redirect_to_nowhere(start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(status=302)))
    with pytest.raises(DownloadFailed) as caught:
        await fetch(origin, tmp_path / "a")
    assert caught.value.reason is Reason.UNAVAILABLE


async def test_trust_does_not_follow_a_redirect_to_another_port(start: Start, tmp_path: Path) -> None:
    victim = await start(refuse)
    origin = await start(says(lambda: web.Response(status=302, headers={"Location": str(victim.url)})))
    with pytest.raises(DownloadFailed) as caught:
        await fetch(origin, tmp_path / "a")
    assert (caught.value.reason, victim.requests) == (Reason.FORBIDDEN, [])


async def test_a_trusted_host_may_be_named_without_its_port(start: Start, tmp_path: Path) -> None:
    second = await start(says(lambda: web.Response(body=b"x")))
    first = await start(says(lambda: web.Response(status=302, headers={"Location": str(second.url)})))
    async with Downloader(frozenset({"127.0.0.1"})) as downloader:
        assert (await downloader.download(str(first.url), tmp_path / "a", 10)).size == 1


@pytest.mark.parametrize("entry", ["LOCALHOST", "localhost:{port}"])
async def test_a_trusted_name_may_lead_anywhere(entry: str, start: Start, tmp_path: Path) -> None:
    origin = await start(says(lambda: web.Response(body=b"x")))
    port = origin.url.port
    async with Downloader(frozenset({entry.format(port=port)})) as downloader:
        assert (await downloader.download(f"http://localhost:{port}/", tmp_path / "a", 10)).size == 1
        with pytest.raises(DownloadFailed) as caught:
            await downloader.download(f"http://localhost.:{port}/", tmp_path / "a", 10)
    assert caught.value.reason is Reason.FORBIDDEN


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:1", "http://127.0.0.1:2/"),
        ("localhost", "http://127.0.0.1/"),
        ("cdn.test", "https://lo.test/"),
        ("lo.test", "https://a.lo.test/"),
        ("cdn.test", "ftp://cdn.test/"),
        ("cdn.test", "https://user:pass@cdn.test/"),
        ("", "https:///"),
    ],
)
async def test_trust_reaches_no_further_than_written(entry: str, url: str, wire: Wire, tmp_path: Path) -> None:
    wire.names["a.lo.test"] = iter([("127.0.0.1",)])
    async with Downloader(frozenset({entry})) as downloader:
        with pytest.raises(DownloadFailed) as caught:
            await downloader.download(url, tmp_path / "a", 10)
    assert (caught.value.reason, wire.dialled) == (Reason.FORBIDDEN, [])


@pytest.mark.parametrize("entry", ["[::1]", "[::1]:8080", "::1"])
async def test_a_trusted_ipv6_host_is_written_as_in_a_url(entry: str, wire: Wire, tmp_path: Path) -> None:
    async with Downloader(frozenset({entry})) as downloader:
        with pytest.raises(DownloadFailed):
            await downloader.download("http://[::1]:8080/", tmp_path / "a", 10)
    assert wire.dialled == [("::1", 8080)]


async def test_a_public_name_is_dialled_at_all_its_addresses(wire: Wire, tmp_path: Path) -> None:
    """Shows as well that the wire would see a forbidden connection, if there were one."""
    async with Downloader() as downloader:
        with pytest.raises(DownloadFailed) as caught:
            await downloader.download("https://both.test/a", tmp_path / "a", 10)
        with pytest.raises(DownloadFailed):
            await downloader.download("https://[2606:4700::1111]/a", tmp_path / "a", 10)
    assert caught.value.reason is Reason.UNAVAILABLE
    assert set(wire.dialled) == {("8.8.8.8", 443), ("2606:4700::1111", 443)}


async def test_no_hostile_url_is_dialled(wire: Wire, tmp_path: Path) -> None:
    outcomes = {}
    async with Downloader() as downloader:
        for url in HOSTILE_URLS:
            with pytest.raises(DownloadFailed) as caught:
                await downloader.download(url, tmp_path / "a", 10)
            outcomes[url] = caught.value.reason
    assert wire.dialled == []
    assert kept(tmp_path) == []
    # Names that lead nowhere may be asked for again; all others never.
    assert {url for url, reason in outcomes.items() if reason is not Reason.FORBIDDEN} == {
        "https://cdn.test%00.lo.test/x",
        "https://127.0.0.1%2523.cdn.test/x",
    }


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text("/\\:@?#%.[]01278xft-_ \t\n①。é\ud800\u202e", max_size=20))
async def test_whatever_a_url_looks_like_it_fails_plainly(wire: Wire, tmp_path: Path, tail: str) -> None:
    async with Downloader() as downloader:
        with pytest.raises(DownloadFailed):
            await downloader.download("https://" + tail, tmp_path / "a", 10)
    assert {host for host, _ in wire.dialled if not is_public(host)} == set()


async def test_no_redirect_to_a_hostile_url_is_dialled(wire: Wire, start: Start, tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        location = HOSTILE_URLS[int(request.path[1:])].encode("utf-8", "replace").decode()
        return web.Response(status=302, headers={"Location": location})

    origin = await start(handler)
    relative = {"", "x", "\0"}  # lead back to the server that sends them
    async with Downloader(frozenset({origin.name})) as downloader:
        for index, url in enumerate(HOSTILE_URLS):
            if url not in relative:
                with pytest.raises(DownloadFailed):
                    await downloader.download(str(origin.url / str(index)), tmp_path / "a", 10)
    assert wire.dialled == []


async def test_a_name_that_moves_inwards_is_not_followed(wire: Wire, tmp_path: Path) -> None:
    wire.names["rebind.test"] = iter([("8.8.8.8",), ("127.0.0.1",), ("8.8.4.4",), ("8.8.4.4", "::1")])
    reasons = []
    async with Downloader() as downloader:
        for _ in range(4):
            with pytest.raises(DownloadFailed) as caught:
                await downloader.download("https://rebind.test/a", tmp_path / "a", 10)
            reasons.append(caught.value.reason.value)
    assert wire.dialled == [("8.8.8.8", 443), ("8.8.4.4", 443)]
    assert reasons == ["unavailable", "forbidden"] * 2


async def test_a_numeric_host_never_reaches_the_resolver(wire: Wire, tmp_path: Path) -> None:
    async with Downloader() as downloader:
        with pytest.raises(DownloadFailed) as caught:
            await downloader.download("https://127.0.0.1/", tmp_path / "a", 10)
    assert (wire.resolved, wire.dialled, caught.value.reason) == ([], [], Reason.FORBIDDEN)


BAD_ADDRESSES = sorted({a for answers in NAMES.values() for a in answers if not a.startswith(("8.", "2606"))})


@pytest.mark.parametrize("address", [*BAD_ADDRESSES, "", "cdn.test", "127.1", "fe80::1%lo", "2606:4700::1111%1"])
def test_no_socket_is_made_for_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Forbidden):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 443)))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "203.0.112.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_is_public_in_an_ipv6_disguise(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "fe80::5efe:0:0"):
        assert not is_public(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + number)))
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) + (number << 80))))
    assert not is_public(str(ipaddress.IPv6Address((0x20010000 << 96) + number)))


@given(st.ip_addresses())
def test_public_means_global_at_least(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert address.is_global or not is_public(str(address))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
async def test_a_certificate_that_nobody_vouches_for_is_refused(start: Start, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    await asyncio.to_thread(
        subprocess.run,
        [*command, *names, "-days", "1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    origin = await start(refuse, context)
    with pytest.raises(DownloadFailed) as caught:
        await fetch(origin, tmp_path / "a")
    assert (caught.value.reason, origin.requests) == (Reason.UNAVAILABLE, [])
