"""Connections that stay open between questions: a lean HTTP/1.1 client for short answers, one question at a time each.

What matters most is that no answer reaches the wrong question. So a connection on which anything was odd is closed:
one that was left before its answer's end, that broke a bound, or that said something nobody had asked for.
"""

import asyncio
import re
import select
from collections.abc import Iterator, Mapping

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from providers.dialling import BROKE, LATE, NOT_HTTP, ConnectionTrouble
from providers.requests import Origin

_KEPT = 75.0
# So many bytes in a row may be no body: a head, or what stands between and behind chunks.
_LONGEST_HEAD = 1 << 16
_MOST_HEADERS = 128
_MOST_PRELUDES = 10
_OK, _SWITCHING, _LOWEST = 200, 101, 100
_KEEP_ALIVE_FOR = re.compile(rb"\btimeout=(\d{1,9})")


class Headers(Mapping[str, str]):
    """An answer's headers; names in any case, of several values the first."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Mapping[bytes, bytes]) -> None:
        """`raw` has small names."""
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        return self._raw[name.lower().encode("utf-8", "surrogateescape")].strip().decode("utf-8", "surrogateescape")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("ascii") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)


class Connection(asyncio.BufferedProtocol):
    """One connection. After `ask`: `status`, `headers` (names small), and `body`, all of it if `is_complete`."""

    __slots__ = (
        "_among",
        "_buffer",
        "_dull",
        "_enough",
        "_failure",
        "_fields",
        "_has_head",
        "_is_asked",
        "_is_kept",
        "_is_paused",
        "_look",
        "_loop",
        "_parser",
        "_pieces",
        "_preludes",
        "_transport",
        "_waiter",
        "body",
        "expires",
        "headers",
        "is_complete",
        "on_body",
        "on_header",
        "origin",
        "status",
    )

    def __init__(self, origin: Origin, buffer: memoryview, among: "set[Connection]") -> None:
        """`buffer` is shared: what is read into it is looked at before anybody else reads.

        `among` are the open ones; it joins and leaves them by itself.
        """
        self.origin = origin
        self.expires = 0.0
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.is_complete = False
        self._buffer = buffer
        self._among = among
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure = ""
        self._is_asked = self._is_kept = self._is_paused = self._has_head = False
        self._dull = self._preludes = self._enough = 0
        self._look = select.poll()
        # The parser calls these two without a function of ours in between.
        self._fields: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []
        self.on_header = self._fields.setdefault
        self.on_body = self._pieces.append
        self._parser = HttpResponseParser(self)
        # As lax as browsers are, where it leaves no doubt of where an answer ends.
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True)

    @property
    def content_length(self) -> int | None:
        """How long the body says it is."""
        length = self.headers.get(b"content-length")
        return None if length is None else int(length)

    def is_over(self, now: float) -> bool:
        """Whether it has rested for too long, or the other end has hung up."""
        return not self._is_kept or now >= self.expires

    def is_silent(self) -> bool:
        """Whether nothing has come that the loop has not seen yet: no answer that nobody asked for, and no farewell."""
        return not self._look.poll(0)

    async def settle(self) -> None:
        """Returns when a question may be asked for the first time. Raises ConnectionTrouble."""

    async def ask(self, question: bytes, until: float, enough: int) -> None:
        """Returns when the answer is complete, or its head and more than `enough` bytes of body are here or announced.

        Raises ConnectionTrouble, at the latest when the loop's clock shows `until`.
        """
        if self._transport is None:
            raise ConnectionTrouble(BROKE)
        self._is_asked, self._is_kept = True, False
        self._has_head = self.is_complete = False
        self._dull = self._preludes = 0
        self._enough = enough
        timer = self._loop.call_at(until, self._run_late)
        try:
            self._send(question)
            await self._wait()
        finally:
            timer.cancel()

    async def readany(self) -> bytes:
        """What has arrived of the body since the last call, or arrives next; b"" at its end."""
        while not self._pieces and not self.is_complete:
            self._enough = 0
            if self._is_paused:
                self._is_paused = False
                self._resume()
            await self._wait()
        if self.is_complete:
            rest, self.body = self.body, b""
            return rest
        return self._taken()

    def close(self) -> None:
        """Without a word: whatever comes now is of no interest."""
        self._is_kept = False
        if self._is_asked:
            self._failure = self._failure or BROKE
        if self._transport is not None:
            self._transport.abort()

    def rest(self, now: float) -> bool:
        """Lets go of the answer. Whether it may be asked again, until `expires`."""
        told = _KEEP_ALIVE_FOR.search(self.headers.get(b"keep-alive", b""))
        # A question must not be on its way when the other end hangs up.
        self.expires = now + (min(_KEPT, int(told[1]) - 1.0) if told else _KEPT)
        self.headers, self.body = {}, b""
        line = self._transport
        # An answer that came before the question was out is odd too.
        is_idle = line is not None and not line.is_closing() and not line.get_write_buffer_size()
        return is_idle and not self.is_over(now)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the types
        self._transport = transport
        self._among.add(self)
        self._look.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's interface
        return self._buffer[: _LONGEST_HEAD - self._dull] if self._dull else self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if not self._is_asked:
            # Nobody has asked anything, or the answer is already complete.
            self.close()
            return
        before = len(self._pieces)
        try:
            self._parser.feed_data(self._buffer[:nbytes])
        except (HttpParserError, HttpParserUpgrade):
            self._fail(NOT_HTTP)
        if not self.is_complete:
            self._go_on(nbytes, has_body=len(self._pieces) > before)

    def eof_received(self) -> None:
        self._is_kept = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._is_kept = False
        if self._is_asked and exc is None and not self._failure and self._ends_with_the_connection():
            self._complete()
        elif self._is_asked:
            self._fail(BROKE)
        self._among.discard(self)

    # What the parser calls, beside `on_header` and `on_body`.

    def on_message_begin(self) -> None:
        if not self._is_asked:
            # A second answer behind the first.
            self.close()

    def on_headers_complete(self) -> None:
        if not self._is_asked:
            return
        self.status = self._parser.get_status_code()
        if self.status < _LOWEST or self.status == _SWITCHING or len(self._fields) > _MOST_HEADERS:
            raise ConnectionTrouble(NOT_HTTP)
        self._has_head = self.status >= _OK
        self.headers = {name.lower(): value for name, value in reversed(self._fields.items())}
        self._fields.clear()

    def on_message_complete(self) -> None:
        if not self._is_asked:
            return
        if self._has_head:
            self._complete()
            self._is_kept = self._parser.should_keep_alive()
            return
        self._preludes += 1
        if self._preludes > _MOST_PRELUDES:
            raise ConnectionTrouble(NOT_HTTP)

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _resume(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def _go_on(self, count: int, *, has_body: bool) -> None:
        """Looks at how much there is of an answer that is not complete."""
        self._dull = 0 if has_body else self._dull + count
        if self._dull >= _LONGEST_HEAD:
            self._fail(NOT_HTTP)
        elif self._has_head and not self._failure and self._transport is not None:
            here = sum(map(len, self._pieces))
            if max(here, self.content_length or 0) > self._enough:
                self._is_paused = True
                self._transport.pause_reading()
                self._wake()

    def _ends_with_the_connection(self) -> bool:
        coding = self.headers.get(b"transfer-encoding", b"identity").strip().lower()
        return self._has_head and b"content-length" not in self.headers and coding == b"identity"

    def _complete(self) -> None:
        self.body = self._taken()
        self._fields.clear()
        self.is_complete, self._is_asked = True, False
        self._wake()

    def _taken(self) -> bytes:
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        return body

    def _run_late(self) -> None:
        self._fail(LATE)

    def _fail(self, failure: str) -> None:
        if not self.is_complete:
            self._failure = self._failure or failure
            self._wake()
        self.close()

    async def _wait(self) -> None:
        if not self._failure:
            self._waiter = self._loop.create_future()
            await self._waiter
        if self._failure:
            raise ConnectionTrouble(self._failure)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
