"""Which addresses a stranger's URL may lead to, and a connector that dials no other; knows no URL, no file."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

_GLOBAL_UNICAST = ip_network("2000::/3")

# What `is_global` lets pass and yet leads inwards, to a translator or to a neighbour in the same data centre.
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # protocol assignments; one cloud answers for its metadata here
            "192.88.99.0/24",  # the nearest 6to4 relay
            "168.63.129.16/32",  # a cloud's platform services, inside every virtual network
            "2001::/23",  # protocol assignments: Teredo carries an IPv4 address
            "2002::/16",  # 6to4 carries an IPv4 address
            "3fff::/20",  # documentation, not yet known to older Pythons
        ),
    )
)


class Forbidden(OSError):
    """An address that must not be dialled; an OSError, as the connector passes those on."""


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the open internet; False for what is not plainly one address.

    Of IPv6 only the global unicast block counts, so mapped, compatible and translated IPv4 forms all fail.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and (ip.scope_id is not None or ip not in _GLOBAL_UNICAST):
        return False
    return _is_ordinary(ip) and not any(ip in network for network in _SPECIAL)


def _is_ordinary(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class PublicResolver(AbstractResolver):
    """The system's resolver, except that a name with even one address that is not public has none at all."""

    def __init__(self) -> None:
        self._system = aiohttp.ThreadedResolver(loop=asyncio.get_running_loop())

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of `host`, or `Forbidden`; other failures as the system raises them."""
        try:
            answers = await self._system.resolve(host, port, family)
        except UnicodeError as error:
            raise Forbidden(f"{host!r} is no host name") from error
        if not answers or not all(is_public(answer["host"]) for answer in answers):
            raise Forbidden(f"{host} does not lead to public addresses alone")
        return answers

    async def close(self) -> None:
        """Let go of the system's resolver."""
        await self._system.close()


def public_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for the address that is dialled next, or `Forbidden`: no connection comes about without it.

    A numeric host in a URL never sees a resolver; it ends here, like every address a resolver gave.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise Forbidden(f"{address[0]} is not public")
    return socket.socket(family, kind, protocol)


def public_connector() -> aiohttp.TCPConnector:
    """A connector for public addresses only. Each name is resolved and judged anew for each connection."""
    return aiohttp.TCPConnector(resolver=PublicResolver(), socket_factory=public_socket, use_dns_cache=False)
