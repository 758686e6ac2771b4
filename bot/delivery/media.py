"""In which form a file goes to Telegram, best first. Pure: judges what the probe found, touches no file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from bot.media.probe import Format, Media, MediaKind
from providers.base import Output, OutputKind


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on this machine, to be sent in that form under its own name, with its pictures if there are any."""

    form: MediaKind
    path: Path
    media: Media
    thumbnail: Path | None = None
    cover: Path | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A file that Telegram holds already; `cover` is the file_id of a video's cover, "" for none."""

    form: MediaKind
    file_id: str
    cover: str = ""


@dataclass(frozen=True, slots=True)
class Remote:
    """A public https address that Telegram may fetch from itself."""

    form: MediaKind
    url: str


Item = Upload | Held | Remote

# Telegram's bounds for a photo; beyond them the same file is welcome as a document.
PHOTO_BYTES = 10_000_000
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
# By address Telegram takes no more than this, and it wants to know the geometry of nothing.
REMOTE_BYTES = 20_000_000
REMOTE_PHOTO_BYTES = 5_000_000

ALBUM_FORMS = frozenset({MediaKind.PHOTO, MediaKind.VIDEO})

_PLAYED_AS_VIDEO = frozenset({Format.MP4})
# Some phones show a black square for these, even inside an MP4.
_NOT_PLAYED = frozenset({"vp8", "vp9", "prores", "mjpeg"})
_SHOWN_AS_PHOTO = frozenset({Format.JPEG, Format.PNG})
_PLAYED_AS_AUDIO = frozenset({Format.MP3, Format.M4A})
_EXPECTED = {
    OutputKind.VIDEO: MediaKind.VIDEO,
    OutputKind.IMAGE: MediaKind.PHOTO,
    OutputKind.LAST_FRAME: MediaKind.PHOTO,
    OutputKind.AUDIO: MediaKind.AUDIO,
}
_NO_RESULT = frozenset({Format.HTML, Format.TEXT})


def is_result(media: Media) -> bool:
    """Whether the file can be a result at all, and is not a server's page about one."""
    return media.size > 0 and media.format not in _NO_RESULT


def rungs(upload: Upload, output: Output, *, by_address_first: bool = False, as_file: bool = False) -> tuple[Item, ...]:
    """Every way in which the file may be offered, from its best form on; a document takes everything.

    `as_file`: a document is what is wanted. By address Telegram is told no geometry, and takes few files as documents,
    so that comes last, unless uploads do not get through.
    """
    document = replace(upload, form=MediaKind.DOCUMENT)
    uploads = dict.fromkeys((document, upload) if as_file else (upload, document))
    address = remote(upload.form, output, upload.media.size)
    addresses = (address,) if address else ()
    return (*addresses, *uploads) if by_address_first else (*uploads, *addresses)


def still_open(rungs_left: Sequence[Item], refused: Item, *, too_large: bool) -> tuple[Item, ...]:
    """What may be offered yet: whatever the reason was, it counts for the same form; its size for every upload."""
    return tuple(
        item for item in rungs_left if not (isinstance(item, Upload) if too_large else item.form is refused.form)
    )


def file_name(media: Media, task_id: str, place: int) -> str:
    """A name that says what it is, with the ending that belongs to the bytes."""
    stem = "".join(character if character.isalnum() or character in "-_" else "_" for character in task_id)[:60]
    ending = "bin" if media.format is Format.UNKNOWN else media.format
    return f"{stem}_{place + 1}.{ending}"


def remote(form: MediaKind, output: Output, size: int = 0) -> Remote | None:
    """The same by address, where Telegram could fetch it. `size` 0: not known."""
    limit = REMOTE_PHOTO_BYTES if form is MediaKind.PHOTO else REMOTE_BYTES
    is_offered = not output.needs_auth and size <= limit and _is_public_https(output.url)
    return Remote(form, output.url) if is_offered else None


def expected_form(kind: OutputKind) -> MediaKind:
    """The form of an output of which nothing but the gateway's word is known."""
    return _EXPECTED.get(kind, MediaKind.DOCUMENT)


def _is_public_https(url: str) -> bool:
    """A string that is no plain address might be taken for a file_id, or for a file on this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    is_named = "." in host.strip(".") and ":" not in host and not host.replace(".", "").isdigit()
    return parts.scheme == "https" and is_named and parts.username is None and port in {None, 443} and url.isprintable()


def best_form(media: Media) -> MediaKind:
    """The form in which the file is shown best and taken for certain."""
    match media.kind:
        case MediaKind.VIDEO if media.format in _PLAYED_AS_VIDEO and media.video_codec not in _NOT_PLAYED:
            return MediaKind.VIDEO
        case MediaKind.PHOTO if media.format in _SHOWN_AS_PHOTO and _fits_photo(media):
            return MediaKind.PHOTO
        case MediaKind.ANIMATION:
            return MediaKind.ANIMATION
        case MediaKind.AUDIO if media.format in _PLAYED_AS_AUDIO:
            return MediaKind.AUDIO
        case _:
            return MediaKind.DOCUMENT


def _fits_photo(media: Media) -> bool:
    width, height = media.width or 0, media.height or 0
    if not width or not height:
        return False
    ratio = max(width, height) / min(width, height)
    return media.size <= PHOTO_BYTES and width + height <= PHOTO_SIDES and ratio <= PHOTO_RATIO
