"""What secrets look like: one table for all who blank them, each in its own way. Pure; knows no secret itself."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Shape(NamedTuple):
    """One kind of secret, as two patterns whose group `secret` is what has to go.

    `loose` is for words that nobody needs unharmed, such as a log line or a gateway's complaint. `strict` is for what
    people send, where a task's ID or a link to a result must not be taken for a key; "" where it is left alone there.
    """

    loose: str
    strict: str = ""


SHAPES = (
    # Of an address the query may be a signature, and what stands before the @ is a password.
    Shape(
        r"://(?P<secret>[^\s/@\"'<>]+)@",
        r"(?i)https?://[^\s/?#@:]{0,255}:(?P<secret>[^\s/?#@]{8,255})@",
    ),
    Shape(r"(?i)https?://[^\s?\"'<>]+\?(?P<secret>[^\s\"'<>]+)"),
    # A bot's token; Telegram's paths have "bot" before it.
    Shape(
        r"(?i)(?:(?<![a-z0-9])bot\d+|\b\d{6,})(?::|%3A)(?P<secret>[\w-]{20,})",
        r"\b\d{8,}:(?P<secret>[A-Za-z0-9_-]{35,})",
    ),
    Shape(
        r"(?<![A-Za-z0-9])sk[-_](?P<secret>[\w*.\-]{3,})",
        r"(?<![A-Za-z0-9_-])(?P<secret>sk[-_][A-Za-z0-9_-]{16,})",
    ),
    Shape(
        r"(?<![A-Za-z0-9])(?:AIza|r8_|xai-|hf_|gsk_|AKIA|LTAI)(?P<secret>[\w\-.]{12,})",
        r"(?<![A-Za-z0-9_-])(?P<secret>(?:AIza|r8_|xai-|hf_|key_)[A-Za-z0-9_-]{24,})",
    ),
    Shape(
        r"(?<![A-Za-z0-9])eyJ(?P<secret>[\w\-.]{12,})",
        r"(?<![A-Za-z0-9_-])(?P<secret>eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})",
    ),
    # Our own: a program's token, an invitation, the path at which a gateway calls back.
    Shape(
        r"(?<![A-Za-z0-9])rushes_(?P<secret>[A-Za-z0-9_-]{32,})",
        r"(?<![A-Za-z0-9_-])(?P<secret>rushes_[A-Za-z0-9_-]{32,})",
    ),
    Shape(r"(?<![A-Za-z0-9])inv_(?P<secret>[\w-]{8,})"),
    Shape(r"/callback/(?P<secret>[^\s\"'<>?#]+)"),
    Shape(
        r"(?i)\bbearer\s+(?P<secret>[^\s\"',;]+)",
        r"(?i)\bbearer\s{1,9}(?P<secret>[\w.~+/=:-]{8,})",
    ),
    Shape(
        r"(?i)(?:api[-_ ]?key|access[-_ ]?key(?:[-_ ]?id)?|token|secret|signature|password|authorization|[?&]key)"
        r"[\"']?\s*[=:]\s*[\"']?(?:(?:basic|key|token)\s+)?(?P<secret>[^\s\"',;&]{8,})",
        r"(?i)(?:authorization|(?:api|access|secret)[-_ ]?key|[?&]key)[\"'“”]?\s{0,9}[:=]\s{0,9}[\"'“”]?"
        r"(?:(?:key|token|basic)\s{1,9})?(?P<secret>[^\s\"'“”,;&<>{}$]{8,})",
    ),
    # A sentence about a key rather than an assignment: the key is what has digits.
    Shape(
        r"(?i)(?:key|token|密钥|令牌)\s*(?:provided|is|为|是)?\s*[:：]?\s*[\"'“]?"
        r"(?P<secret>(?=[\w\-]*\d)[A-Za-z0-9_\-*]{16,})"
    ),
)
_LOOSE = tuple(re.compile(shape.loose) for shape in SHAPES)
_STRICT = tuple(re.compile(shape.strict) for shape in SHAPES if shape.strict)


def without_secrets(text: str, blank: str) -> str:
    """`text` with everything that looks like a secret replaced, one word too many rather than one too few."""
    return _replaced(text, _LOOSE, lambda _: blank)


def without_certain_secrets(text: str, blank: Callable[[str], str]) -> str:
    """`text` with what can hardly be anything but a secret replaced by what `blank` makes of it."""
    return _replaced(text, _STRICT, blank)


def _replaced(text: str, shapes: Iterable[re.Pattern[str]], blank: Callable[[str], str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        begin, end = (place - found.start() for place in found.span("secret"))
        return found[0][:begin] + blank(found["secret"]) + found[0][end:]

    for shape in shapes:
        text = shape.sub(replaced, text)
    return text
