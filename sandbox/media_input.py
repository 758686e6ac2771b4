"""Media as a bot hands it over (upload, URL, file_id) becomes a stored file under Telegram's limits; no chats here."""

import asyncio
import hashlib
import mimetypes
import secrets
import shutil
import stat
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from sandbox.files import StoredFile
from sandbox.params import Params, Upload
from sandbox.probing import clip, picture, sound
from sandbox.refusal import TOO_LARGE, ApiError, bad_request
from sandbox.spool import Spool
from sandbox.state import State

_MEGABYTE = 1024 * 1024
MAX_PHOTO = 10 * _MEGABYTE
MAX_PHOTO_BY_URL = 5 * _MEGABYTE
MAX_FILE_BY_URL = 20 * _MEGABYTE
PROBED_UP_TO = 10 * _MEGABYTE  # a larger upload shows what the bot says of it, or a square of zero seconds
_SQUARE = 320
_MAX_SIDES = 10_000
_MAX_RATIO = 20
_MAX_THUMBNAIL = 200_000
_PICTURE_SUFFIXES = frozenset({"", ".jpg", ".jpeg", ".gif", ".png", ".tif", ".tiff", ".bmp"})
_PICTURE_FORMS = frozenset({"JPEG", "PNG", "GIF", "TIFF", "BMP"})
_BY_URL = MappingProxyType(
    {"photo": ("image/",), "video": ("video/",), "animation": ("video/mp4", "image/gif"), "audio": ("audio/",)}
)
_REACHABLE = frozenset({"127.0.0.1", "localhost", "::1"})
_FILE = "file:/"
_PATIENCE = aiohttp.ClientTimeout(total=20)


async def receive(state: State, params: Params, value: Any, kind: str, given: Params) -> StoredFile:
    """The file that `value` means: a form file's name, `attach://…`, a path in local mode, a URL or a file_id.

    `given` holds what the bot says of the file (width, height, duration).
    """
    upload = await _handed_over(state, params, value)
    if upload is not None:
        return await _keep(state, upload, kind, given)
    if not isinstance(value, str) or not value:
        raise bad_request(f"There is no {kind} in the request")
    if "." in value or value.startswith("attach://"):
        return await _keep(state, await _fetch(state, value, kind), kind, Params())
    stored = state.files.find(value)
    if (stored.kind == "photo") != (kind == "photo"):
        raise bad_request(f"Can't use file of type {stored.kind.capitalize()} as {kind.capitalize()}")
    return stored


async def thumbnail(state: State, params: Params, value: Any) -> StoredFile | None:
    """A usable preview: a JPEG below 200 kB and 320 pixels that was uploaded. Telegram ignores any other."""
    upload = await _handed_over(state, params, value)
    seen = await asyncio.to_thread(picture, upload.path) if upload else None
    if not upload or not seen or seen.form != "JPEG":
        return None
    if upload.size > _MAX_THUMBNAIL or max(seen.width, seen.height) > _SQUARE:
        return None
    return _add(state, upload, "photo", width=seen.width, height=seen.height)


async def _handed_over(state: State, params: Params, value: Any) -> Upload | None:
    """A file that the server has without asking anybody else."""
    if isinstance(value, Upload):
        return value
    if isinstance(value, str) and value.startswith("attach://"):
        return params.files.get(value.removeprefix("attach://"))
    if isinstance(value, str) and value.startswith(_FILE) and state.local:
        return await asyncio.to_thread(_read, state, value.removeprefix(_FILE))
    return None


def _read(state: State, rest: str) -> Upload:
    """A copy of a file of this machine, which the bot may remove afterwards."""
    path = _checked(Path(unquote(rest.removeprefix("/localhost" if rest.startswith("/localhost") else "/"))))
    size = path.stat().st_size
    if size > state.max_upload:
        raise bad_request(f"File of size {size} bytes is too big; the maximum size is {state.max_upload} bytes")
    copy = state.folder / secrets.token_hex(12)
    shutil.copyfile(path, copy)
    with copy.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Upload(path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", copy, size, digest)


def _checked(path: Path) -> Path:
    """The file, if somebody else than its owner and their group can read it: the server is another user."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise bad_request("Can't find real file path") from None
    folders = {*path.parents, *real.parents}
    if not path.is_absolute() or not all(folder.stat().st_mode & stat.S_IXOTH for folder in folders):
        raise bad_request("Can't find real file path")
    if not real.is_file():
        raise bad_request("File must be a regular file")
    if not real.stat().st_mode & stat.S_IROTH:
        raise bad_request(f'File "{real}" can\'t be opened for reading')
    return real


def _add(state: State, upload: Upload, kind: str, **geometry: Any) -> StoredFile:
    facts = {"size": upload.size, "sha256": upload.sha256, "name": upload.name, "mime": upload.mime}
    return state.files.add(kind, upload.path, **facts, **geometry)


async def _keep(state: State, upload: Upload, kind: str, given: Params) -> StoredFile:
    if upload.size == 0:
        raise bad_request("File must be non-empty")
    if upload.size > state.max_upload:
        raise ApiError(TOO_LARGE, "Request Entity Too Large")
    match kind:
        case "photo":
            return await _keep_photo(state, upload)
        case "video" | "animation":
            return await _keep_moving(state, upload, kind, given)
        case "audio":
            seconds = await asyncio.to_thread(sound, upload.path)
            return _add(state, upload, kind, duration=seconds or given.integer("duration"))
        case _:
            return _add(state, upload, kind)


async def _keep_photo(state: State, upload: Upload) -> StoredFile:
    if Path(upload.name).suffix.lower() not in _PICTURE_SUFFIXES:
        raise bad_request("Photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp")
    if upload.size > MAX_PHOTO:
        largest = f"the maximum size is {MAX_PHOTO} bytes"
        raise bad_request(f"File of size {upload.size} bytes is too big for a photo; {largest}")
    seen = await asyncio.to_thread(picture, upload.path)
    if seen is None or seen.form not in _PICTURE_FORMS:
        raise bad_request("IMAGE_PROCESS_FAILED")
    short, long = sorted((seen.width, seen.height))
    if short + long > _MAX_SIDES or long > short * _MAX_RATIO:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return _add(state, upload, "photo", width=seen.width, height=seen.height)


async def _keep_moving(state: State, upload: Upload, kind: str, given: Params) -> StoredFile:
    if upload.size > PROBED_UP_TO:
        width, height = given.integer("width", _SQUARE), given.integer("height", _SQUARE)
        return _add(state, upload, kind, width=width, height=height, duration=given.integer("duration"))
    seen = await asyncio.to_thread(clip, upload.path)
    if seen is None:  # Telegram takes it all the same, as a mere file
        return _add(state, upload, "document")
    return _add(state, upload, kind, width=seen.width, height=seen.height, duration=seen.duration)


async def _fetch(state: State, text: str, kind: str) -> Upload:
    """Download as Telegram's datacenter would; only loopback is within its reach here."""
    url = text if "://" in text else f"http://{text}"
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        raise bad_request("Wrong HTTP URL specified") from None
    if scheme not in {"http", "https"} or not host:
        raise bad_request("Invalid file HTTP URL specified: Unsupported URL protocol")
    if host not in _REACHABLE:
        raise _unreachable()
    try:
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session, session.get(url) as answer:
            return await _save(state, answer, kind)
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise _unreachable() from None


async def _save(state: State, answer: aiohttp.ClientResponse, kind: str) -> Upload:
    mime = answer.content_type
    if answer.status != 200:  # noqa: PLR2004 - the one good status
        raise _unreachable()
    if not mime.startswith(_BY_URL.get(kind, ("",))) or mime.startswith("text/"):
        raise bad_request("Wrong type of the web page content")
    limit = MAX_PHOTO_BY_URL if kind == "photo" else MAX_FILE_BY_URL
    spool = Spool(state.folder, limit)
    await spool.fill(answer.content.iter_chunked(65536))
    if spool.is_over:
        raise _unreachable()
    return spool.upload(answer.url.name or "file", mime)


def _unreachable() -> ApiError:
    return bad_request("Failed to get HTTP URL content")
