"""Programs that may act for a chat: what is known of each, and the secrets that it is told. Pure.

The secrets are made anew from the row whenever they are needed, with a key that only the bot has. So they are never
stored, and whoever reads the database can not use it.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

PREFIX = "rushes_"
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_CALLBACK = re.compile(r"([1-9][0-9]{0,17})-([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Program:
    """Whoever holds one token: it acts in that chat (or topic) for that person. `created_at` is in epoch seconds.

    `seed` is random, and of no use without the bot's key.
    """

    id: int
    chat_id: int
    thread_id: int
    user_id: int
    seed: str
    created_at: float


class Secrets:
    """The secrets of one bot's programs; `bot_token` is known to nobody else.

    `public_url`: where the bot's HTTP server is reached from outside, None where it is not.
    """

    def __init__(self, bot_token: str, public_url: str | None) -> None:
        self._key = hashlib.sha256(b"programs:" + bot_token.encode()).digest()
        self._public_url = public_url

    def token(self, seed: str) -> str:
        """What the program shows at every request."""
        return PREFIX + self._made(f"token:{seed}")

    def callback_url(self, program: Program) -> str | None:
        """Where a gateway may call back about the program's tasks; nothing else is to be had with it."""
        return self._public_url and f"{self._public_url}/callback/{program.id}-{self._proof(program)}"

    def is_callback(self, program: Program | None, proof: str) -> bool:
        """Whether the address was made for that program. It takes as long where there is no such program."""
        known = program or Program(0, 0, 0, 0, "", 0.0)
        return hmac.compare_digest(proof.encode(), self._proof(known).encode()) and program is not None

    def _proof(self, program: Program) -> str:
        return self._made(f"callback:{program.id}:{program.seed}")

    def _made(self, what: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, what.encode(), "sha256")).decode().rstrip("=")


def is_token(text: str) -> bool:
    """Whether `text` can be a token at all."""
    return _TOKEN.fullmatch(text) is not None


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_callback(text: str) -> tuple[int, str] | None:
    """The program's number and the proof in the last part of a callback's path; None for anything else."""
    found = _CALLBACK.fullmatch(text)
    return (int(found[1]), found[2]) if found else None
