"""The codes of invitations: how they are made, and how they look in what people send. Pure.

A link is `https://t.me/<bot>?start=inv_<code>`. Only the code's digest is ever stored: it takes the code's place in a
message before that is kept, and whoever reads the database can not use it.
"""

import hashlib
import re
import secrets
from typing import Any

from bot.intake.asks import Ask

_CODE_BYTES = 16
_PREFIX = "inv_"
_CODE = re.compile(r"inv_([A-Za-z0-9_-]{22})")
_DIGEST = re.compile(r"inv_([0-9a-f]{64})")
_START = re.compile(r"(\s*/start(?:@[A-Za-z0-9_]+)?\s+inv_)([A-Za-z0-9_-]{22})(\s*)", re.IGNORECASE)


def new_code() -> str:
    """A code that nobody can guess, made for a link."""
    return secrets.token_urlsafe(_CODE_BYTES)


def digest_of(code: str) -> str:
    """What is stored of the code."""
    return hashlib.sha256(code.encode()).hexdigest()


def link(username: str, code: str) -> str:
    """What somebody opens to use the code."""
    return f"https://t.me/{username}?start={_PREFIX}{code}"


def is_invitation(ask: Ask) -> bool:
    """Whether somebody in private shows a code, as it came from Telegram."""
    return ask.is_private and ask.command == "start" and bool(_CODE.fullmatch(ask.arguments.strip()))


def is_meant(payload: str) -> bool:
    """Whether what follows `/start` is an invitation, be it a whole one or not."""
    return payload.strip().startswith(_PREFIX)


def without_code(body: dict[str, Any]) -> dict[str, Any]:
    """A decoded update; where it shows a code, the digest stands in its place."""
    message = body.get("message")
    found = _START.fullmatch(message.get("text") or "") if message else None
    if not message or not found:
        return body
    return {**body, "message": {**message, "text": f"{found[1]}{digest_of(found[2])}{found[3]}"}}


def digest_in(payload: str) -> str | None:
    """The digest that `without_code` left in what follows `/start`."""
    found = _DIGEST.fullmatch(payload.strip())
    return found[1] if found else None
