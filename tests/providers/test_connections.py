"""The lean connections against raw servers: every way to cut an answer, and every way to mix two of them up."""

import asyncio
import gc
import random
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from providers.ai_nebula import AI_NEBULA
from providers.apipod import APIPOD
from providers.base import Auth, Endpoint, Provider, QueryError, QueryErrorKind
from providers.bodies import Arriving, document
from providers.octopusx import OCTOPUSX
from providers.requests import Request, question
from providers.token360 import TOKEN360
from providers.transport import HttpAnswer, Transport

CAP = 1 << 20
CERTIFICATE = Path(__file__).parent / "tls" / "other.example.pem"
OK = b"HTTP/1.1 200 OK\r\n"
TIMES = 12  # turns of the loop after which a question is given up, at most

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handler, identity: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handle(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=identity)
    async with server:
        yield f"http{'s' if identity else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport("rushes/test") as made:
        yield made


def about(url: str, task_id: str = "task-1", **more: Any) -> Request:
    provider = Provider("test", "Test", url, (Endpoint("video", "/{id}", **more),))
    return question(provider, provider.endpoints[0], "key", task_id, 0)


async def ask(
    transport: Transport, url: str, task_id: str = "task-1", deadline: float = 5.0
) -> HttpAnswer | QueryError:
    return await transport.exchange(about(url, task_id), deadline, CAP)


def words(found: HttpAnswer | QueryError) -> str:
    assert isinstance(found, QueryError), found
    assert found.kind is QueryErrorKind.TRANSIENT
    return found.message


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


def identity() -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
    return made


def trusting() -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=CERTIFICATE)
    made.check_hostname = False
    return made


async def task_of(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    return head.split(b" ", 2)[1].decode().strip("/")


def sized(body: bytes, more: bytes = b"") -> bytes:
    return OK + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def once(answer: bytes, *, pause: float = 0.0, cut: int | None = None, stays: bool = False) -> Handler:
    """Answers each question with these bytes, in two pieces if `cut`, and hangs up unless it `stays`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await task_of(reader)
            for piece in [answer] if cut is None else [answer[:cut], answer[cut:]]:
                writer.write(piece)
                await asyncio.sleep(pause)
                await asyncio.sleep(0)
            if not stays:
                # What is on its way arrives; an abort would be a reset where something is unread.
                writer.close()
                await writer.wait_closed()
                return

    return handle


# What an answer is, however it is cut.

ANSWERS = {
    "sized": sized(b'{"status":"queued"}', b"Retry-After: 3\r\n"),
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\nA;x=y\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n",
    "preludes": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + sized(b"{}"),
    "until the end": OK + b"Content-Type: application/json\r\n\r\n{}",
    "old": b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
    "empty": b"HTTP/1.1 204 No Content\r\nX-A:\r\nX-B: 1\r\n\r\n",
    "moved": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "bare line ends": b"HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\n{}",
}
BROKEN = {
    "cut short": OK + b"Content-Length: 9\r\n\r\n{}",
    "cut between chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "folded": OK + b"X-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n{}",
    "length and chunks": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}",
    "an odd status": b"HTTP/1.1 099 What\r\nContent-Length: 2\r\n\r\n{}",
    "no head": b'{"status":"completed"}\r\n\r\n',
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n{}",
    "another protocol, unnamed": b"HTTP/1.1 101 Switching Protocols\r\n\r\n{}",
    "preludes without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 11 + sized(b"{}"),
    "too many headers": OK + b"".join(b"X-%d: 1\r\n" % n for n in range(129)) + b"Content-Length: 2\r\n\r\n{}",
}


async def by_the_library(transport: Transport, url: str) -> tuple[int, dict[str, str], bytes]:
    async with transport.open(about(url)) as response:
        arriving = Arriving("", response.content_length, response.content.readany)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return response.status, headers, await document(arriving, CAP)


@pytest.mark.parametrize("name", ANSWERS)
async def test_cut_anywhere_an_answer_is_what_the_big_library_reads(transport: Transport, name: str) -> None:
    raw = ANSWERS[name]
    async with listening(once(raw)) as url:
        expected = await by_the_library(transport, url)
    for cut in range(len(raw)):
        async with listening(once(raw, cut=cut)) as url:
            found = await ask(transport, url)
            assert isinstance(found, HttpAnswer), (cut, found)
            assert (found.status, dict(found.headers), found.body) == expected, cut


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_answer_is_none_however_it_is_cut(transport: Transport, name: str) -> None:
    raw = BROKEN[name]
    expected = "the connection to the gateway broke" if "cut" in name else "the gateway does not speak proper HTTP"
    for cut in {1, 9, len(raw) // 2, len(raw) - 3, len(raw) - 1, len(raw)}:
        async with listening(once(raw, cut=cut)) as url:
            assert words(await ask(transport, url)) == expected, cut


async def test_noise_is_survived(transport: Transport) -> None:
    chance = random.Random(7)  # noqa: S311 - the same each time
    raws = [*ANSWERS.values(), *BROKEN.values()]
    for _ in range(300):
        noise = bytearray(chance.choice(raws))
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(noise))
            noise[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        async with listening(once(bytes(noise), cut=chance.randrange(len(noise)))) as url:
            began = time.monotonic()
            found = await ask(transport, url)
            assert isinstance(found, HttpAnswer) or found.message
            assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "endless",
    [
        OK + b"X: " + b"a" * 65536,
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"X-T: 1\r\n" * 20_000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: " + b"a" * 140_000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"a" * 140_000,
        b"\r\n" * 40_000,
    ],
)
async def test_what_is_no_body_is_bounded(transport: Transport, endless: bytes) -> None:
    async with listening(once(endless, stays=True)) as url:
        assert words(await ask(transport, url)) == "the gateway does not speak proper HTTP"


async def test_headers_are_found_in_any_case_and_the_first_counts(transport: Transport) -> None:
    more = b"retry-after: 7\r\nRetry-After: 9\r\nX-Caf\xc3\xa9: \xff \r\n".replace(b"Caf\xc3\xa9", b"Cafe")
    async with listening(once(sized(b"{}", more))) as url:
        found = await ask(transport, url)
    assert isinstance(found, HttpAnswer)
    assert found.headers["RETRY-AFTER"] == found.headers.get("Retry-After") == "7"
    assert found.headers["x-cafe"] == "\udcff"
    assert found.headers.get("Date") is None
    assert len(found.headers) == 3


@pytest.mark.parametrize("secured", [False, True])
async def test_a_long_answer_waits_until_it_is_read(*, secured: bool) -> None:
    """The server can not get rid of more than the buffers of both systems hold while nobody reads."""
    mib, left = 1 << 20, [32]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await task_of(reader)
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % (left[0] * mib))
        while left[0]:
            writer.write(bytes(mib))
            await writer.drain()
            left[0] -= 1
        await reader.read()

    async with (
        listening(handle, identity() if secured else None) as url,
        Transport("rushes/test", trusting()) as transport,
    ):
        connections, request = transport._connections, about(url)
        assert connections is not None
        connection = await connections.dial(request.origin)
        await connection.ask(transport._as_sent(request), asyncio.get_running_loop().time() + 9, 1 << 16)
        assert not connection.is_complete
        for _ in range(30):
            await asyncio.sleep(0.002)
        assert left[0] > 12
        size = 0
        while piece := await connection.readany():
            assert len(piece) <= 1 << 17
            size += len(piece)
        assert size == 32 * mib
        connections.release(connection)
        assert connections.resting(request.origin) is connection


# An answer never reaches the wrong question.


async def tattle(writer: asyncio.StreamWriter, answer: bytes, chance: random.Random) -> None:
    """Says it whole or in pieces, sooner or later, and now and then more than it was asked."""
    if chance.random() < 0.3:
        answer += chance.choice([answer, b"\r\n" + answer, b"HTTP/1.1 2", b"{}", sized(b"stray")])
    places = sorted(chance.randrange(len(answer)) for _ in range(chance.randrange(3)))
    for begin, end in zip([0, *places], [*places, len(answer)], strict=True):
        writer.write(answer[begin:end])
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
    # Behind the next question nobody could tell it from the answer.
    if chance.random() < 0.3 and not select.select([writer.get_extra_info("socket")], [], [], 0)[0]:
        writer.write(sized(b"stray"))


@pytest.mark.parametrize("secured", [False, True])
async def test_questions_given_up_at_any_moment_take_no_answer_from_others(*, secured: bool) -> None:
    chance = random.Random(11)  # noqa: S311 - the same each time
    answered = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chance.random() < 0.9:
            await tattle(writer, sized((await task_of(reader)).encode()), chance)

    async def one(number: int) -> None:
        nonlocal answered
        task_id = f"task-{number}"
        asking = asyncio.create_task(ask(transport, url, task_id))
        if number % 2:
            for _ in range(number // 2 % TIMES):
                await asyncio.sleep(0)
            asking.cancel()
        with suppress(asyncio.CancelledError):
            found = await asking
            if isinstance(found, HttpAnswer):
                assert found.body == task_id.encode()
                answered += 1

    count = 200 if secured else 1200
    async with (
        listening(handle, identity() if secured else None) as url,
        Transport("rushes/test", trusting()) as transport,
    ):
        for begin in range(0, count, 8):
            await asyncio.gather(*(one(begin + more) for more in range(8)))
    assert answered > count / 3


@pytest.mark.parametrize("secured", [False, True])
async def test_half_a_stray_answer_spoils_a_resting_connection(*, secured: bool) -> None:
    """Its other half would be read as the answer to the next question."""
    lines = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        stray = sized(b"stray")
        for half in (stray[:20], stray[20:]):
            writer.write(sized((await task_of(reader)).encode()))
            await asyncio.sleep(0.01)
            writer.write(half)

    async with (
        listening(handle, identity() if secured else None) as url,
        Transport("rushes/test", trusting()) as transport,
    ):
        for number in range(3):
            found = await ask(transport, url, f"task-{number}")
            assert isinstance(found, HttpAnswer)
            assert found.body == b"task-%d" % number
            await asyncio.sleep(0.03)
    assert len(lines) == 3


async def test_a_deadline_leaves_no_answer_behind(transport: Transport) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            task_id = await task_of(reader)
            if task_id.startswith("slow"):
                await asyncio.sleep(0.06)
            writer.write(sized(task_id.encode()))

    async with listening(handle) as url:
        for number in range(4):
            assert words(await ask(transport, url, f"slow-{number}", 0.03)) == "no complete answer in time"
            found = await ask(transport, url, f"fast-{number}")
            assert isinstance(found, HttpAnswer)
            assert found.body == b"fast-%d" % number


async def test_what_came_in_while_the_loop_was_busy_is_no_answer(transport: Transport) -> None:
    """The stray answer is in the socket, and the loop has not looked there yet, when the next question goes out."""
    server = socket.create_server(("127.0.0.1", 0))
    sent = threading.Event()

    def serve() -> None:
        for number in range(2):
            line, _ = server.accept()
            with line:
                line.recv(9999)
                line.sendall(sized(b"first" if number == 0 else b"second"))
                if number == 0:
                    sent.wait()
                    line.sendall(sized(b"stray"))
                    sent.clear()
                    with suppress(ConnectionError):
                        line.recv(9999)

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"http://127.0.0.1:{server.getsockname()[1]}"
    first = await ask(transport, url)
    assert isinstance(first, HttpAnswer)
    sent.set()
    while sent.is_set():
        time.sleep(0.01)  # noqa: ASYNC251 - the loop shall not turn
    second = await ask(transport, url)
    assert isinstance(second, HttpAnswer)
    assert second.body == b"second"
    await asyncio.to_thread(thread.join)
    server.close()


# Which connections are used again.


@pytest.mark.parametrize(
    ("answer", "used"),
    [
        (sized(b"{}"), 1),
        (sized(b"{}", b"Keep-Alive: timeout=5, max=100\r\n"), 1),
        (sized(b"{}", b"Keep-Alive: timeout=1\r\n"), 3),
        (sized(b"{}", b"Connection: close\r\n"), 3),
        (sized(b"{}").replace(b"1.1", b"1.0"), 3),
        (sized(b"{}", b"Connection: keep-alive\r\n").replace(b"1.1", b"1.0"), 1),
        (sized(b"{}") + b"{}", 3),
        (sized(b"{}") + b"HTTP/1.1", 3),
        (sized(b"{}" + b" " * 200_000), 1),
        (ANSWERS["chunked"], 1),
        (ANSWERS["preludes"], 1),
        (ANSWERS["empty"], 1),
    ],
)
async def test_a_connection_is_used_again_if_nothing_was_odd(transport: Transport, answer: bytes, used: int) -> None:
    lines = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.add(writer)
        await once(answer, stays=True)(reader, writer)

    async with listening(handle) as url:
        for _ in range(3):
            assert isinstance(await ask(transport, url), HttpAnswer)
    assert len(lines) == used


async def test_the_connection_that_rested_last_is_used_first_and_old_ones_are_closed(transport: Transport) -> None:
    connections = transport._connections
    assert connections is not None
    async with listening(once(sized(b"{}"), pause=0.01, stays=True)) as url:
        await asyncio.gather(*(ask(transport, url) for _ in range(3)))
        origin = about(url).origin
        stack = connections._resting[origin]
        assert len(stack) == 3
        top = stack[-1]
        await ask(transport, url)
        assert stack[-1] is top
        now = asyncio.get_running_loop().time()
        assert all(60 < connection.expires - now <= 75 for connection in stack)
        stack[0].expires = stack[2].expires = now
        middle = stack[1]
        connections._sweep()
        assert stack == [middle]
        await asyncio.sleep(0)
        assert connections._open == {middle}
        middle.expires = now
        assert connections.resting(origin) is None


async def test_a_connection_that_was_hung_up_is_not_used(transport: Transport) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await once(sized(b"{}"))(reader, writer)

    async with listening(handle) as url:
        for _ in range(5):
            assert isinstance(await ask(transport, url), HttpAnswer)
            await asyncio.sleep(0.01)


async def test_closing_ends_what_is_on_its_way_and_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task_id = await task_of(reader)
        writer.write(sized(b"{}") if task_id == "done" else OK + b"\r\n{")
        await reader.read()

    async with listening(handle) as url:
        transport = await Transport("rushes/test").__aenter__()
        connections = transport._connections
        assert connections is not None
        await ask(transport, url, "done")
        asking = [asyncio.create_task(ask(transport, url, f"task-{number}")) for number in range(5)]
        await until(lambda: len(connections._open) == 5)
        Names(monkeypatch)
        asking.append(asyncio.create_task(ask(transport, url.replace("127.0.0.1", "gate.test"), "dialling")))
        await asyncio.sleep(0.001)
        await transport.__aexit__(None, None, None)
        answers = await asyncio.gather(*asking)
        assert {words(answer) for answer in answers} == {"the connection to the gateway broke"}
        await asyncio.sleep(0)
        assert connections._open == set()
    gc.collect()


# Names and certificates.


class Names:
    """The machine's look-up of names, as the bot's process meets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[object] = []
        self.is_out = False
        self._look_up = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)

    def look_up(self, host: Any, port: Any, *more: Any, **others: Any) -> Any:
        self.asked.append(host)
        time.sleep(0.02)
        if self.is_out:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self._look_up("127.0.0.1", port, *more, **others)


async def test_many_connections_at_once_are_one_look_at_the_name(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(once(sized(b"{}", b"Connection: close\r\n"), pause=0.01)) as url:
        names = Names(monkeypatch)
        named = url.replace("127.0.0.1", "gate.test")
        names.is_out = True
        answers = await asyncio.gather(*(ask(transport, named) for _ in range(9)))
        assert {words(answer) for answer in answers} == {"the gateway's name could not be resolved"}
        assert names.asked == ["gate.test"]
        names.is_out = False
        impatient = asyncio.create_task(ask(transport, named))
        asking = [asyncio.create_task(ask(transport, named)) for _ in range(40)]
        await asyncio.sleep(0.005)
        impatient.cancel()
        assert all(isinstance(answer, HttpAnswer) for answer in await asyncio.gather(*asking))
        assert isinstance(await ask(transport, named), HttpAnswer)
        assert names.asked == ["gate.test"] * 2


async def test_who_shows_no_trusted_certificate_is_told_nothing(transport: Transport) -> None:
    asked = []

    async def handle(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.append(await task_of(reader))

    async with listening(handle, identity()) as url:
        assert words(await ask(transport, url)) == "no secure connection to the gateway"
    assert asked == []


@pytest.mark.parametrize(
    "answer", [sized(b"{}" + b" " * 100_000), ANSWERS["until the end"], OK + b"\r\n" + b" " * 99_999]
)
@pytest.mark.parametrize("says_farewell", [False, True])
async def test_over_tls_an_answer_is_the_same_and_the_connection_stays(answer: bytes, *, says_farewell: bool) -> None:
    lines = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.add(writer)
        stays = b"Content-Length" in answer
        while True:
            await task_of(reader)
            writer.write(answer)
            await writer.drain()
            if not stays:
                if says_farewell:
                    writer.close()
                    await asyncio.sleep(9)
                # Else the line is cut without a word of TLS's own.
                await asyncio.sleep(0.01)
                return

    async with listening(handle, identity()) as url, Transport("rushes/test", trusting()) as transport:
        for _ in range(2):
            found = await ask(transport, url)
            assert isinstance(found, HttpAnswer)
            assert found.body == answer.partition(b"\r\n\r\n")[2]
    assert len(lines) == (1 if b"Content-Length" in answer else 2)


async def test_half_a_record_spoils_a_resting_connection() -> None:
    """Only the line's own bytes show it: there is nothing to decipher yet."""
    lines = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = identity().wrap_bio(heard, said, server_side=True)

        async def settled(work: Callable[[], Any]) -> Any:
            while True:
                try:
                    done = work()
                except ssl.SSLWantReadError:
                    writer.write(said.read())
                    heard.write(await reader.read(65536))
                else:
                    writer.write(said.read())
                    return done

        await settled(tls.do_handshake)
        await settled(lambda: tls.read(65536))
        await settled(lambda: tls.write(sized(b"first")))
        tls.write(sized(b"stray"))
        stray = said.read()
        await asyncio.sleep(0.01)
        writer.write(stray[:9])
        heard.write(await reader.read(65536))
        writer.write(stray[9:])
        await reader.read()

    async with listening(handle) as url, Transport("rushes/test", trusting()) as transport:
        for _ in range(2):
            found = await ask(transport, url.replace("http:", "https:"))
            assert isinstance(found, HttpAnswer)
            assert found.body == b"first"
            await asyncio.sleep(0.03)
    assert len(lines) == 2


async def test_the_deadline_holds_for_the_handshake(transport: Transport) -> None:
    async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.sleep(9)

    async with listening(mute) as url:
        began = time.monotonic()
        found = await ask(transport, url.replace("http:", "https:"), deadline=0.1)
        assert words(found) == "no complete answer in time"
        assert time.monotonic() - began < 2
    connections = transport._connections
    assert connections is not None
    assert connections._open == set()


# What is sent.


async def heads(url_of: Callable[[str], Request], transport: Transport) -> list[tuple[bytes, set[bytes], bytes]]:
    """What a server sees of a request from the lean client, and of the same one from the big library."""
    seen: list[tuple[bytes, set[bytes], bytes]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *fields = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        size = next((int(field.split()[1]) for field in fields if field.lower().startswith(b"content-length")), 0)
        seen.append((line, set(fields), await reader.readexactly(size)))
        writer.write(sized(b"{}", b"Connection: close\r\n"))

    async with listening(handle) as url:
        request = url_of(url)
        assert isinstance(await transport.exchange(request, 5, CAP), HttpAnswer)
        async with transport.open(request) as response:
            await response.read()
    return seen


@pytest.mark.parametrize("provider", [APIPOD, TOKEN360, OCTOPUSX, AI_NEBULA], ids=lambda provider: str(provider.name))
@pytest.mark.parametrize("base", ["", "/relay/v%20x/"])
async def test_both_clients_send_the_same(transport: Transport, provider: Provider, base: str) -> None:
    for auth in (Auth(), Auth("query", "k", "p ")):
        for task_id in ("sora-2:task_01", "a+b=", "x.y_z-0="):
            for endpoint in provider.endpoints:
                ours, theirs = await heads(
                    lambda url, auth=auth, task_id=task_id, endpoint=endpoint: question(  # type: ignore[misc]
                        replace(provider, base_url=url + base, auth=auth), endpoint, "sk-1:2/3&4", task_id, 0
                    ),
                    transport,
                )
                assert ours == theirs


async def test_a_body_is_sent_with_its_length(transport: Transport) -> None:
    ours, theirs = await heads(lambda url: about(url, method="POST", json={"ids": ["{id}"], "ä": 1}), transport)
    assert ours == theirs
    assert ours[2] == b'{"ids": ["task-1"], "\\u00e4": 1}'


@pytest.mark.parametrize(
    ("base", "host", "line"),
    [
        ("https://gate.example", b"gate.example", b"/task-1"),
        ("https://gate.example:443/", b"gate.example", b"/task-1"),
        ("https://gate.example:80", b"gate.example:80", b"/task-1"),
        ("http://[::1]:8080/x", b"[::1]:8080", b"/x/task-1"),
        ("https://bücher.example/a%2fb", b"xn--bcher-kva.example", b"/a%2fb/task-1"),
        ("https://me:secret@gate.example", b"gate.example", b"/task-1"),
    ],
)
def test_the_host_is_as_servers_want_it(base: str, host: bytes, line: bytes) -> None:
    request = about(base)
    sent = Transport("rushes/test")._as_sent(request)
    assert sent.startswith(b"GET %b HTTP/1.1\r\nHost: %b\r\n" % (line, host))
    assert re.fullmatch(rb"(?:[!-~][ -~]*\r\n)+\r\n", sent)
    assert b"secret" not in sent


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nX: 1", "a\0"])
def test_nothing_begins_a_line_of_its_own(value: str) -> None:
    provider = Provider("test", "Test", "https://gate.example", (Endpoint("video", "/{id}"),))
    for bad in (
        replace(provider, headers={"X-A": value}),
        replace(provider, headers={value: "x"}),
        replace(provider, auth=Auth(name=value)),
        replace(provider, auth=Auth(prefix=value)),
    ):
        with pytest.raises(ValueError, match="one line"):
            question(bad, bad.endpoints[0], "key", "task-1", 0)
    with pytest.raises(ValueError, match="one line"):
        question(provider, Endpoint("video", f"/{value}/{{id}}"), "key", "task-1", 0)
