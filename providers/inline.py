"""Takes a base64 file out of a JSON answer while it arrives; pure, and knows nothing of where bytes come from or go.

A finished video inside JSON is tens of megabytes of one string, often twice over. Read as a document it would stand in
memory several times and hold up everything else while it is scanned. So long strings never reach the JSON reader: one
that is base64 may become a file, the others are dropped, and what is left is a small document.
"""

import binascii
import re
from collections.abc import Callable
from typing import NamedTuple

_CONTENT = re.compile(rb'(?:[^"\\]++|\\u[0-9a-fA-F]{4}|\\[^u])*+', re.DOTALL)
_KEY = re.compile(rb'"([^"\\]{1,64})"\s*:\s*"\Z')
_KEY_WINDOW = 128
_MAIN = re.compile(rb"base64|b64|data|file|video|image|content|media|result|output|url|bytes", re.IGNORECASE)
_BARE = re.compile(rb"base64|b64", re.IGNORECASE)
_ASIDE = re.compile(rb"thumb|cover|poster|preview|frame", re.IGNORECASE)
_HEADER = re.compile(rb"data:[\w.+\-/;= ]{1,120};base64,", re.IGNORECASE)
_ESCAPE = re.compile(rb"\\(?:[nrt]|u000[aAdD9])")
_ESCAPED = ((b"\\/", b"/"), (b"\\u002b", b"+"), (b"\\u002B", b"+"), (b"\\u002f", b"/"), (b"\\u002F", b"/"))
_PADDING = re.compile(rb"\\u003[dD]")
_ALPHABET = re.compile(rb"[A-Za-z0-9+/]*+={0,2}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_LONG = 4096
_LONGEST_ESCAPE = 6
_MARKER = re.compile(r",#([0-9]+)\Z")
_MARKER_LENGTH = 12


def decode(text: str) -> bytes | None:
    """The bytes of a base64 string or a base64 `data:` URL; None when it is neither."""
    decoder = _Base64()
    try:
        return (decoder.feed(_without_header(text.encode("ascii"))) + decoder.finish()) or None
    except ValueError:
        return None


class Found(NamedTuple):
    """A long string: the key before it, and its number among those that are base64 by their head or their key."""

    key: bytes
    number: int | None


def marker(url: str) -> int | None:
    """The number of the long string that a document's `data:` URL stands for; None if it stands for itself."""
    found = _MARKER.search(url[-_MARKER_LENGTH:]) if url.startswith("data:") else None
    return int(found[1]) if found else None


class TooManyWords(ValueError):
    """An answer is larger than its limit even without its long strings."""


class Unpacker:
    """Feed it an answer piece by piece; it gives back the file's bytes and keeps the rest as `document`.

    `complete`: a file was found and its string has ended. Raises ValueError for what cannot be JSON or base64.
    """

    def __init__(self, limit: int = 1 << 16, longest: int = _LONG, take: Callable[[Found], bool] | None = None) -> None:
        """`limit`: the most bytes that an answer may have besides its strings of more than `longest` bytes.

        `take` chooses the one that becomes the file; by default the first that seems to be the result.
        """
        self.document = bytearray()
        self.complete = False
        self._limit = limit
        self._longest = longest
        self._take = take or _is_result
        self._count = 0
        self._decoder: _Base64 | None = None
        self._short = bytearray()
        self._in_string = self._in_file = self._is_dropping = False
        self._cut = b""

    def feed(self, chunk: bytes) -> bytes:
        """The next bytes of the file, often none."""
        data, self._cut = self._cut + chunk, b""
        out = bytearray()
        position = 0
        while position < len(data):
            take = self._inside if self._in_string else self._outside
            position = take(data, position, out)
            if len(self.document) > self._limit:
                raise TooManyWords("too large for an answer about one file")
        return bytes(out)

    def _outside(self, data: bytes, start: int, _out: bytearray) -> int:
        end = data.find(b'"', start) + 1
        self._in_string = end > 0
        end = end or len(data)
        self.document += data[start:end]
        return end

    def _inside(self, data: bytes, start: int, out: bytearray) -> int:
        match = _CONTENT.match(data, start)
        end = match.end() if match else start
        out += self._content(data[start:end])
        if data[end : end + 1] == b'"':
            out += self._end_string()
            return end + 1
        if len(data) - end >= _LONGEST_ESCAPE:
            raise ValueError("not JSON")
        # An escape that the next chunk completes.
        self._cut = data[end:]
        return len(data)

    def _content(self, piece: bytes) -> bytes:
        if self._in_file and self._decoder:
            return self._decoder.feed(piece)
        if self._is_dropping:
            return b""
        self._short += piece
        return self._begin_long() if len(self._short) > self._longest else b""

    def _begin_long(self) -> bytes:
        raw = bytes(self._short)
        text = _without_header(raw)
        self._short.clear()
        key = self._key()
        found = Found(key, self._count if len(text) < len(raw) or _BARE.search(key) else None)
        if found.number is not None:
            # The document keeps the head of a `data:` URL, and by which number the bytes can be had.
            self.document += raw[: len(raw) - len(text)] + b"#%d" % found.number
            self._count += 1
        self._in_file = self._decoder is None and self._take(found) and _is_base64(text)
        self._is_dropping = not self._in_file
        if self._is_dropping:
            return b""
        self._decoder = _Base64()
        return self._decoder.feed(text)

    def _key(self) -> bytes:
        key = _KEY.search(bytes(self.document[-_KEY_WINDOW:]))
        return key[1] if key else b""

    def _end_string(self) -> bytes:
        rest = self._decoder.finish() if self._in_file and self._decoder else b""
        self.complete = self.complete or self._in_file
        self.document += self._short + b'"'
        self._short.clear()
        self._in_string = self._in_file = self._is_dropping = False
        return rest


def _is_result(found: Found) -> bool:
    is_named = found.number is not None or _MAIN.search(found.key)
    return bool(is_named) and not _ASIDE.search(found.key)


class _Base64:
    """Decodes base64 in pieces of any length, as it stands in a JSON string: escapes, line ends, both alphabets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        text = self._rest + _unescaped(piece)
        whole = len(text) - len(text) % 4
        self._rest = text[whole:]
        return binascii.a2b_base64(text[:whole], strict_mode=True)

    def finish(self) -> bytes:
        text, self._rest = self._rest, b""
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)


def _unescaped(piece: bytes) -> bytes:
    if b"\\" in piece:
        piece = _PADDING.sub(b"=", _ESCAPE.sub(b"", piece))
        for escaped, plain in _ESCAPED:
            piece = piece.replace(escaped, plain)
    return piece.translate(_URL_SAFE, b" \t\r\n")


def _without_header(text: bytes) -> bytes:
    header = _HEADER.match(text.replace(b"\\/", b"/", 2))
    return text[text.index(b",") + 1 :] if header else text


def _is_base64(text: bytes) -> bool:
    """Whether it begins so; the sample may end within an escape."""
    sample = _unescaped(text[:_LONG])
    match = _ALPHABET.match(sample)
    return match is not None and match.end() >= len(sample) - _LONGEST_ESCAPE
