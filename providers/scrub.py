"""Makes foreign text fit to store and show, without control characters and keys; knows nothing of its meaning."""

import re

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f]+"
)
_KEYS = (
    (re.compile(r"(?<![A-Za-z0-9])(sk[-_])[\w*.\-]{3,}"), r"\1…"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), r"\1…"),
    (re.compile(r"(?<![A-Za-z0-9])(AIza|r8_|eyJ)[\w\-.]{16,}"), r"\1…"),
    (
        re.compile(r"(?i)((?:api[-_ ]?key|access[-_ ]?key|token|secret|[?&]key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]{8,}"),
        r"\1…",
    ),
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
