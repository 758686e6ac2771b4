"""Opens sockets to one origin: looks its name up once for all who want it, and tries its addresses side by side."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from aiohappyeyeballs import AddrInfoType, start_connection

from providers.requests import Origin

NO_NAME = "the gateway's name could not be resolved"
NO_CONNECTION = "no connection to the gateway"
NOT_SECURE = "no secure connection to the gateway"
NOT_HTTP = "the gateway does not speak proper HTTP"
LATE = "no complete answer in time"
BROKE = "the connection to the gateway broke"

_REMEMBERED = 10.0
_HEAD_START = 0.25

Protocol = TypeVar("Protocol", bound=asyncio.BaseProtocol)


class ConnectionTrouble(Exception):
    """What broke, in words of our own: the system's would show the address."""


class Dialler:
    """Connects to one origin. A hundred connections at once are one look at its name; addresses are kept 10 s."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._addresses: list[AddrInfoType] = []
        self._known_until = 0.0
        self._looking: asyncio.Task[list[Any]] | None = None

    async def dial(self, protocol: Callable[[], Protocol]) -> Protocol:
        """A connection, without TLS. Raises ConnectionTrouble."""
        loop = asyncio.get_running_loop()
        addresses = await self._resolved(loop)
        try:
            line = await start_connection(addresses, happy_eyeballs_delay=_HEAD_START)
        except OSError as error:
            self._addresses = []
            raise ConnectionTrouble(NO_CONNECTION) from error
        try:
            _, connected = await loop.create_connection(protocol, sock=line)
        except BaseException as error:
            line.close()
            if isinstance(error, OSError):
                raise ConnectionTrouble(NO_CONNECTION) from error
            raise
        return connected

    def close(self) -> None:
        """Nobody waits for the name any more."""
        if self._looking is not None:
            self._looking.cancel()

    async def _resolved(self, loop: asyncio.AbstractEventLoop) -> list[AddrInfoType]:
        if self._addresses and loop.time() < self._known_until:
            return self._addresses
        looking = self._looking
        if looking is None:
            looking = self._looking = loop.create_task(self._look_up(loop, self._origin.host, self._origin.port))
            looking.add_done_callback(self._looked)
        # Who gives up waiting does not take the answer from the others.
        await asyncio.wait([looking])
        if looking.cancelled():
            raise ConnectionTrouble(BROKE)
        try:
            return looking.result()
        except (OSError, UnicodeError) as error:
            raise ConnectionTrouble(NO_NAME) from error

    @staticmethod
    async def _look_up(loop: asyncio.AbstractEventLoop, host: str, port: int) -> list[Any]:
        return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)

    def _looked(self, looking: asyncio.Task[list[Any]]) -> None:
        self._looking = None
        if not looking.cancelled() and looking.exception() is None:
            self._addresses = looking.result()
            self._known_until = looking.get_loop().time() + _REMEMBERED
