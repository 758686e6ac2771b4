"""Two pictures of a file for where nobody looks into it. The decoding happens in a short-lived process of its own.

That process reads a stranger's file with C code, so it gets nothing but that file: none of our environment, which holds
keys, and no right to open anything. What it may cost stands in `stills_child.py`.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.media.probe import Format

log = structlog.stdlib.get_logger(__name__)

_CHILD = Path(__file__).with_name("stills_child.py")
_REASON_LENGTH = 200
_ENVIRONMENT = ("LD_LIBRARY_PATH",)  # without it some builds of Python do not find themselves
# Named, so that nothing is guessed from the bytes: a playlist that calls itself MP4 is read as MP4, and is broken.
# HEIC is missing because it is made of tiles, and a tile is no picture of the whole.
_DEMUXERS: Mapping[Format, str] = {
    Format.MP4: "mov",
    Format.MOV: "mov",
    Format.AVIF: "mov",
    Format.WEBM: "matroska",
    Format.MKV: "matroska",
    Format.GIF: "gif",
    Format.PNG: "png_pipe",
    Format.JPEG: "jpeg_pipe",
    Format.WEBP: "webp_pipe",
}


@dataclass(frozen=True, slots=True)
class Stills:
    """One frame, upright and with square pixels, as two JPEGs, or nothing.

    `thumbnail`: 320 pixels long at most and below 100 kB; `cover`: 1280 pixels and below 1.5 MB.
    """

    thumbnail: Path | None = None
    cover: Path | None = None


async def stills(path: Path, format_: Format, folder: Path, deadline: float = 20.0) -> Stills:
    """Makes them in `folder`, for most files in a tenth of a second; after `deadline` seconds the child is killed.

    Whatever goes wrong is logged, and means no pictures.
    """
    demuxer = _DEMUXERS.get(format_)
    if demuxer is None:
        return Stills()
    made, complaint = Stills(folder / "thumbnail.jpg", folder / "cover.jpg"), folder / "complaint.txt"
    try:
        async with asyncio.timeout(deadline):
            status = await _run(path, complaint, demuxer, str(made.thumbnail), str(made.cover))
        if status == 0:
            return made
        reason = f"status {status}, {_last_line(complaint)}"
    except (OSError, TimeoutError) as error:
        reason = str(error) or "it took too long"
    log.warning("no pictures of a file", format=format_, reason=reason)
    return Stills()


async def _run(path: Path, complaint: Path, *arguments: str) -> int:
    """The child's exit status. It never outlives this call, also where that is cancelled."""
    with path.open("rb") as source, complaint.open("wb") as errors:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_CHILD), *arguments),
            stdin=source,
            stdout=DEVNULL,
            stderr=errors,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _last_line(complaint: Path) -> str:
    # A file and no pipe: what a child gone mad writes is bounded by its limits, and never in our memory for long.
    return complaint.read_text(errors="replace").strip().rpartition("\n")[2][:_REASON_LENGTH]
