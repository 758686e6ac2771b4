"""Reads the size of JPEG, PNG, GIF and WebP pictures out of their headers; decodes no pixel.

Source: ITU-T T.81 and CIPA DC-008 (JPEG, Exif), the PNG and GIF89a specifications, RFC 9649 (WebP).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.media.source import Malformed, Source

_EXIF = b"Exif\0\0"
_ORIENTATION = 0x0112
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})
# Start of frame, in all its codings; the three numbers left out are tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN, _APP1, _FILL = 0xDA, 0xE1, 0xFF
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END, _GIF_CONTROL = 0x21, 0x2C, 0x3B, 0xF9
_WEBP_MOVES = 0x02


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels as shown. `duration` is in seconds: None for a still, and where a moving one does not tell."""

    width: int
    height: int
    moves: bool = False
    duration: float | None = None


def read_png(source: Source) -> Picture:
    """A PNG, which stands still: a moving one shows its first frame. Raises `Malformed`."""
    kind, width, height = source.unpack(">4sII", 12)
    if kind != b"IHDR":
        raise Malformed("no header")
    return Picture(width, height)


def read_jpeg(source: Source) -> Picture:
    """A JPEG, turned as its Exif orientation says. Raises `Malformed`."""
    offset, sideways = 2, False
    while True:
        fill, marker = source.unpack(">BB", offset)
        if fill != _FILL or marker == _START_OF_SCAN:
            raise Malformed("no frame")
        if marker == _FILL or marker in _BARE:
            offset += 1 if marker == _FILL else 2
            continue
        if marker in _FRAMES:
            height, width = source.unpack(">HH", offset + 5)
            return Picture(height, width) if sideways else Picture(width, height)
        length = source.number(">H", offset + 2)
        sideways = sideways or (marker == _APP1 and _is_sideways(source, offset + 4, length - 2))
        offset += 2 + length


def _is_sideways(source: Source, start: int, length: int) -> bool:
    """Whether the Exif block in this segment lays the picture on its side. A broken block says no."""
    block = source.read(start, max(length, 0))
    if not block.startswith(_EXIF):
        return False
    tiff = block[len(_EXIF) :]
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"

    def number(offset: int, size: int) -> int:
        return int.from_bytes(tiff[offset : offset + size], order)

    first = number(4, 4)
    entries = (first + 2 + 12 * index for index in range(number(first, 2)))
    return any(number(at, 2) == _ORIENTATION and number(at + 8, 2) in _ON_ITS_SIDE for at in entries)


def read_gif(source: Source) -> Picture:
    """A GIF; it moves if it has a second frame. Raises `Malformed`."""
    width, height, flags = source.unpack("<HHB", 6)
    frames, hundredths, whole = 0, 0, True
    try:
        for delay in _gif_blocks(source, 13 + _palette(flags)):
            frames += delay is None
            hundredths += delay or 0
    except Malformed:  # cut off, or too long to count: what was seen still holds
        whole = False
    if not frames:
        raise Malformed("no frame")
    return Picture(width, height, frames > 1, hundredths / 100 if frames > 1 and whole and hundredths else None)


def _gif_blocks(source: Source, offset: int) -> Iterator[int | None]:
    """In order: each delay in hundredths of a second, and None for each frame."""
    while (kind := source.read(offset, 1)[0]) != _GIF_END:
        if kind == _GIF_IMAGE:
            yield None
            offset = _after_data(source, offset + 11 + _palette(source.read(offset + 9, 1)[0]))
        elif kind == _GIF_EXTENSION:
            if source.read(offset + 1, 1)[0] == _GIF_CONTROL:
                yield source.number("<H", offset + 4)
            offset = _after_data(source, offset + 2)
        else:
            raise Malformed("no block")


def _palette(flags: int) -> int:
    """Bytes that a colour table takes, by the flags before it."""
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _after_data(source: Source, offset: int) -> int:
    while length := source.read(offset, 1)[0]:
        offset += 1 + length
    return offset + 1


def read_webp(source: Source) -> Picture:
    """A WebP in any of its three codings. Raises `Malformed`."""
    kind = source.read(12, 4)
    if kind == b"VP8 ":
        width, height = source.unpack("<HH", 26)
        return Picture(width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        bits = source.number("<I", 21)
        return Picture((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind != b"VP8X":
        raise Malformed("no picture")
    flags, *sides = source.unpack("<B3xHBHB", 20)
    moves = bool(flags & _WEBP_MOVES)
    width, height = (low + (high << 16) + 1 for low, high in (sides[:2], sides[2:]))
    return Picture(width, height, moves, _webp_duration(source) if moves else None)


def _webp_duration(source: Source) -> float | None:
    offset, milliseconds = 12, 0
    while offset + 8 <= source.size:
        kind, length = source.unpack("<4sI", offset)
        if kind == b"ANMF":
            milliseconds += int.from_bytes(source.read(offset + 20, 3), "little")
        offset += 8 + length + length % 2
    return milliseconds / 1000 or None
