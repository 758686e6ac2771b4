"""The seal on a button's data: proof that this bot put the button into that very chat. Pure.

Telegram hands on whatever a client claims to have pressed. A seal that does not fit is known for a forgery, or for a
button of another chat, before anything is looked up.
"""

import base64
import hashlib
import hmac

_BYTES = 6
_LENGTH = 8
# Telegram's bound on a button's data, in bytes, and what is left of it beside the seal.
DATA_LIMIT = 64
ROOM = DATA_LIMIT - _LENGTH


class Seal:
    """Seals for one bot; `secret` is known to nobody else."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"buttons:" + secret.encode()).digest()

    def closed(self, data: str, chat_id: int) -> str:
        """`data` (at most `ROOM` bytes) as the button in that chat carries it."""
        return self._proof(data, chat_id) + data

    def opened(self, sealed: str, chat_id: int) -> str | None:
        """What was sealed for that chat; None if this was not."""
        proof, data = sealed[:_LENGTH], sealed[_LENGTH:]
        fits = hmac.compare_digest(proof.encode("utf-8", "replace"), self._proof(data, chat_id).encode())
        return data if fits else None

    def _proof(self, data: str, chat_id: int) -> str:
        text = f"{chat_id}:{data}".encode("utf-8", "replace")
        return base64.urlsafe_b64encode(hmac.digest(self._key, text, "sha256")[:_BYTES]).decode()
