"""Reads what an MP4 or QuickTime file says of itself out of its boxes; decodes no picture and no sound.

Source: ISO/IEC 14496-12 (boxes), 14496-14 (MP4) and the QuickTime File Format Specification.
"""

import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.media.source import Malformed, Source

_MAX_SIDE = 0xFFFF
_ENABLED = 1
_TRUN_FIELDS = (
    0x100,
    0x200,
    0x400,
    0x800,
)  # duration, size, flags, composition offset: 4 bytes a sample each
_CODECS: Mapping[bytes, str] = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"dvh1": "hevc",
    b"dvhe": "hevc",
    b"av01": "av1",
    b"vp08": "vp8",
    b"vp09": "vp9",
    b"mp4v": "mpeg4",
    b"jpeg": "mjpeg",
    b"ap4h": "prores",
    b"apch": "prores",
    b"apcn": "prores",
    b"apcs": "prores",
}


@dataclass(frozen=True, slots=True)
class Track:
    """One track. `width` and `height` are pixels as shown; `scale` is units per second."""

    number: int
    handler: bytes
    enabled: bool
    scale: int
    duration: int
    codec: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Movie:
    """A whole file. `duration` is in seconds, None where it says none; `faststart`: `moov` before the media."""

    tracks: tuple[Track, ...]
    duration: float | None
    faststart: bool

    @property
    def picture(self) -> Track | None:
        """The track that a player would show."""
        shown = [track for track in self.tracks if track.handler == b"vide"]
        return next((track for track in shown if track.enabled), shown[0] if shown else None)

    @property
    def has_audio(self) -> bool:
        """Whether any track holds sound."""
        return any(track.handler == b"soun" for track in self.tracks)


class Box(NamedTuple):
    """One box: its type, and where its body starts and ends."""

    kind: bytes
    start: int
    end: int


def read_movie(source: Source) -> Movie:
    """What the file says of itself. Raises `Malformed` if it has no readable `moov`."""
    faststart = True
    for box in _boxes(source, 0, source.size):
        if box.kind == b"moov":
            tracks = tuple(_tracks(source, box))
            return Movie(tracks, _duration(source, box, tracks), faststart)
        faststart = faststart and box.kind != b"mdat"
    raise Malformed("no moov")


def _boxes(source: Source, start: int, end: int) -> Iterator[Box]:
    while start + 8 <= end:
        size, kind = source.unpack(">I4s", start)
        head = 8
        if size == 1:
            size, head = source.number(">Q", start + 8), 16
        elif size == 0:
            size = end - start
        if size < head:
            return
        yield Box(kind, start + head, min(start + size, end))
        start += size


def _inside(source: Source, box: Box, *path: bytes) -> Box | None:
    """The first box down this path of types."""
    found: Box | None = box
    for kind in path:
        if found is None:
            return None
        found = next((child for child in _boxes(source, found.start, found.end) if child.kind == kind), None)
    return found


def _tracks(source: Source, moov: Box) -> Iterator[Track]:
    for box in _boxes(source, moov.start, moov.end):
        if box.kind == b"trak":
            head = _inside(source, box, b"tkhd")
            media = _inside(source, box, b"mdia")
            if head and media:
                yield _track(source, head, media)


def _track(source: Source, head: Box, media: Box) -> Track:
    is_long = source.read(head.start, 1) == b"\x01"
    flags = source.number(">I", head.start)
    number = source.number(">I", head.start + (20 if is_long else 12))
    handler = _handler(source, media)
    scale, duration = _clock(source, media, b"mdhd")
    track = Track(number, handler, bool(flags & _ENABLED), scale, duration)
    entry = _inside(source, media, b"minf", b"stbl", b"stsd")
    if handler != b"vide" or entry is None:
        return track
    return _with_picture(source, track, head.start + (52 if is_long else 40), entry)


def _handler(source: Source, media: Box) -> bytes:
    box = _inside(source, media, b"hdlr")
    return source.read(box.start + 8, 4) if box else b""


def _clock(source: Source, parent: Box, kind: bytes) -> tuple[int, int]:
    """Scale and duration out of `mvhd` or `mdhd`; a duration that is all ones means unknown, so 0."""
    box = _inside(source, parent, kind)
    if box is None:
        return 0, 0
    if source.read(box.start, 1) == b"\x01":
        scale, duration = source.unpack(">IQ", box.start + 20)
        return scale, duration if duration != 2**64 - 1 else 0
    scale, duration = source.unpack(">II", box.start + 12)
    return scale, duration if duration != 2**32 - 1 else 0


def _with_picture(source: Source, track: Track, matrix: int, descriptions: Box) -> Track:
    entry = next(_boxes(source, descriptions.start + 8, descriptions.end), None)
    if entry is None:
        return track
    width, height = _shape(source, entry, matrix + 36)
    a, b, c, d = source.unpack(">ii4xii", matrix)
    if abs(b) + abs(c) > abs(a) + abs(d):  # lies on its side; which one does not matter for the shape
        width, height = height, width
    return replace(track, codec=_codec(entry.kind), width=width or None, height=height or None)


def _shape(source: Source, entry: Box, presented: int) -> tuple[int, int]:
    """Width and height with square pixels: by the pixels' own shape, else as the track header presents them."""
    width, height = source.unpack(">HH", entry.start + 24)
    pasp = next((box for box in _boxes(source, entry.start + 78, entry.end) if box.kind == b"pasp"), None)
    if pasp is not None:
        across, down = source.unpack(">II", pasp.start)
        stretched = round(width * across / down) if down else 0
        return (stretched if 0 < stretched <= _MAX_SIDE else width), height
    shown = [side >> 16 for side in source.unpack(">II", presented)]
    return (shown[0], shown[1]) if all(shown) else (width, height)


def _codec(kind: bytes) -> str | None:
    return _CODECS.get(kind) or (kind.decode().strip() if kind.isalnum() else None)


def _duration(source: Source, moov: Box, tracks: tuple[Track, ...]) -> float | None:
    scale, duration = _clock(source, moov, b"mvhd")
    seconds = duration / scale if scale else 0.0
    extends = _inside(source, moov, b"mvex")
    if extends is not None:
        # The header of a fragmented file covers its first piece at most.
        whole = _announced(source, extends)
        seconds = whole / scale if whole and scale else max(seconds, _fragments(source, extends, tracks))
    return seconds or max((track.duration / track.scale for track in tracks if track.scale), default=0.0) or None


def _announced(source: Source, extends: Box) -> int:
    box = _inside(source, extends, b"mehd")
    if box is None:
        return 0
    is_long = source.read(box.start, 1) == b"\x01"
    return source.number(">Q" if is_long else ">I", box.start + 4)


def _fragments(source: Source, extends: Box, tracks: tuple[Track, ...]) -> float:
    """Where the last fragment of any track ends, in seconds."""
    usual = dict(
        source.unpack(">I4xI", box.start + 4)
        for box in _boxes(source, extends.start, extends.end)
        if box.kind == b"trex"
    )
    ends = {track.number: track.duration for track in tracks}
    with suppress(Malformed):  # a cut last fragment leaves the others
        for moof in _boxes(source, 0, source.size):
            if moof.kind == b"moof":
                for box in _boxes(source, moof.start, moof.end):
                    if box.kind == b"traf":
                        _advance(source, box, usual, ends)
    return max((ends[track.number] / track.scale for track in tracks if track.scale), default=0.0)


def _advance(source: Source, traf: Box, usual: Mapping[int, int], ends: dict[int, int]) -> None:
    """Move the end of the fragment's track to the end of the fragment."""
    head = _inside(source, traf, b"tfhd")
    if head is None:
        return
    flags, number = source.unpack(">II", head.start)
    each = usual.get(number, 0)
    if flags & 0x8:  # this fragment's own usual duration, behind two optional fields
        each = source.number(">I", head.start + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0))
    start = _decode_time(source, traf)
    length = sum(_run(source, box, each) for box in _boxes(source, traf.start, traf.end) if box.kind == b"trun")
    ends[number] = max(ends.get(number, 0), (ends.get(number, 0) if start is None else start) + length)


def _decode_time(source: Source, traf: Box) -> int | None:
    box = _inside(source, traf, b"tfdt")
    if box is None:
        return None
    is_long = source.read(box.start, 1) == b"\x01"
    return source.number(">Q" if is_long else ">I", box.start + 4)


def _run(source: Source, box: Box, each: int) -> int:
    """How long a run of samples lasts."""
    flags, count = source.unpack(">II", box.start)
    if not flags & 0x100:
        return int(count) * each
    stride = 4 * sum(1 for field in _TRUN_FIELDS if flags & field)
    start = box.start + 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
    samples = source.read(start, count * stride)
    return sum(duration for (duration,) in struct.iter_unpack(f">I{stride - 4}x", samples))
