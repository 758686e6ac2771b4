"""Links to a gateway's own content route: they want the key, and some relays do not know their own address. Pure."""

import ipaddress
import re
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from providers.base import Output, Snapshot

# The route of the new-api family, and of what it imitates.
_CONTENT = re.compile(r"/v1/videos/[^/]+/content")
_PORTS = {"http": 80, "https": 443}


def on_own_origin(snapshot: Snapshot, base_url: str) -> Snapshot:
    """The snapshot with `needs_auth` where a link leads back to the gateway itself, and with that link repaired."""
    if not snapshot.outputs:
        return snapshot
    outputs = tuple(_judged(output, base_url) for output in snapshot.outputs)
    return snapshot if outputs == snapshot.outputs else replace(snapshot, outputs=outputs)


def same_origin(one: str, other: str) -> bool:
    """Whether both addresses have the same scheme, host and port."""
    ours, theirs = _split(one), _split(other)
    return ours is not None and theirs is not None and _origin(ours) == _origin(theirs)


def _judged(output: Output, base_url: str) -> Output:
    parts = _split(output.url)
    if parts is None or parts.scheme not in _PORTS:
        return output
    is_own = same_origin(output.url, base_url)
    if output.needs_auth:
        # An operator's word counts for the provider's own origin only: the key goes nowhere else.
        return output if is_own else replace(output, needs_auth=False)
    if not _CONTENT.fullmatch(parts.path):
        return output
    if is_own:
        return replace(output, needs_auth=True)
    if _is_local(parts.hostname or ""):
        # A relay whose operator never told it its address names the one it sees itself at.
        base = urlsplit(base_url)
        url = parts._replace(scheme=base.scheme, netloc=base.netloc).geturl()
        return replace(output, url=url, needs_auth=True)
    return output


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port is not None or parts.hostname else None
    except ValueError:
        return None


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host
