"""The client against a real server on loopback that answers in every wrong way it can."""

import asyncio
import base64
import gzip
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from providers.ai_nebula import AI_NEBULA
from providers.apipod import APIPOD
from providers.base import (
    Endpoint,
    Fetch,
    Output,
    OutputKind,
    OutputRule,
    Provider,
    QueryError,
    QueryErrorKind,
    Reading,
    Snapshot,
    State,
    TooLarge,
)
from providers.client import GatewayClient
from providers.octopusx import OCTOPUSX

KEY = "sk-test-0123456789"
FINISHED = Snapshot(State.SUCCEEDED, needs_fetch=True)
TASK = "sora-2:task_01k74ynm13exf9ha36zz7820hv"
DONE = {"id": "x", "status": "completed", "video_url": "https://cdn.example/v.mp4"}
NO_HEADERS: Mapping[str, str] = {}
MP4 = {"Content-Type": "video/mp4"}
MEDIA = bytes(range(256)) * 4000
CERTIFICATE = Path(__file__).parent / "tls" / "other.example.pem"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Gateway:
    """One server; `answer` is what it does with every request, `seen` what it was asked."""

    url: str = ""
    answer: Handler | None = None
    seen: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        assert self.answer is not None
        return await self.answer(request)

    def provider(self, *endpoints: Endpoint, fetch: Fetch | None = None) -> Provider:
        return Provider("test", "Test", self.url, endpoints or (Endpoint("video", "/v1/videos/{id}"),), fetch)

    def says(self, body: object, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> None:
        async def answer(_: web.Request) -> web.Response:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            return web.Response(body=raw, status=status, headers={"Content-Type": "application/json", **headers})

        self.answer = answer


@asynccontextmanager
async def serving() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", gateway.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield gateway
    finally:
        await runner.cleanup()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with serving() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[GatewayClient]:
    async with GatewayClient(version="1.2.3", timeout=5) as made:
        yield made


@asynccontextmanager
async def raw_server(
    answer: bytes, *, then: str = "close", identity: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server that writes `answer`, whatever it was asked, and then closes, resets, drips or waits."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(65536)
            writer.write(answer)
            await writer.drain()
            while then == "drip":
                writer.write(b"1\r\n \r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
            if then == "wait":
                await reader.read()
            if then == "reset":
                writer.transport.abort()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=identity)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def ask(client: GatewayClient, provider: Provider, task_id: str = TASK) -> Snapshot | QueryError:
    return await client.query(provider, provider.endpoints[0], KEY, task_id)


def trouble(found: object, kind: QueryErrorKind = QueryErrorKind.TRANSIENT) -> QueryError:
    assert isinstance(found, QueryError)
    assert found.kind is kind
    assert KEY not in repr(found)
    assert "127.0.0.1" not in found.message
    return found


class TestQuery:
    async def test_request_is_as_gateways_want_it(self, gateway: Gateway, client: GatewayClient) -> None:
        gateway.says(DONE)
        found = await client.query(
            replace(APIPOD, base_url=gateway.url), APIPOD.endpoints[1], f" bearer {KEY}\n", "2f0392df-7da1"
        )
        assert isinstance(found, Snapshot)
        assert found.state is State.SUCCEEDED
        request = gateway.seen[0]
        assert (request.method, request.raw_path) == ("GET", "/v1/images/status/2f0392df-7da1")
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["User-Agent"] == "rushes/1.2.3"
        assert request.headers["Accept"] == "application/json"
        assert request.headers["Accept-Encoding"] == "identity"

    @pytest.mark.parametrize("prefix", ["", "/", "/apipod", "/apipod/"])
    @pytest.mark.parametrize(
        ("task_id", "quoted"),
        [(TASK, TASK.replace(":", "%3A")), ("a+b=", "a%2Bb%3D"), ("a..b", "a..b"), ("0", "0")],
    )
    async def test_id_stays_one_quoted_segment(
        self, gateway: Gateway, client: GatewayClient, prefix: str, task_id: str, quoted: str
    ) -> None:
        gateway.says(DONE)
        provider = replace(gateway.provider(), base_url=gateway.url + prefix)
        await ask(client, provider, task_id)
        assert gateway.seen[0].raw_path == f"{prefix.rstrip('/')}/v1/videos/{quoted}"

    async def test_id_in_the_query_is_quoted(self, gateway: Gateway, client: GatewayClient) -> None:
        gateway.says(DONE)
        await ask(client, replace(OCTOPUSX, base_url=gateway.url))
        assert gateway.seen[0].raw_path == f"/v1/video/query?id={TASK.replace(':', '%3A')}"
        assert gateway.seen[0].query["id"] == TASK

    @pytest.mark.parametrize("task_id", ["..", "a/b", "a?b", "", "a\r\nX: 1", "../../v1/models", "\u0663"])
    async def test_what_is_no_id_is_never_sent(self, gateway: Gateway, client: GatewayClient, task_id: str) -> None:
        with pytest.raises(ValueError, match="not a task ID"):
            await ask(client, gateway.provider(), task_id)
        assert gateway.seen == []

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_redirects_are_not_followed(self, gateway: Gateway, client: GatewayClient, status: int) -> None:
        async with serving() as other:
            other.says(DONE)
            for target in (other.url, gateway.url):
                gateway.says(b"", status, {"Location": f"{target}/elsewhere"})
                trouble(await ask(client, gateway.provider()), QueryErrorKind.PROTOCOL)
            assert other.seen == []
            assert len(gateway.seen) == 2

    async def test_cookies_are_not_kept(self, gateway: Gateway, client: GatewayClient) -> None:
        gateway.says(DONE, headers={"Set-Cookie": "a=b; Path=/"})
        await ask(client, gateway.provider())
        await ask(client, gateway.provider())
        assert "Cookie" not in gateway.seen[1].headers

    async def test_one_connection_serves_many_questions(self, gateway: Gateway, client: GatewayClient) -> None:
        gateway.says(DONE)
        for _ in range(3):
            await ask(client, gateway.provider())
        assert len({id(request.transport) for request in gateway.seen}) == 1

    async def test_a_connection_that_breaks_is_one_question_and_not_two(
        self, gateway: Gateway, client: GatewayClient
    ) -> None:
        gateway.says(DONE)
        await ask(client, gateway.provider())

        async def breaks(request: web.Request) -> web.Response:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        gateway.answer = breaks
        for asked in (2, 3):  # the first one on a connection that was used before
            answer = await ask(client, gateway.provider())
            assert isinstance(answer, QueryError)
            assert (answer.kind, answer.message) == (QueryErrorKind.TRANSIENT, "the connection to the gateway broke")
            assert len(gateway.seen) == asked

    async def test_proxies_of_the_environment_are_ignored(
        self, gateway: Gateway, client: GatewayClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        gateway.says(DONE)
        assert isinstance(await ask(client, gateway.provider()), Snapshot)

    async def test_retry_after_arrives(self, gateway: Gateway, client: GatewayClient) -> None:
        gateway.says(b"", 429, headers={"Retry-After": "17"})
        assert trouble(await ask(client, gateway.provider()), QueryErrorKind.RATE_LIMITED).retry_after == 17

    async def test_page_with_200_is_a_wrong_address(self, gateway: Gateway, client: GatewayClient) -> None:
        gateway.says(b"<!doctype html><html></html>", headers={"Content-Type": "text/html"})
        trouble(await ask(client, gateway.provider()), QueryErrorKind.PROTOCOL)

    async def test_outside_of_its_context_it_says_so(self, gateway: Gateway) -> None:
        with pytest.raises(RuntimeError):
            await ask(GatewayClient(), gateway.provider())


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class TestBrokenTransport:
    @pytest.mark.parametrize(
        ("answer", "then"),
        [
            (b"", "close"),
            (b"", "reset"),
            (HEAD, "reset"),
            (HEAD + b"Content-Length: 900\r\n\r\n" + b'{"status":"completed"}', "close"),
            (HEAD + b"Content-Length: 900\r\n\r\n" + b'{"status":"completed"}', "reset"),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}   \r\n", "close"),
            (HEAD + b"Content-Length: soon\r\n\r\n{}", "close"),
            (b"SSH-2.0-OpenSSH_9.0\r\n\r\n", "close"),
            (HEAD + b"X-Long: " + b"a" * 65536 + b"\r\n\r\n{}", "close"),
        ],
    )
    async def test_is_transient(self, client: GatewayClient, answer: bytes, then: str) -> None:
        async with raw_server(answer, then=then) as url:
            trouble(await ask(client, replace(APIPOD, base_url=url)))

    async def test_a_thousand_headers_are_survived(self, client: GatewayClient) -> None:
        headers = b"".join(b"X-%d: 1\r\n" % number for number in range(1000))
        async with raw_server(HEAD + headers + b'Content-Length: 21\r\n\r\n{"status":"completed"}') as url:
            assert isinstance(await ask(client, replace(APIPOD, base_url=url)), QueryError)

    @pytest.mark.parametrize(
        ("answer", "then"),
        [
            (b"", "wait"),
            (HEAD, "wait"),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", "drip"),
            (HEAD + b"Content-Length: 900\r\n\r\n{", "wait"),
        ],
    )
    async def test_the_deadline_holds_for_the_whole_call(self, answer: bytes, then: str) -> None:
        async with GatewayClient(timeout=0.3) as client, raw_server(answer, then=then) as url:
            start = time.monotonic()
            trouble(await ask(client, replace(APIPOD, base_url=url)))
            assert 0.25 < time.monotonic() - start < 1.3

    async def test_nobody_there(self, client: GatewayClient) -> None:
        async with raw_server(b"") as url:
            pass
        assert trouble(await ask(client, replace(APIPOD, base_url=url))).message == "no connection to the gateway"

    async def test_a_server_without_tls_is_not_trusted(self, client: GatewayClient) -> None:
        async with raw_server(HEAD + b"\r\n{}") as url:
            secure = replace(APIPOD, base_url=url.replace("http:", "https:"))
            assert trouble(await ask(client, secure)).message == "no secure connection to the gateway"

    @pytest.mark.parametrize("checked", [True, False])
    async def test_a_certificate_of_another_host_is_not_trusted(self, *, checked: bool) -> None:
        identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        identity.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
        trust = ssl.create_default_context(cafile=CERTIFICATE)
        trust.check_hostname = checked
        answer = HEAD + b'Content-Length: 20\r\n\r\n{"status":"running"}'
        async with raw_server(answer, identity=identity) as url, GatewayClient(ssl_context=trust) as client:
            found = await ask(client, replace(APIPOD, base_url=url.replace("http:", "https:")))
        if checked:
            assert trouble(found).message == "no secure connection to the gateway"
        else:
            assert isinstance(found, Snapshot)

    async def test_large_answers_are_refused(self, gateway: Gateway) -> None:
        gateway.says(b'{"x":"' + b"a" * 200_000 + b'"}')
        async with GatewayClient(max_answer_bytes=100_000) as client:
            trouble(await ask(client, gateway.provider()), QueryErrorKind.PROTOCOL)

            async def endless(request: web.Request) -> web.StreamResponse:
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b" " * 65536)

            gateway.answer = endless
            trouble(await ask(client, gateway.provider()), QueryErrorKind.PROTOCOL)

    async def test_a_declared_size_is_enough_to_refuse(self, client: GatewayClient) -> None:
        async with raw_server(HEAD + b"Content-Length: 99999999999\r\n\r\n{", then="wait") as url:
            start = time.monotonic()
            trouble(await ask(client, replace(APIPOD, base_url=url)), QueryErrorKind.PROTOCOL)
            assert time.monotonic() - start < 2

    async def test_compressed_answers_are_read_and_bombs_are_not(self, gateway: Gateway) -> None:
        async with GatewayClient(max_answer_bytes=1_000_000) as client:
            gateway.says(gzip.compress(json.dumps(DONE).encode()), headers={"Content-Encoding": "gzip"})
            assert isinstance(await ask(client, gateway.provider()), Snapshot)
            gateway.says(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"})
            trouble(await ask(client, gateway.provider()), QueryErrorKind.PROTOCOL)
            gateway.says(b"not compressed at all", headers={"Content-Encoding": "br"})
            trouble(await ask(client, gateway.provider()), QueryErrorKind.PROTOCOL)


def cutting(
    piece: int, headers: Mapping[str, str], *, ranges: bool = True, cuts: int = 99, whole: bytes = MEDIA
) -> Handler:
    """A server that promises all of `whole` and breaks off after `piece` bytes, the first `cuts` times."""
    left = [cuts]

    async def answer(request: web.Request) -> web.StreamResponse:
        start = int(request.headers.get("Range", "bytes=0-")[6:-1]) if ranges else 0
        rest = whole[start:]
        more = {"Content-Range": f"bytes {start}-{len(whole) - 1}/{len(whole)}"} if start else {}
        response = web.StreamResponse(status=206 if start else 200, headers={**MP4, **headers, **more})
        response.content_length = len(rest)
        await response.prepare(request)
        left[0] -= 1
        if left[0] < 0 or len(rest) <= piece:
            await response.write(rest)
            return response
        await response.write(rest[:piece])
        await asyncio.sleep(0.05)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


BINARY = Fetch("/v1/videos/{id}/content")
JSON = AI_NEBULA.fetch


class TestFetch:
    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        return tmp_path / "file"

    async def fetch(
        self,
        client: GatewayClient,
        gateway: Gateway,
        target: Path,
        fetch: Fetch | None = BINARY,
        limit: int = 2_000_000,
    ) -> Path | Output | QueryError:
        return await client.fetch(gateway.provider(fetch=fetch), KEY, TASK, FINISHED, target, limit)

    async def test_binary(self, gateway: Gateway, client: GatewayClient, target: Path) -> None:
        gateway.says(MEDIA, headers=MP4)
        assert await self.fetch(client, gateway, target) == target
        assert content(target) == MEDIA
        assert gateway.seen[0].raw_path == f"/v1/videos/{TASK.replace(':', '%3A')}/content"
        assert gateway.seen[0].headers["Authorization"] == f"Bearer {KEY}"

    @pytest.mark.parametrize("size", [30, 5000, len(MEDIA)])
    @pytest.mark.parametrize("shape", ["base64", "data_url", "both"])
    async def test_base64(self, gateway: Gateway, client: GatewayClient, target: Path, size: int, shape: str) -> None:
        text = base64.b64encode(MEDIA[:size]).decode()
        fields = {"base64": text, "data_url": f"data:video/mp4;base64,{text}"}
        body = {"success": True, "task_id": "x", "format": "mp4", "size": size}
        gateway.says({**body, **(fields if shape == "both" else {shape: fields[shape]})})
        assert await self.fetch(client, gateway, target, JSON) == target
        assert content(target) == MEDIA[:size]
        assert gateway.seen[0].query["id"] == TASK

    @pytest.mark.parametrize(
        "body",
        [
            {"success": True, "url": "https://cdn.example/v.mp4"},
            {"code": 200, "data": {"video_url": "https://cdn.example/v.mp4"}},
        ],
    )
    async def test_json_with_a_link(self, gateway: Gateway, client: GatewayClient, target: Path, body: object) -> None:
        gateway.says(body)
        for fetch in (JSON, BINARY):
            found = await self.fetch(client, gateway, target, fetch)
            assert isinstance(found, Output)
            assert (found.kind, found.url) == ("video", "https://cdn.example/v.mp4")
        assert content(target) is None

    async def test_redirects_are_handed_on_without_the_key(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        async with serving() as other:
            for status in (301, 302, 303, 307, 308):
                gateway.says(b"", status, {"Location": f"{other.url}/v.mp4?sig=a%2Fb"})
                found = await self.fetch(client, gateway, target)
                assert isinstance(found, Output)
                assert found.url == f"{other.url}/v.mp4?sig=a%2Fb"
            assert other.seen == []
        gateway.says(b"", 302, {"Location": "/files/v.png"})
        found = await self.fetch(client, gateway, target)
        assert isinstance(found, Output)
        assert (found.kind, found.url) == ("image", f"{gateway.url}/files/v.png")
        for location in ("file:///etc/passwd", "ftp://x/y", "data:video/mp4;base64,AAAA", "javascript:1", ""):
            gateway.says(b"", 302, {"Location": location})
            trouble(await self.fetch(client, gateway, target), QueryErrorKind.PROTOCOL)
        assert len(gateway.seen) == 11

    @pytest.mark.parametrize(
        ("body", "status", "kind"),
        [
            (
                {"error": {"message": "Task is not completed yet, current status: IN_PROGRESS"}},
                400,
                QueryErrorKind.TRANSIENT,
            ),
            ({"status": "processing"}, 202, QueryErrorKind.TRANSIENT),
            ({"status": "processing"}, 200, QueryErrorKind.TRANSIENT),
            ({"success": False, "message": "invalid token"}, 200, QueryErrorKind.AUTH),
            ({"error": "blocked address"}, 403, QueryErrorKind.TRANSIENT),
            ({"error": "Task not found"}, 404, QueryErrorKind.NOT_FOUND),
            ({"error": "expired"}, 502, QueryErrorKind.TRANSIENT),
            ({"base64": "A" * 4999 + "!" * 5000}, 200, QueryErrorKind.PROTOCOL),
            (b"", 200, QueryErrorKind.TRANSIENT),
        ],
    )
    async def test_no_file(
        self, gateway: Gateway, client: GatewayClient, target: Path, body: object, status: int, kind: QueryErrorKind
    ) -> None:
        gateway.says(body, status)
        trouble(await self.fetch(client, gateway, target, JSON), kind)
        assert content(target) is None

    async def test_pages_and_nothing_are_no_files(self, gateway: Gateway, client: GatewayClient, target: Path) -> None:
        gateway.says(b"<html></html>", headers={"Content-Type": "text/html"})
        trouble(await self.fetch(client, gateway, target), QueryErrorKind.PROTOCOL)
        gateway.says(b"", headers=MP4)
        trouble(await self.fetch(client, gateway, target))
        gateway.says(MEDIA, headers={**MP4, "Content-Encoding": "gzip"})
        trouble(await self.fetch(client, gateway, target), QueryErrorKind.PROTOCOL)
        assert content(target) is None

    async def test_too_large(self, gateway: Gateway, client: GatewayClient, target: Path) -> None:
        gateway.says(MEDIA, headers=MP4)
        with pytest.raises(TooLarge) as declared:
            await self.fetch(client, gateway, target, limit=1000)
        assert declared.value.size == len(MEDIA)

        async def chunked(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
            await response.prepare(request)
            await response.write(MEDIA)
            return response

        gateway.answer = chunked
        with pytest.raises(TooLarge):
            await self.fetch(client, gateway, target, limit=1000)
        for text in (base64.b64encode(MEDIA).decode(), "word " * 999_999):
            gateway.says({"base64": text})
            with pytest.raises(TooLarge):
                await self.fetch(client, gateway, target, JSON, limit=1000)
        assert content(target) is None

    @pytest.mark.parametrize("then", ["close", "reset"])
    @pytest.mark.parametrize("kind", [b"video/mp4", b"application/json"])
    async def test_cut_transfers_are_noticed(self, client: GatewayClient, target: Path, kind: bytes, then: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nContent-Length: 900000\r\n\r\n"
        body = b'{"base64":"' + base64.b64encode(MEDIA)[:500_000]
        async with raw_server(head + body, then=then) as url:
            trouble(await client.fetch(replace(OCTOPUSX, base_url=url), KEY, TASK, FINISHED, target, 2_000_000))
        assert content(target) is None

    async def test_the_deadline_holds(self, target: Path) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with GatewayClient(fetch_timeout=0.3) as client, raw_server(head, then="drip") as url:
            trouble(await client.fetch(replace(OCTOPUSX, base_url=url), KEY, TASK, FINISHED, target, 2_000_000))
        assert content(target) is None

    async def test_a_cut_transfer_goes_on_where_it_was_cut(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        gateway.answer = cutting(300_000, {"ETag": '"v1"'})
        assert await self.fetch(client, gateway, target) == target
        assert content(target) == MEDIA
        ranges = [request.headers.get("Range") for request in gateway.seen]
        assert ranges == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]
        assert [request.headers.get("If-Range") for request in gateway.seen[1:]] == ['"v1"'] * 3
        assert all(request.headers["Authorization"] == f"Bearer {KEY}" for request in gateway.seen)

    async def test_a_server_without_ranges_starts_over(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        gateway.answer = cutting(600_000, {}, ranges=False, cuts=2)
        assert await self.fetch(client, gateway, target) == target
        assert content(target) == MEDIA
        assert len(gateway.seen) == 3

    async def test_a_transfer_that_gets_nowhere_is_given_up(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        gateway.answer = cutting(0, {})
        trouble(await self.fetch(client, gateway, target))
        assert len(gateway.seen) == 1
        gateway.answer = cutting(1000, {}, ranges=False)
        trouble(await self.fetch(client, gateway, target))
        assert content(target) is None
        assert len(gateway.seen) < 9

    async def test_a_document_that_is_cut_is_not_gone_on_with(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        text = base64.b64encode(MEDIA).decode()
        document = json.dumps({"base64": text, "more": "x" * 100_000}).encode()
        gateway.answer = cutting(700_000, {"Content-Type": "application/json"}, whole=document)
        for fetch in (BINARY, JSON):
            trouble(await self.fetch(client, gateway, target, fetch))
            assert content(target) is None
        assert len(gateway.seen) == 2
        assert not any("Range" in request.headers for request in gateway.seen)

    async def test_a_rest_of_another_length_is_of_another_file(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        first, other = cutting(300_000, {}), cutting(999_999, {}, whole=MEDIA[::-1] + b"more")

        async def answer(request: web.Request) -> web.StreamResponse:
            return await (other if len(gateway.seen) == 2 else first)(request)

        gateway.answer = answer
        trouble(await self.fetch(client, gateway, target), QueryErrorKind.PROTOCOL)
        assert content(target) is None

    async def test_a_wrong_rest_is_not_put_behind_a_beginning(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        whole = cutting(300_000, {})

        async def answer(request: web.Request) -> web.StreamResponse:
            if "Range" not in request.headers:
                return await whole(request)
            return web.Response(
                status=206, body=b"x" * 10, headers={**MP4, "Content-Range": f"bytes 7-16/{len(MEDIA)}"}
            )

        gateway.answer = answer
        trouble(await self.fetch(client, gateway, target), QueryErrorKind.PROTOCOL)
        assert content(target) is None

    async def test_tens_of_megabytes_do_not_hold_up_the_loop(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        text = base64.b64encode(MEDIA * 20).decode()
        gateway.says({"success": True, "base64": text, "data_url": f"data:video/mp4;base64,{text}"})
        gaps = [0.0]

        async def heartbeat() -> None:
            last = time.perf_counter()
            while True:
                await asyncio.sleep(0)
                now = time.perf_counter()
                gaps.append(now - last)
                last = now

        beating = asyncio.create_task(heartbeat())
        assert await self.fetch(client, gateway, target, JSON, limit=50_000_000) == target
        beating.cancel()
        assert content(target) == MEDIA * 20
        # The server on the same loop builds its answer of 54 MB in one go; that alone takes a few tens of ms.
        assert sorted(gaps)[-3] < 0.25

    async def test_mistakes_of_the_caller_are_raised(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        with pytest.raises(ValueError, match="second request"):
            await self.fetch(client, gateway, target, None)
        with pytest.raises(ValueError, match="not a task ID"):
            await client.fetch(gateway.provider(fetch=BINARY), KEY, "..", FINISHED, target, 1)
        gateway.says(MEDIA, headers=MP4)
        with pytest.raises(FileNotFoundError):
            await self.fetch(client, gateway, target / "missing" / "file")


class TestResultsOfTheGatewayItself:
    """Files that only the gateway has: behind the key, inside an answer, or named by a second request."""

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        return tmp_path / "file"

    async def test_a_link_to_the_content_route_is_fetched_with_the_key(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        gateway.says({"id": "x", "status": "completed", "url": "http://localhost:3000/v1/videos/x/content"})
        found = await ask(client, gateway.provider())
        assert isinstance(found, Snapshot)
        (output,) = found.outputs
        assert output == Output(OutputKind.VIDEO, f"{gateway.url}/v1/videos/x/content", needs_auth=True)
        gateway.says(MEDIA, headers=MP4)
        assert await client.fetch_own(gateway.provider(), KEY, output, target, 2_000_000) == target
        assert content(target) == MEDIA
        assert gateway.seen[1].headers["Authorization"] == f"Bearer {KEY}"

    async def test_the_key_goes_to_no_other_place(self, gateway: Gateway, client: GatewayClient, target: Path) -> None:
        async with serving() as other:
            elsewhere = Output(OutputKind.VIDEO, f"{other.url}/v.mp4", needs_auth=True)
            with pytest.raises(ValueError, match="origin"):
                await client.fetch_own(gateway.provider(), KEY, elsewhere, target, 2_000_000)
            assert other.seen == []

    @pytest.mark.parametrize("size", [30, 40_000, 900_000])
    async def test_results_inside_an_answer(
        self, gateway: Gateway, client: GatewayClient, target: Path, size: int
    ) -> None:
        films = [MEDIA[:size], MEDIA[1 : size + 1]]
        urls = [f"data:video/mp4;base64,{base64.b64encode(film).decode()}" for film in films]
        gateway.says({"input": urls[0][:-8], "task_id": "x", "status": "succeeded", "result": urls, "prompt": "p"})
        found = await ask(client, gateway.provider())
        assert isinstance(found, Snapshot)
        assert (len(found.outputs), found.prompt) == (2, "p")
        assert sum(len(output.url) for output in found.outputs) < 200_000
        provider = gateway.provider()
        for place, film in enumerate(films):
            got = await client.fetch_inline(provider, provider.endpoints[0], KEY, TASK, place, target, 2_000_000)
            assert got == target
            assert content(target) == film
        trouble(await client.fetch_inline(provider, provider.endpoints[0], KEY, TASK, 2, target, 2_000_000))
        if size > 100_000:
            with pytest.raises(TooLarge):
                await client.fetch_inline(provider, provider.endpoints[0], KEY, TASK, 0, target, 100_000)

    async def test_results_inside_an_answer_keep_their_numbers_whatever_stands_before(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        cover, film = (base64.b64encode(MEDIA[:size]).decode() for size in (20_000, 900_000))
        outputs = {"cover_url": f"data:image/png;base64,{cover}", "video_url": f"data:video/mp4;base64,{film}"}
        gateway.says({"task_id": "x", "preview_b64": cover, **outputs, "status": "succeeded"})
        provider = gateway.provider()
        assert await client.fetch_inline(provider, provider.endpoints[0], KEY, TASK, 0, target, 2_000_000) == target
        assert content(target) == MEDIA[:900_000]

    async def test_a_result_inside_an_answer_that_is_damaged_the_second_time(
        self, gateway: Gateway, client: GatewayClient, target: Path
    ) -> None:
        url = f"data:video/mp4;base64,{base64.b64encode(MEDIA).decode()}"
        good = json.dumps({"task_id": "x", "status": "succeeded", "url": url}).encode()
        packed = gzip.compress(good)
        provider = gateway.provider()
        for damaged, kind in (
            (packed[:200] + bytes(2000), QueryErrorKind.PROTOCOL),
            (gzip.compress(good[:600_000] + b"*" + good[600_001:]), QueryErrorKind.PROTOCOL),
            (gzip.compress(json.dumps(DONE).encode()), QueryErrorKind.TRANSIENT),
        ):
            bodies = iter([packed, damaged])

            async def answer(_: web.Request, bodies: Iterator[bytes] = bodies) -> web.Response:
                headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
                return web.Response(body=next(bodies), headers=headers)

            gateway.answer = answer
            trouble(await client.fetch_inline(provider, provider.endpoints[0], KEY, TASK, 0, target, 2_000_000), kind)
            assert content(target) is None

    async def test_links_that_a_second_request_names(self, gateway: Gateway, client: GatewayClient) -> None:
        rule = OutputRule(OutputKind.VIDEO, lambda document: document.get("file", {}).get("link"))
        fetch = Fetch("/files/{id}", mode="json", reading=Reading(outputs=(rule,)))
        provider = gateway.provider(fetch=fetch)
        done = Snapshot(State.SUCCEEDED, needs_fetch=True)
        gateway.says({"file": {"link": "https://cdn.example/v.mp4"}})
        found = await client.complete(provider, KEY, TASK, done)
        assert found == replace(
            done, outputs=(Output(OutputKind.VIDEO, "https://cdn.example/v.mp4"),), needs_fetch=False
        )
        assert gateway.seen[0].raw_path.startswith("/files/")

        gateway.says({"file": {}})
        trouble(await client.complete(provider, KEY, TASK, done), QueryErrorKind.PROTOCOL)
        gateway.says({"task_id": "x", "status": "Success"})
        trouble(await client.complete(provider, KEY, TASK, done))
        gateway.says({"detail": [{"msg": "content policy", "type": "blocked"}]}, 422)
        found = await client.complete(provider, KEY, TASK, done)
        assert isinstance(found, Snapshot)
        assert (found.state, found.error and found.error.message) == (State.FAILED, "content policy")
        gateway.says({"detail": "Unauthorized"}, 401)
        trouble(await client.complete(provider, KEY, TASK, done), QueryErrorKind.AUTH)

        running = Snapshot(State.RUNNING)
        assert await client.complete(provider, KEY, TASK, running) is running
        assert await client.complete(gateway.provider(), KEY, TASK, done) is done
