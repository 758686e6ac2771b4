"""A connection through TLS. asyncio's own keeps 256 KiB for each; this one shares the buffer that all read into."""

import asyncio
import ssl

from providers.connections import Connection
from providers.dialling import NO_CONNECTION, NOT_SECURE
from providers.requests import Origin


class SecuredConnection(Connection):
    """As `Connection`, once `settle` has returned: certificate and name are what the context wants them to be."""

    __slots__ = ("_incoming", "_is_secured", "_outgoing", "_tls")

    def __init__(self, origin: Origin, buffer: memoryview, among: set[Connection], context: ssl.SSLContext) -> None:
        """Raises ValueError where the host can be no name on a certificate."""
        super().__init__(origin, buffer, among)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._is_secured = False
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=origin.host.rstrip("."))

    async def settle(self) -> None:
        while not self._is_secured:
            await self._wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._shake_hands()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's interface
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._is_kept:
            # It rests: even half a record would be the beginning of what nobody has asked for.
            self.close()
            return
        self._incoming.write(self._buffer[:nbytes])
        if not self._is_secured:
            self._shake_hands()
        if self._is_secured:
            self._read_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_secured:
            self._fail(NO_CONNECTION)
        super().connection_lost(exc)

    def _send(self, data: bytes) -> None:
        try:
            while data:
                data = data[self._tls.write(data) :]
        except ssl.SSLError:
            self._fail(NOT_SECURE)
        self._flush()

    def _resume(self) -> None:
        super()._resume()
        # What has been received already makes no event.
        self._loop.call_soon(self._read_on)

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            # The other end is told what is wrong before the line is cut.
            self._flush()
            self._fail(NOT_SECURE)
        else:
            self._is_secured = True
            self._flush()
            self._wake()

    def _read_on(self) -> None:
        """Hands on what can be deciphered, until reading pauses."""
        while not self._is_paused:
            room = super().get_buffer(-1)
            try:
                count = int(self._tls.read(len(room), room))
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                count = 0
            except ssl.SSLError:
                self._fail(NOT_SECURE)
                return
            if not count:
                self._hang_up()
                return
            super().buffer_updated(count)
        self._flush()

    def _hang_up(self) -> None:
        self._is_kept = False
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        if self._outgoing.pending and self._transport is not None:
            self._transport.write(self._outgoing.read())
