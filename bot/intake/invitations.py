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
PREFIX = "inv_"  # of what a link says
_DIGEST = re.compile(r"inv_([0-9a-f]{64})")
_START = re.compile(r"(\s*/start(?:@[A-Za-z0-9_]+)?\s+inv_)(\S+)(\s*)", re.IGNORECASE)


def new_code() -> str:
    """A code that nobody can guess, made for a link."""
    return secrets.token_urlsafe(_CODE_BYTES)


def digest_of(code: str) -> str:
    """What is stored of the code."""
    return hashlib.sha256(code.encode()).hexdigest()


def link(username: str, code: str) -> str:
    """What somebody opens to use the code."""
    return f"https://t.me/{username}?start={PREFIX}{code}"


def without_code(body: dict[str, Any]) -> dict[str, Any]:
    """A decoded update; where it shows a code, be it a whole one or not, that one's digest stands in its place.

    Whoever shows a digest is left with the digest of that, which is of no use.
    """
    message = body.get("message")
    if not isinstance(message, dict):
        return body
    hidden = {name: _hidden(message[name]) for name in ("text", "caption") if isinstance(message.get(name), str)}
    return {**body, "message": {**message, **hidden}}


def is_invitation(ask: Ask) -> bool:
    """Whether somebody in private shows a code; `without_code` has seen the message."""
    return ask.is_private and ask.command == "start" and digest_in(ask.arguments) is not None


def is_meant(payload: str) -> bool:
    """Whether what follows `/start` is an invitation, be it a whole one or not."""
    return payload.strip().startswith(PREFIX)


def digest_in(payload: str) -> str | None:
    """The digest that `without_code` left in what follows `/start`."""
    found = _DIGEST.fullmatch(payload.strip())
    return found[1] if found else None


def _hidden(text: str) -> str:
    found = _START.fullmatch(text)
    return f"{found[1]}{digest_of(found[2])}{found[3]}" if found else text
