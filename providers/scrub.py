"""Makes foreign text fit to store and show, without control characters and keys; knows nothing of its meaning."""

import re

from providers.redaction import without_secrets

_BLANK = "…"
_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f]+"
)
_REQUEST_ID = re.compile(
    r"(?i)[\s,;，；]*[(\[（【]?\s*\b(?:x-)?(?:request|req|trace|log)[-_ ]?id[\"']?\s*(?:[:=：#]|is)?\s*[\"']?"
    r"(?=[\w\-]*\d)[\w\-]{3,}[\"']?(?:\s*[)\]）】])?|[\s，；]*[（(]?请求\s*(?:ID|编号|标识)\s*[:：]?\s*[\w\-]{3,}[）)]?"
)


def plain(text: str, limit: int) -> str:
    """`text` without control, bidi and zero-width characters and lone surrogates, at most `limit` characters."""
    # Bounds the work on an answer that is one huge string; the rest could only matter after removing all before it.
    text = text[: 4 * limit]
    if not text.isprintable():
        text = _UNSEEN.sub("", _SPACES.sub(" ", text))
    return text.strip()[:limit]


def masked(text: str, limit: int) -> str:
    """As `plain`, with everything that looks like an API key cut down to its first letters."""
    return without_secrets(plain(text, 4 * limit), _BLANK)[:limit]


def without_request_id(text: str) -> str:
    """`text` without the number that the gateway's own log has for the question: of no use to most who read it."""
    return _REQUEST_ID.sub("", text).strip()
