"""What the settings by themselves tell: what is wrong, and what was perhaps not meant like this."""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bot.doctor.report import Finding, bad, ok, warn
from bot.environment import DOTENV
from bot.settings import Settings
from bot.tracking.gateways import Gateway

_HASTY = 1.0  # seconds between two questions about one task
_HOOK_PORTS = frozenset({80, 88, 443, 8443})
_TELEGRAM = "api.telegram.org"


def look_at_choices(
    settings: Settings, gateways: tuple[Gateway, ...], wrong: list[str], slips: list[str]
) -> list[Finding]:
    """`wrong` are the sentences about settings that can not be used, `slips` those about names that nobody reads."""
    findings = [
        *map(bad, wrong),
        *map(warn, slips),
        *_guests(settings),
        *_keys(gateways),
        *_addresses(settings, gateways),
        *_doors(settings),
        *_pace(settings),
        *_file(DOTENV),
    ]
    return findings if wrong else [ok("every setting can be used"), *findings]


def _guests(settings: Settings) -> Iterator[Finding]:
    if settings.allowed_telegram_user_ids == "*":
        yield warn(
            "everybody is let in, on your keys and your bill",
            "unless that is meant, put numeric ids instead of * into ALLOWED_TELEGRAM_USER_IDS",
        )
    elif not (
        settings.allowed_telegram_user_ids or settings.allowed_telegram_chat_ids or settings.admin_telegram_user_ids
    ):
        yield warn(
            "nobody is let in: there are no allowed people, no allowed chats and no admins",
            "send the running bot a message, it tells you your id; put that into ADMIN_TELEGRAM_USER_IDS",
        )
        return
    if not settings.admin_telegram_user_ids:
        yield warn(
            "nobody is told when a key is rejected or a balance is empty, and nobody can /invite",
            "put your own id into ADMIN_TELEGRAM_USER_IDS",
        )


def _keys(gateways: tuple[Gateway, ...]) -> Iterator[Finding]:
    if not any(gateway.keys for gateway in gateways):
        yield warn(
            "no provider has a key, so the bot can follow nothing",
            "put at least one, such as APIPOD_API_KEY, into .env (python -m bot providers shows them all)",
        )


def _addresses(settings: Settings, gateways: tuple[Gateway, ...]) -> Iterator[Finding]:
    server = settings.telegram_api_base_url
    addresses = {
        "the bot's token": server,
        **{f"the key of {g.provider.name}": g.provider.base_url for g in gateways if g.keys},
    }
    for what, address in addresses.items():
        if address.startswith("http://") and not _is_near(urlsplit(address).hostname or ""):
            yield warn(f"{what} goes to {address} without encryption", "use https:// unless that network is your own")
    if settings.telegram_local_mode and urlsplit(server).hostname == _TELEGRAM:
        yield bad(
            "TELEGRAM_LOCAL_MODE is for a Bot API server of your own, but Telegram's is used",
            "name yours in TELEGRAM_API_BASE_URL, or leave TELEGRAM_LOCAL_MODE out",
        )


def _doors(settings: Settings) -> Iterator[Finding]:
    is_open = settings.http_port and not _is_near(settings.http_host)
    if is_open and not settings.public_url:
        yield warn(
            f"whoever reaches this machine can ask port {settings.http_port} how the bot is doing",
            "leave HTTP_HOST out, unless a container's port or a proxy elsewhere needs it",
        )
    if settings.telegram_webhook and settings.public_url:
        parts = urlsplit(settings.public_url)
        if parts.scheme != "https" or (parts.port or 443) not in _HOOK_PORTS:
            yield bad(
                "Telegram calls webhooks only by https, at the ports 443, 80, 88 and 8443",
                "put such an address into PUBLIC_URL, or leave TELEGRAM_WEBHOOK out",
            )


def _pace(settings: Settings) -> Iterator[Finding]:
    if settings.poll_interval and settings.poll_interval < _HASTY:
        yield warn(
            f"gateways are asked about each task every {settings.poll_interval:g} s, which they may well refuse",
            "leave POLL_INTERVAL out: the bot finds a pace by itself",
        )


def _file(path: Path) -> Iterator[Finding]:
    if path.is_dir():
        yield bad(
            ".env is a folder; a container makes one where the file is missing", "remove it, and put a file there"
        )
    elif path.exists() and path.stat().st_mode & 0o077:
        yield warn(
            f"others on this machine may read your keys: .env has the mode {path.stat().st_mode & 0o777:03o}",
            "chmod 600 .env",
        )


def _is_near(host: str) -> bool:
    """Whether the host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
