"""The gateways: whether each account is answered, with its key, and what time it is there."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

from bot import __version__
from bot.doctor.report import Finding, bad, ok, warn
from bot.tracking.gateways import Gateway
from providers.base import Endpoint, QueryError, QueryErrorKind, Snapshot
from providers.client import GatewayClient
from providers.parse import WEB_PAGE

_SECONDS = 10.0
_MOST_SKEW = 60.0  # seconds; signed links and tokens rarely bear more
_SERVER_ERROR = 500
# Nobody has such a task; which one is asked for depends on what the provider's IDs look like.
_NOBODYS = ("rushes-doctor-0", "00000000-0000-4000-8000-000000000000", "task_00000000000000000000000000", "0" * 24)

Heard = tuple[Finding, float | None]


async def look_at_gateways(gateways: tuple[Gateway, ...]) -> AsyncIterator[Finding]:
    """Every account side by side. A question about a task that nobody has costs nothing, and shows all of it."""
    accounts = [(gateway, number) for gateway in gateways for number in range(len(gateway.keys))]
    async with GatewayClient(version=__version__, timeout=_SECONDS) as client:
        heard = await asyncio.gather(*(_knock(client, gateway, number) for gateway, number in accounts))
    for finding, _ in heard:
        yield finding
    skews = [skew for _, skew in heard if skew is not None]
    if skews:
        yield _about_clock(min(skews, key=abs))
    off = [gateway.provider.name for gateway in gateways if not gateway.keys]
    if off:
        yield ok(f"off, because no key is set: {', '.join(off)}")


async def _knock(client: GatewayClient, gateway: Gateway, number: int) -> Heard:
    provider = gateway.provider
    name = provider.name if len(gateway.keys) == 1 else f"{provider.name}, account {number + 1}"
    try:
        task_id, endpoint = next(_questions(gateway))
    except StopIteration:
        return warn(
            f"{name}: not asked, for its task IDs have a shape of their own",
            f"ask about a real one: python -m bot query ID --provider {provider.name}",
        ), None
    answer, clock = await client.knock(provider, endpoint, gateway.keys[number], task_id)
    return _about(
        f"{name} at {_shown(provider.base_url)}", gateway, answer
    ), None if clock is None else time.time() - clock


def _questions(gateway: Gateway) -> Iterator[tuple[str, Endpoint]]:
    return ((one, gateway.provider.endpoints[0]) for one in _NOBODYS if gateway.provider.accepts(one))


def _about(name: str, gateway: Gateway, answer: Snapshot | QueryError) -> Finding:
    if isinstance(answer, Snapshot):
        return _right(name, gateway)
    match answer.kind:
        case QueryErrorKind.AUTH:
            cure = f"put a valid one into {gateway.setting or 'PROVIDERS_FILE'}"
            return bad(f"{name} refuses the key: {answer.message}", cure)
        case QueryErrorKind.PAYMENT:
            return bad(f"{name} wants to be paid: {answer.message}", "top up that account")
        case QueryErrorKind.RATE_LIMITED:
            return warn(f"{name} asks for fewer questions: {answer.message}", "PROVIDER_MAX_RPS can hold the bot back")
        case _ if answer.http is None:
            return bad(
                f"{name} is not reached: {answer.message}", f"check this machine's network, and {_base(gateway)}"
            )
        case _ if answer.message == WEB_PAGE:
            cure = f"check {_base(gateway)}: that is not the API, or something stands before it"
            return bad(f"{name} answers with a web page (HTTP {answer.http})", cure)
        case QueryErrorKind.NOT_FOUND:
            return _right(name, gateway)
    cure = "ask again later; the bot does so by itself" if answer.http >= _SERVER_ERROR else f"check {_base(gateway)}"
    return warn(f"{name} is reached, but in trouble (HTTP {answer.http}): {answer.message}", cure)


def _right(name: str, gateway: Gateway) -> Finding:
    return ok(f"{name} answers" + (" and does not refuse the key" if gateway.setting else ""))


def _base(gateway: Gateway) -> str:
    """Where the operator has written the address."""
    name = gateway.provider.name.upper()
    return f"{name}_BASE_URL" if gateway.setting == f"{name}_API_KEY" else "its base_url in PROVIDERS_FILE"


def _about_clock(skew: float) -> Finding:
    if abs(skew) <= _MOST_SKEW:
        return ok("this machine's clock agrees with theirs")
    off = f"{abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    return warn(
        f"this machine's clock is {off}: links and tokens end at other times",
        "set it by the network (timedatectl set-ntp true)",
    )


def _shown(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
