"""Calls over real sockets, to servers that break off in every way; each time, what the delivery makes of it."""

import asyncio
import gzip
import json
import socket
import ssl
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from telegram import Bot, InputFile
from telegram.error import TelegramError

from bot.bot_api import UpdatesBot, bot_api_request
from bot.delivery.errors import DeliveryError, FileTooLarge, InDoubt, NotSent, classify

TOKEN = "123456:AAHsecretsecretsecretsecretsecretsec"
MESSAGE = {"message_id": 7, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"}
TOO_LARGE = {"ok": False, "error_code": 413, "description": "Request Entity Too Large"}
CERTIFICATE = Path(__file__).parents[1] / "providers" / "tls" / "other.example.pem"
LARGE = 50_000_000


def answer(body: object, status: str = "200 OK") -> bytes:
    raw = json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw


GOOD = answer({"ok": True, "result": MESSAGE})


@dataclass
class Line:
    """One connection as the server sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def request(self, pause: float = 0.0) -> bytes:
        """The whole of the next request, as slowly as is asked for; returns its head."""
        head = await self.head()
        left = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while left:
            left -= len(await self.reader.read(min(left, 2**20)))
            await asyncio.sleep(pause)
        return head

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Behaviour = Callable[[Line], Awaitable[object]]


@dataclass
class Server:
    url: str = ""
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def serving(behave: Behaviour, identity: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server that does `behave` with each connection, and then closes it."""
    server, running = Server(), set[asyncio.Task[None]]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        running.add(task := asyncio.current_task())  # type: ignore[arg-type]
        try:
            await behave(Line(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            running.discard(task)
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, limit=2**20, ssl=identity)
    server.url = f"{'https' if identity else 'http'}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@asynccontextmanager
async def calling(server: str) -> AsyncIterator[Bot]:
    requests = [bot_api_request(server, 4), bot_api_request(server, 1)]
    bot = Bot(TOKEN, f"{server}/bot", request=requests[0], get_updates_request=requests[1])
    try:
        yield bot
    finally:
        for request in requests:
            await request.shutdown()


async def verdict(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(TelegramError) as caught:
        await call
    assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"
    return classify(caught.value)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


async def upload(bot: Bot, film: Path, read_timeout: float = 5.0, write_timeout: float = 5.0) -> int:
    with film.open("rb") as file:
        video = InputFile(file, filename=film.name, read_file_handle=False)
        sent = await bot.send_video(1, video, read_timeout=read_timeout, write_timeout=write_timeout)
    return sent.message_id


async def keep_answering(line: Line) -> None:
    while True:
        await line.request()
        await line.say(GOOD)


class TestBeforeAnythingIsSent:
    async def test_a_refused_connection(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            async with calling(f"http://127.0.0.1:{closed.getsockname()[1]}") as bot:
                found = await verdict(bot.send_message(1, "x"))
        assert type(found) is NotSent
        assert "Connect" in str(found)

    async def test_a_name_that_nobody_has(self) -> None:
        async with calling("http://nobody.invalid") as bot:
            assert type(await verdict(bot.send_message(1, "x"))) is NotSent

    async def test_a_connection_that_does_not_come_about_in_its_time(self) -> None:
        # A full backlog: the kernel leaves further connections unanswered.
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            with socket.create_connection(deaf.getsockname()):
                async with calling(f"http://127.0.0.1:{deaf.getsockname()[1]}") as bot:
                    found = await verdict(bot.send_message(1, "x", connect_timeout=0.3))
        assert type(found) is NotSent

    async def test_a_certificate_that_is_not_trusted(self) -> None:
        identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        identity.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
        async with serving(keep_answering, identity) as server, calling(server.url) as bot:
            assert type(await verdict(bot.send_message(1, "x"))) is NotSent

    async def test_no_connection_is_free_in_time(self) -> None:
        async def silent(line: Line) -> None:
            await line.reader.read()

        async with serving(silent) as server, calling(server.url) as bot:
            busy = [asyncio.create_task(bot.send_message(1, "x", read_timeout=5)) for _ in range(4)]
            await asyncio.sleep(0.2)
            found = await verdict(bot.send_message(1, "x", pool_timeout=0.1, connect_timeout=0.1))
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)
        assert type(found) is NotSent


class TestAnAnswerThatIsLost:
    @pytest.mark.parametrize("end", ["close", "reset"])
    async def test_closed_before_anything_was_read(self, end: str) -> None:
        async def slam(line: Line) -> None:
            if end == "reset":
                line.writer.transport.abort()

        async with serving(slam) as server, calling(server.url) as bot:
            assert type(await verdict(bot.send_message(1, "x"))) is InDoubt

    @pytest.mark.parametrize("end", ["close", "reset"])
    async def test_closed_after_all_was_read_and_never_sent_twice(self, end: str) -> None:
        heads = list[bytes]()

        async def forget(line: Line) -> None:
            heads.append(await line.request())
            await line.say(GOOD)
            heads.append(await line.request())
            if end == "reset":
                line.writer.transport.abort()

        async with serving(forget) as server, calling(server.url) as bot:
            await bot.send_message(1, "x")
            found = await verdict(bot.send_message(1, "y"))
        assert type(found) is InDoubt
        assert (len(heads), server.connections) == (2, 1)

    @pytest.mark.parametrize("beginning", [GOOD[:-5], GOOD[:20], b"not HTTP at all\r\n\r\n"])
    async def test_a_cut_answer(self, beginning: bytes) -> None:
        async def cut(line: Line) -> None:
            await line.request()
            await line.say(beginning)

        async with serving(cut) as server, calling(server.url) as bot:
            assert type(await verdict(bot.send_message(1, "x"))) is InDoubt

    @pytest.mark.parametrize("beginning", [b"", GOOD[:-5]])
    async def test_a_server_that_falls_silent(self, beginning: bytes) -> None:
        async def fall_silent(line: Line) -> None:
            await line.request()
            await line.say(beginning)
            await line.reader.read()

        async with serving(fall_silent) as server, calling(server.url) as bot:
            began = time.monotonic()
            found = await verdict(bot.send_message(1, "x", read_timeout=0.3))
        assert type(found) is InDoubt
        assert 0.3 <= time.monotonic() - began < 3


class TestUploads:
    async def test_slower_than_the_read_timeout_and_in_small_memory(self, film: Path) -> None:
        async def slow(line: Line) -> None:
            await line.request(pause=0.03)
            await line.say(GOOD)

        async with serving(slow) as server, calling(server.url) as bot:
            tracemalloc.start()
            began = time.monotonic()
            assert await upload(bot, film, read_timeout=1.0, write_timeout=1.0) == 7
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert time.monotonic() - began > 1.0
        assert peak < LARGE / 5  # the server's own pieces are in it

    async def test_a_server_that_stops_reading(self, film: Path) -> None:
        async def stop(line: Line) -> None:
            await line.head()
            await asyncio.sleep(60)

        async with serving(stop) as server, calling(server.url) as bot:
            began = time.monotonic()
            found = await verdict(upload(bot, film, write_timeout=0.5))
        assert type(found) is InDoubt
        assert time.monotonic() - began < 5

    async def test_a_server_that_closes_in_the_middle(self, film: Path) -> None:
        async def leave(line: Line) -> None:
            await line.reader.read(100_000)

        async with serving(leave) as server, calling(server.url) as bot:
            assert type(await verdict(upload(bot, film))) is InDoubt

    async def test_too_large_is_said_while_the_upload_still_runs(self, film: Path) -> None:
        taken = list[int]()

        async def refuse(line: Line) -> None:
            await line.head()
            await line.say(answer(TOO_LARGE, "413 Request Entity Too Large"))
            rest = 0
            while data := await line.reader.read(100_000):
                rest += len(data)
                taken[:] = [rest]
                await asyncio.sleep(0.01)

        async with serving(refuse) as server, calling(server.url) as bot:
            assert type(await verdict(upload(bot, film))) is FileTooLarge
        assert sum(taken) < LARGE / 2

    async def test_the_file_is_free_again_when_the_call_is_given_up(self, film: Path) -> None:
        async def stop(line: Line) -> None:
            await line.head()
            await asyncio.sleep(60)

        async with serving(stop) as server, calling(server.url) as bot:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await upload(bot, film, write_timeout=30)
            await asyncio.sleep(0)
            assert not [task for task in asyncio.all_tasks() if "write_bytes" in repr(task)]


class TestConnections:
    async def test_they_are_kept_and_used_again(self) -> None:
        async with serving(keep_answering) as server, calling(server.url) as bot:
            for _ in range(5):
                assert (await bot.send_message(1, "x")).message_id == 7
        assert server.connections == 1

    async def test_a_long_poll_has_the_time_that_it_asks_for(self) -> None:
        async def late(line: Line) -> None:
            await line.request()
            await asyncio.sleep(0.6)
            await line.say(answer({"ok": True, "result": []}))

        async with serving(late) as server, calling(server.url) as bot:
            assert await bot.get_updates(timeout=1, read_timeout=0.2) == ()

    async def test_a_packed_answer_is_unpacked_once(self) -> None:
        async def pack(line: Line) -> None:
            assert b"gzip" in await line.request()
            raw = gzip.compress(json.dumps({"ok": True, "result": MESSAGE}).encode())
            await line.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(raw) + raw)

        async with serving(pack) as server, calling(server.url) as bot:
            assert (await bot.send_message(1, "x")).message_id == 7

    async def test_a_closed_one_can_be_opened_again(self) -> None:
        async with serving(keep_answering) as server, calling(server.url) as bot:
            await bot.send_message(1, "x")
            await bot.request.shutdown()
            await bot.request.initialize()
            await bot.send_message(1, "x")
        assert server.connections == 2


class TestProxies:
    @pytest.fixture(autouse=True)
    def _no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)

    @pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
    async def test_a_plain_call_goes_through_it(self, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
        heads = list[bytes]()

        async def forward(line: Line) -> None:
            heads.append(await line.request())
            await line.say(GOOD)

        async with serving(forward) as proxy:
            monkeypatch.setenv(variable, proxy.url.replace("//", "//me:secret@"))
            async with calling("http://telegram.invalid:8081") as bot:
                await bot.send_message(1, "x")
        assert heads[0].startswith(b"POST http://telegram.invalid:8081/bot")
        assert b"proxy-authorization: basic bwu6c2vjcmv0" in heads[0].lower()

    async def test_a_tunnel_that_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        heads = list[bytes]()

        async def refuse(line: Line) -> None:
            heads.append(await line.head())
            await line.say(answer({}, "403 Forbidden"))

        async with serving(refuse) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            async with calling("https://telegram.invalid") as bot:
                found = await verdict(bot.send_message(1, "x"))
        assert heads[0].startswith(b"CONNECT telegram.invalid:443")
        assert type(found) is NotSent

    async def test_a_server_can_be_excepted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with serving(keep_answering) as server, calling(server.url) as bot:
            await bot.send_message(1, "x")

    def test_one_that_speaks_no_http_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
        with pytest.raises(ValueError, match="http"):
            bot_api_request("https://api.telegram.org", 1)


class TestAnAnswerThatIsNone:
    """By a proxy, or a server that is no Bot API; nothing but a `TelegramError` may come of it, as of any failure."""

    @pytest.mark.parametrize("body", [{}, [], 7, None, {"ok": True}])
    @pytest.mark.parametrize("status", ["200 OK", "502 Bad Gateway"])
    async def test_of_a_message(self, body: object, status: str) -> None:
        async def behave(line: Line) -> None:
            await line.request()
            await line.say(answer(body, status))

        async with serving(behave) as server, calling(server.url) as bot:
            assert type(await verdict(bot.send_message(1, "x"))) is InDoubt

    @pytest.mark.parametrize("result", [7, {"7": 7}, "none", [7], [{}], [{"update_id": "7"}]])
    async def test_of_updates(self, result: object) -> None:
        async def behave(line: Line) -> None:
            await line.request()
            await line.say(answer({"ok": True, "result": result}))

        async with serving(behave) as server:
            requests = [bot_api_request(server.url, 1), bot_api_request(server.url, 1)]
            bot = UpdatesBot(TOKEN, f"{server.url}/bot", request=requests[0], get_updates_request=requests[1])
            try:
                with pytest.raises(TelegramError):
                    await bot.get_raw_updates(None, 0, 5.0, ["message"])
            finally:
                await requests[1].shutdown()
