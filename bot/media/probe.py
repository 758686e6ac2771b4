"""Says what a downloaded file really is, by its bytes alone; believes no name and no header, knows no chat."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from bot.media.boxes import read_movie
from bot.media.ebml import read_clip
from bot.media.images import Picture, read_gif, read_jpeg, read_png, read_webp
from bot.media.sounds import flac_duration, mp3_duration, ogg_duration, wav_duration
from bot.media.source import Malformed, Source

_HEAD = 1024
_LONGEST = 7 * 86400.0  # seconds; a longer one is a lie


class Format(StrEnum):
    """What a file's bytes are, at first sight. `HTML` and `TEXT` (JSON, XML) are a server talking, not a result."""

    MP4 = "mp4"
    MOV = "mov"
    M4A = "m4a"
    WEBM = "webm"
    MKV = "mkv"
    GIF = "gif"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"
    HEIC = "heic"
    SVG = "svg"
    MP3 = "mp3"
    WAV = "wav"
    FLAC = "flac"
    OGG = "ogg"
    HTML = "html"
    TEXT = "text"
    UNKNOWN = "unknown"


class MediaKind(StrEnum):
    """How a file wants to be shown. `DOCUMENT` is everything that could not be read as one of the others."""

    VIDEO = "video"
    PHOTO = "photo"
    ANIMATION = "animation"
    AUDIO = "audio"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Media:
    """A file as it is. A silent video stays a `VIDEO`.

    `size` is in bytes, `duration` in seconds, `width` and `height` in pixels as shown, so after rotation and
    with square pixels; None where the file does not say. `faststart`: the index stands before the media, so
    that playing can start while the file still arrives.
    """

    format: Format
    kind: MediaKind
    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    has_audio: bool = False
    video_codec: str | None = None
    faststart: bool = False


_MIME: Mapping[Format, str] = {
    Format.MP4: "video/mp4",
    Format.MOV: "video/quicktime",
    Format.M4A: "audio/mp4",
    Format.WEBM: "video/webm",
    Format.MKV: "video/x-matroska",
    Format.GIF: "image/gif",
    Format.JPEG: "image/jpeg",
    Format.PNG: "image/png",
    Format.WEBP: "image/webp",
    Format.AVIF: "image/avif",
    Format.HEIC: "image/heic",
    Format.SVG: "image/svg+xml",
    Format.MP3: "audio/mpeg",
    Format.WAV: "audio/wav",
    Format.FLAC: "audio/flac",
    Format.OGG: "audio/ogg",
    Format.HTML: "text/html",
    Format.TEXT: "text/plain",
    Format.UNKNOWN: "application/octet-stream",
}

# In order: the brands of ISO files come before the general case.
_SIGNATURES: tuple[tuple[Format, re.Pattern[bytes]], ...] = tuple(
    (format_, re.compile(pattern, re.DOTALL))
    for format_, pattern in (
        (Format.AVIF, rb".{4}ftypavi[fs]"),
        (Format.HEIC, rb".{4}ftyp(?:hei|hev|mif|msf)"),
        (Format.M4A, rb".{4}ftypM4[AB] "),
        (Format.MOV, rb".{4}(?:ftypqt  |moov|mdat|wide|free|skip|pnot)"),
        (Format.MP4, rb".{4}ftyp"),
        (Format.MKV, rb"\x1a\x45\xdf\xa3"),
        (Format.JPEG, rb"\xff\xd8\xff"),
        (Format.PNG, rb"\x89PNG\r\n\x1a\n"),
        (Format.WEBP, rb"RIFF.{4}WEBP"),
        (Format.GIF, rb"GIF8[79]a"),
        (Format.MP3, rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"),
        (Format.WAV, rb"RIFF.{4}WAVE"),
        (Format.FLAC, rb"fLaC"),
        (Format.OGG, rb"OggS"),
    )
)


def probe(path: Path) -> Media:
    """Look into the file; blocks, for some milliseconds. No content makes it raise; a missing file is an OSError."""
    with path.open("rb") as file:
        source = Source(file, os.fstat(file.fileno()).st_size)
        format_ = _format(source.read(0, min(source.size, _HEAD)))
        plain = Media(format_, MediaKind.DOCUMENT, _MIME[format_], source.size)
        read = _READERS.get(format_)
        try:
            media = read(plain, source) if read else plain
        except Malformed:
            return plain
    return media if 0 < (media.duration or 1) < _LONGEST else replace(media, duration=None)


def _format(head: bytes) -> Format:
    for format_, signature in _SIGNATURES:
        if signature.match(head):
            return format_
    return _text_format(head)


def _text_format(head: bytes) -> Format:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith((b"<", b"{", b"[")) or b"\0" in text:
        return Format.UNKNOWN
    if text.startswith((b"<!doctype html", b"<head", b"<body")) or (text[:1] == b"<" and b"<html" in text):
        return Format.HTML
    return Format.SVG if text[:1] == b"<" and b"<svg" in text else Format.TEXT


def _movie(plain: Media, source: Source) -> Media:
    movie = read_movie(source)
    picture = movie.picture
    found = replace(plain, duration=movie.duration, has_audio=movie.has_audio, faststart=movie.faststart)
    if picture is not None:
        found = replace(found, width=picture.width, height=picture.height, video_codec=picture.codec)
        return _as(found, Format.MOV if plain.format is Format.MOV else Format.MP4, MediaKind.VIDEO)
    return _as(found, Format.M4A, MediaKind.AUDIO) if movie.has_audio else plain


def _clip(plain: Media, source: Source) -> Media:
    clip = read_clip(source)
    found = replace(
        plain,
        width=clip.width,
        height=clip.height,
        duration=clip.duration,
        has_audio=clip.has_audio,
        video_codec=clip.video_codec,
    )
    format_ = Format.WEBM if clip.is_webm else Format.MKV
    if clip.has_picture:
        return _as(found, format_, MediaKind.VIDEO)
    return _as(found, format_, MediaKind.AUDIO if clip.has_audio else MediaKind.DOCUMENT)


def _as(media: Media, format_: Format, kind: MediaKind) -> Media:
    return replace(media, format=format_, kind=kind, mime=_MIME[format_])


def _picture(read: Callable[[Source], Picture]) -> Callable[[Media, Source], Media]:
    def picture(plain: Media, source: Source) -> Media:
        seen = read(source)
        if not (seen.width and seen.height):
            return plain
        kind = MediaKind.ANIMATION if seen.moves else MediaKind.PHOTO
        return replace(plain, kind=kind, width=seen.width, height=seen.height, duration=seen.duration)

    return picture


def _sound(duration: Callable[[Source], float]) -> Callable[[Media, Source], Media]:
    def sound(plain: Media, source: Source) -> Media:
        return replace(plain, kind=MediaKind.AUDIO, duration=duration(source) or None, has_audio=True)

    return sound


_READERS: Mapping[Format, Callable[[Media, Source], Media]] = {
    Format.MP4: _movie,
    Format.MOV: _movie,
    Format.M4A: _movie,
    Format.MKV: _clip,
    Format.GIF: _picture(read_gif),
    Format.JPEG: _picture(read_jpeg),
    Format.PNG: _picture(read_png),
    Format.WEBP: _picture(read_webp),
    Format.MP3: _sound(mp3_duration),
    Format.WAV: _sound(wav_duration),
    Format.FLAC: _sound(flac_duration),
    Format.OGG: _sound(ogg_duration),
}
