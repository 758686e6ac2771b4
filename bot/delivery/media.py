"""In which form a file goes to Telegram, best first. Pure: judges what the probe found, touches no file."""

from dataclasses import dataclass
from pathlib import Path

from bot.media.probe import Format, Media, MediaKind
from providers.base import Output


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on this machine, to be sent in that form under that name."""

    form: MediaKind
    path: Path
    media: Media
    name: str


@dataclass(frozen=True, slots=True)
class Held:
    """A file that Telegram holds already."""

    form: MediaKind
    file_id: str


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
_SHOWN_AS_PHOTO = frozenset({Format.JPEG, Format.PNG})
_PLAYED_AS_AUDIO = frozenset({Format.MP3, Format.M4A})
_NO_RESULT = frozenset({Format.HTML, Format.TEXT})


def is_result(media: Media) -> bool:
    """Whether the file can be a result at all, and is not a server's page about one."""
    return media.size > 0 and media.format not in _NO_RESULT


def forms(media: Media) -> tuple[MediaKind, ...]:
    """The forms to try, best first; a document takes everything."""
    best = _best(media)
    return (best,) if best is MediaKind.DOCUMENT else (best, MediaKind.DOCUMENT)


def file_name(media: Media, task_id: str, place: int) -> str:
    """A name that says what it is, with the ending that belongs to the bytes."""
    stem = "".join(character if character.isalnum() or character in "-_" else "_" for character in task_id)[:60]
    ending = "bin" if media.format is Format.UNKNOWN else media.format
    return f"{stem}_{place + 1}.{ending}"


def remote(form: MediaKind, output: Output, size: int) -> Remote | None:
    """The same by address, where Telegram could fetch it."""
    limit = REMOTE_PHOTO_BYTES if form is MediaKind.PHOTO else REMOTE_BYTES
    is_public = output.url.startswith("https://") and not output.needs_auth
    return Remote(form, output.url) if is_public and size <= limit else None


def _best(media: Media) -> MediaKind:
    match media.kind:
        case MediaKind.VIDEO if media.format in _PLAYED_AS_VIDEO:
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
