"""Why a task failed, as a kind that people can do something about; pure, and rather silent than wrong."""

import re
from enum import StrEnum

from providers import failure_words as words
from providers.base import TaskError

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GAPS = re.compile(r"(?:[\s_\-/]|\.(?!\s|$))+")


class FailureKind(StrEnum):
    """What was in a failed task's way, by what somebody can change about it."""

    MODERATION = "moderation"  # a filter did not let the words, a picture or the result pass
    BALANCE = "balance"  # the account could not pay for it
    KEY = "key"  # the key that it ran with was not accepted
    INPUT = "input"  # a prompt, file or setting that the gateway can not work with
    EXPIRED = "expired"  # it ran out of time
    BUSY = "busy"  # overloaded, too slow, broken inside


def _any_of(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns.split("\n")[1:-1]))


_HARMLESS = _any_of(words.HARMLESS)
# The first that matches decides.
_KINDS = tuple(
    (kind, _any_of(patterns))
    for kind, patterns in (
        (FailureKind.BUSY, words.BUSY_FIRST),
        (FailureKind.MODERATION, words.MODERATION),
        (FailureKind.BALANCE, words.BALANCE),
        (FailureKind.INPUT, words.INPUT_FIRST),
        (FailureKind.KEY, words.KEY),
        (FailureKind.INPUT, words.INPUT),
        (FailureKind.EXPIRED, words.EXPIRED),
        (FailureKind.BUSY, words.BUSY),
    )
)


def failure_kind(error: TaskError) -> FailureKind | None:
    """The kind that the message or the code names; None where neither does, and a number names nothing.

    Relays put everything under codes of their own, so the message comes first; but "try again later" is also what is
    said of no matter what.
    """
    by_message, by_code = _kind_of(error.message), _kind_of(error.code or "")
    return by_code or by_message if by_message is FailureKind.BUSY else by_message or by_code


def _kind_of(text: str) -> FailureKind | None:
    """Codes are taken apart first: `InputTextSensitive`, `SAFETY.INPUT.TEXT` and `content_policy` become words."""
    folded = _HARMLESS.sub("", _GAPS.sub(" ", _HUMP.sub(" ", text)).lower()).strip()
    return next((kind for kind, pattern in _KINDS if pattern.search(folded)), None) if folded else None
