"""Makes foreign text fit to store and show, without control characters and keys; knows nothing of its meaning."""

import re

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f]+"
)
_KEYS = (
    # Of an address the query may be a signature, and what stands before the @ is a password.
    (re.compile(r"(?i)(https?://)[^\s/@\"'<>]+@"), r"\1…@"),
    (re.compile(r"(?i)(https?://[^\s?\"'<>]+\?)[^\s\"'<>]+"), r"\1…"),
    (re.compile(r"(?<![A-Za-z0-9])(sk[-_])[\w*.\-]{3,}"), r"\1…"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), r"\1…"),
    (re.compile(r"(?<![A-Za-z0-9])(AIza|r8_|eyJ|xai-|hf_|AKIA|LTAI)[\w\-.]{12,}"), r"\1…"),
    (
        re.compile(
            r"(?i)((?:api[-_ ]?key|access[-_ ]?key(?:[-_ ]?id)?|token|secret|signature|password|authorization|[?&]key)"
            r"[\"']?\s*[=:]\s*[\"']?(?:basic\s+)?)[^\s\"',;&]{8,}"
        ),
        r"\1…",
    ),
    # A sentence about a key rather than an assignment: the key is what has digits.
    (
        re.compile(
            r"(?i)((?:key|token|密钥|令牌)\s*(?:provided|is|为|是)?\s*[:：]?\s*[\"'“]?)(?=[\w\-]*\d)[A-Za-z0-9_\-*]{16,}"
        ),
        r"\1…",
    ),
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
    text = plain(text, 4 * limit)
    for pattern, replacement in _KEYS:
        text = pattern.sub(replacement, text)
    return text[:limit]


def without_request_id(text: str) -> str:
    """`text` without the number that the gateway's own log has for the question: of no use to most who read it."""
    return _REQUEST_ID.sub("", text).strip()
