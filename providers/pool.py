"""The connections that rest between questions, so that none is opened anew for each."""

import asyncio
import ssl

from providers.connections import Connection
from providers.dialling import BROKE, NOT_SECURE, ConnectionTrouble, Dialler
from providers.requests import Origin
from providers.secured import SecuredConnection

_SWEEP = 5.0
_AT_ONCE = 1 << 16
_FAREWELLS = 3


class Connections:
    """The open connections of a process: a stack of resting ones for each origin, the one that rested last on top."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._diallers: dict[Origin, Dialler] = {}
        self._resting: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    def resting(self, origin: Origin) -> Connection | None:
        """A connection that can be asked at once, taken off the stack."""
        stack = self._resting.get(origin)
        while stack:
            connection = stack.pop()
            if not connection.is_over(self._loop.time()) and connection.is_silent():
                return connection
            connection.close()
        return None

    async def dial(self, origin: Origin) -> Connection:
        """A new connection. Raises ConnectionTrouble."""
        dialler = self._diallers.get(origin)
        if dialler is None:
            dialler = self._diallers[origin] = Dialler(origin)
        connection = await dialler.dial(lambda: self._new(origin))
        try:
            await connection.settle()
        except BaseException:
            connection.close()
            raise
        if self._is_closed:
            connection.close()
            raise ConnectionTrouble(BROKE)
        return connection

    def release(self, connection: Connection) -> None:
        """Puts a connection to rest after its answer, or closes it where that is not to be trusted."""
        if not connection.rest(self._loop.time()):
            connection.close()
            return
        self._resting.setdefault(connection.origin, []).append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(_SWEEP, self._sweep)

    async def close(self) -> None:
        """Closes all connections, those in use too."""
        self._is_closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for dialler in self._diallers.values():
            dialler.close()
        self._resting.clear()
        for connection in tuple(self._open):
            connection.close()
        for _ in range(_FAREWELLS):
            # The loop hangs up one turn later.
            await asyncio.sleep(0)

    def _new(self, origin: Origin) -> Connection:
        if origin.scheme == "http":
            return Connection(origin, self._buffer, self._open)
        try:
            return SecuredConnection(origin, self._buffer, self._open, self._tls)
        except ValueError as error:
            raise ConnectionTrouble(NOT_SECURE) from error

    def _sweep(self) -> None:
        """Closes what has rested for too long."""
        now = self._loop.time()
        for origin, stack in list(self._resting.items()):
            for connection in stack:
                if connection.is_over(now):
                    connection.close()
            stack[:] = [connection for connection in stack if not connection.is_over(now)]
            if not stack:
                del self._resting[origin]
        self._sweeping = self._loop.call_later(_SWEEP, self._sweep) if self._resting else None
