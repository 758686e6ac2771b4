"""What a file really is: opens pictures and clips; knows nothing of Telegram."""

from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image, UnidentifiedImageError


@dataclass(frozen=True, slots=True)
class Picture:
    """An opened still: `form` is Pillow's name, for example "JPEG"."""

    form: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Clip:
    """An opened video: sizes in pixels as shown, duration in whole seconds rounded up to at least one."""

    width: int
    height: int
    duration: int


def picture(path: Path) -> Picture | None:
    """The still in `path`, None where there is none."""
    try:
        with Image.open(path) as image:
            return Picture(str(image.format), *image.size)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def clip(path: Path) -> Clip | None:
    """The video in `path`, None where there is none."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                return None
            stream = container.streams.video[0]
            seconds = (container.duration or 0) / av.time_base
            return Clip(stream.width, stream.height, max(1, round(seconds)))
    except (av.FFmpegError, OSError, ValueError):
        return None


def sound(path: Path) -> int | None:
    """The duration of the audio in `path` in seconds, None where there is none."""
    try:
        with av.open(str(path)) as container:
            return round((container.duration or 0) / av.time_base) if container.streams.audio else None
    except (av.FFmpegError, OSError, ValueError):
        return None
