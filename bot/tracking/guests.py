"""Who was let in or turned away from inside the bot, beside the operator's lists. Plain values."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What was decided about a person or a chat."""

    ALLOWED = "allowed"
    DENIED = "denied"
    ASKED = "asked"  # they asked to be let in, and nobody has decided yet


@dataclass(frozen=True, slots=True)
class Guest:
    """A person (`id` > 0) or a group (`id` < 0). `name` is what they call themselves, perhaps ""; `since` the epoch."""

    id: int
    verdict: Verdict
    name: str
    since: float
