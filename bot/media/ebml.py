"""Reads what a WebM or Matroska file says of itself out of its EBML elements; decodes no picture and no sound.

Source: RFC 8794 (EBML) and RFC 9559 (Matroska).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bot.media.source import Malformed, Source

_HEADER, _SEGMENT, _INFO, _TRACKS, _TRACK = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE
_DOC_TYPE, _SCALE, _DURATION = 0x4282, 0x2AD7B1, 0x4489
_TRACK_TYPE, _CODEC, _VIDEO, _PROJECTION, _ROLL = 0x83, 0x86, 0xE0, 0x7670, 0x7675
_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT = 0xB0, 0xBA, 0x54B0, 0x54BA
_PICTURE, _SOUND = 1, 2
_DEFAULT_SCALE = 1_000_000  # nanoseconds per unit of time
_MAX_SIDE = 0xFFFF
_CODECS: Mapping[str, str] = {
    "V_VP8": "vp8",
    "V_VP9": "vp9",
    "V_AV1": "av1",
    "V_MPEG4/ISO/AVC": "h264",
    "V_MPEGH/ISO/HEVC": "hevc",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """A whole file. `width` and `height` are pixels as shown, `duration` is seconds, None where it says none."""

    is_webm: bool
    has_picture: bool
    has_audio: bool
    width: int | None
    height: int | None
    duration: float | None
    video_codec: str | None


class Element(NamedTuple):
    """One element: its identifier with the length marker, and where its body starts and ends."""

    name: int
    start: int
    end: int


def read_clip(source: Source) -> Clip:
    """What the file says of itself. Raises `Malformed` if it has no readable tracks."""
    top = {element.name: element for element in _elements(source, 0, source.size)}
    if _SEGMENT not in top or _HEADER not in top:
        raise Malformed("no segment")
    is_webm = _text(source, _inside(source, top[_HEADER]).get(_DOC_TYPE)) == "webm"
    info, tracks = _head(source, top[_SEGMENT])
    pictures = [track for track in tracks if _type(source, track) == _PICTURE]
    picture = pictures[0] if pictures else {}
    width, height = _shape(source, picture)
    return Clip(
        is_webm=is_webm,
        has_picture=bool(pictures),
        has_audio=any(_type(source, track) == _SOUND for track in tracks),
        width=width,
        height=height,
        duration=_duration(source, info),
        video_codec=_codec(_text(source, picture.get(_CODEC))),
    )


def _elements(source: Source, start: int, end: int) -> Iterator[Element]:
    while start < end:
        name, name_length = _variable(source, start, marked=True)
        size, size_length = _variable(source, start + name_length, marked=False)
        start += name_length + size_length
        is_endless = size == 2 ** (7 * size_length) - 1  # a live recording: lasts as long as its parent
        after = end if is_endless else min(start + size, end)
        yield Element(name, start, after)
        start = after


def _variable(source: Source, offset: int, *, marked: bool) -> tuple[int, int]:
    """A number of one to eight bytes, with or without its length marker, and its length."""
    first = source.read(offset, 1)[0]
    length = 9 - first.bit_length()
    if first == 0:
        raise Malformed("no number")
    value = int.from_bytes(source.read(offset, length), "big")
    return (value if marked else value & (2 ** (7 * length) - 1)), length


def _inside(source: Source, parent: Element | None) -> dict[int, Element]:
    """The children by identifier; of several with the same one, the first."""
    children: dict[int, Element] = {}
    if parent is not None:
        for element in _elements(source, parent.start, parent.end):
            children.setdefault(element.name, element)
    return children


def _head(source: Source, segment: Element) -> tuple[dict[int, Element], list[dict[int, Element]]]:
    """The information and the tracks, which stand before the media in any sensible file."""
    found: dict[int, Element] = {}
    for element in _elements(source, segment.start, segment.end):
        found.setdefault(element.name, element)
        if _INFO in found and _TRACKS in found:
            break
    if _TRACKS not in found:
        raise Malformed("no tracks")
    tracks = found[_TRACKS]
    entries = [e for e in _elements(source, tracks.start, tracks.end) if e.name == _TRACK]
    return _inside(source, found.get(_INFO)), [_inside(source, entry) for entry in entries]


def _duration(source: Source, info: Mapping[int, Element]) -> float | None:
    scale = _number(source, info.get(_SCALE)) or _DEFAULT_SCALE
    seconds = _real(source, info.get(_DURATION)) * scale / 1e9
    return seconds if 0 < seconds < float("inf") else None


def _shape(source: Source, track: Mapping[int, Element]) -> tuple[int | None, int | None]:
    video = _inside(source, track.get(_VIDEO))
    width, height, across, down = (
        _number(source, video.get(name)) for name in (_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT)
    )
    if across and down:  # pixels, centimetres or a bare ratio: only the ratio is wanted
        stretched = round(height * across / down)
        width = stretched if 0 < stretched <= _MAX_SIDE else width
    roll = _real(source, _inside(source, video.get(_PROJECTION)).get(_ROLL))
    if round(abs(roll)) % 180 == 90:  # noqa: PLR2004 - degrees
        width, height = height, width
    return width or None, height or None


def _type(source: Source, track: Mapping[int, Element]) -> int:
    return _number(source, track.get(_TRACK_TYPE))


def _codec(name: str) -> str | None:
    return _CODECS.get(name) or name.removeprefix("V_").lower() or None


def _number(source: Source, element: Element | None) -> int:
    if element is None or element.end - element.start > 8:  # noqa: PLR2004 - the longest integer
        return 0
    return int.from_bytes(source.read(element.start, element.end - element.start), "big")


def _real(source: Source, element: Element | None) -> float:
    layout = {4: ">f", 8: ">d"}.get(element.end - element.start) if element else None
    return float(source.unpack(layout, element.start)[0]) if element and layout else 0.0


def _text(source: Source, element: Element | None) -> str:
    if element is None or element.end - element.start > 64:  # noqa: PLR2004 - no codec has a longer name
        return ""
    return source.read(element.start, element.end - element.start).rstrip(b"\0").decode("ascii", "replace")
