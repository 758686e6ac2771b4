"""A program of its own: decodes one frame of a stranger's file and writes it as two JPEGs. Imports nothing of ours.

Run as `python -I stills_child.py DEMUXER THUMBNAIL COVER`, the file on standard input. With status 0 both are written.
"""

import os
import resource
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import av.subtitles.codeccontext  # av would import these two at first need, when nothing can be opened any more
import av.subtitles.stream
from av.codec.context import CodecContext
from av.filter import Graph
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from av.video.stream import VideoStream

_COVER_SIDE = 1280
_THUMBNAIL_SIDE = 320
_MOMENT = 1.0  # seconds into the clip; a tenth of the way in a shorter one
_SEARCH = 3.0  # seconds of work until the first frame has to do
_BLACK = 40  # a picture is black if its brightest spot is darker, of 255
_HD_HEIGHT = 720
_UNSPECIFIED_MATRIX = 2  # AVCOL_SPC_UNSPECIFIED
_QUALITY = "3"  # of FFmpeg's 1 (best) to 31

_LIMITS = {
    resource.RLIMIT_CPU: 15,
    resource.RLIMIT_FSIZE: 2**22,
    resource.RLIMIT_CORE: 0,
    # From here on nothing can be opened any more, no file and no socket, whatever the stranger's file asks for.
    resource.RLIMIT_NOFILE: 0,
}
if sys.platform != "darwin":  # where it may not be lowered
    _LIMITS[resource.RLIMIT_AS] = 2**30  # three times what 4K HEVC of ten bits takes


def main() -> None:
    """Opens what it needs, gives up the right to open more, and only then looks at the file."""
    demuxer, thumbnail_path, cover_path = sys.argv[1:]
    with Path(thumbnail_path).open("wb") as thumbnail, Path(cover_path).open("wb") as cover:
        _confine()
        frame, pixel = _choose(sys.stdin.buffer, demuxer)
        for file, side in ((cover, _COVER_SIDE), (thumbnail, _THUMBNAIL_SIDE)):
            file.write(_jpeg(_upright(_scaled(frame, pixel, side), frame)))


def _confine() -> None:
    os.nice(10)
    for which, wanted in _LIMITS.items():
        _, allowed = resource.getrlimit(which)
        limit = wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
        resource.setrlimit(which, (limit, limit))


def _choose(file: BinaryIO, demuxer: str) -> tuple[VideoFrame, Fraction]:
    """A frame that is worth showing, and the shape of its pixels."""
    with av.open(file, "r", format=demuxer) as container:
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream):
            sys.exit("no video")
        stream.thread_count = 1
        moment = min(_MOMENT, (container.duration or 0) / av.time_base / 10)
        return _worth_showing(container.decode(stream), moment), stream.sample_aspect_ratio or Fraction(1)


def _worth_showing(frames: Iterator[VideoFrame], moment: float) -> VideoFrame:
    """The first frame from that moment on that is not black; where there is none, the first of all."""
    first = None
    with suppress(av.FFmpegError):
        for frame in frames:
            first = first or frame
            if (frame.time or 0) >= moment and not _is_black(frame):
                return frame
            if time.process_time() > _SEARCH:
                break
    return first or sys.exit("no frame that can be decoded")


def _is_black(frame: VideoFrame) -> bool:
    small = frame.reformat(16, 16, "gray", interpolation=Interpolation.AREA, threads=1)
    return max(bytes(small.planes[0])) < _BLACK


def _scaled(frame: VideoFrame, pixel: Fraction, side: int) -> VideoFrame:
    """At most `side` pixels long, square ones, in the colours of a JPEG: BT.601, full range."""
    width, height = frame.width * pixel, frame.height
    share = min(Fraction(1), side / max(width, Fraction(height)))
    untagged = frame.colorspace == _UNSPECIFIED_MATRIX
    return frame.reformat(
        max(1, round(width * share)),
        max(1, round(height * share)),
        "yuvj420p",  # the j is full range
        # As browsers do with a file that does not say.
        src_colorspace=Colorspace.ITU709 if untagged and frame.height >= _HD_HEIGHT else None,
        dst_colorspace=Colorspace.ITU601,
        interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,
        threads=1,
    )


def _upright(picture: VideoFrame, source: VideoFrame) -> VideoFrame:
    """The picture turned and mirrored as the source's display matrix says."""
    matrix = source.side_data.get("DISPLAYMATRIX")
    steps = _steps(*struct.unpack_from("=ii4xii", matrix)) if isinstance(matrix, SideData) else ()
    if not steps:
        return picture
    graph = Graph()
    graph.threads = 1
    entry = graph.add_buffer(None, picture.width, picture.height, picture.format, time_base=Fraction(1))
    graph.link_nodes(entry, *(graph.add(*step) for step in steps), graph.add("buffersink")).configure()
    graph.push(picture)
    return graph.vpull()


def _steps(a: int, b: int, c: int, d: int) -> tuple[tuple[str, ...], ...]:
    """The filters for a matrix that sends a point to (ax + cy, bx + dy); skewed ones count as the nearest quarter."""
    lies = abs(b) + abs(c) > abs(a) + abs(d)
    right_to_left, bottom_to_top = (c < 0, b < 0) if lies else (a < 0, d < 0)
    found = (lies, ("transpose", "cclock_flip")), (right_to_left, ("hflip",)), (bottom_to_top, ("vflip",))
    return tuple(step for is_needed, step in found if is_needed)


def _jpeg(picture: VideoFrame) -> bytes:
    encoder = CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, picture.format.name
    encoder.time_base, encoder.thread_count = Fraction(1), 1
    encoder.options = {"qmin": _QUALITY, "qmax": _QUALITY, "flags": "+bitexact"}
    return b"".join(bytes(packet) for packet in encoder.encode(picture))


if __name__ == "__main__":
    main()
