"""The files that Telegram keeps: bytes on disk, found again by `file_id`; knows nothing of chats or HTTP."""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sandbox.refusal import bad_request

_PREFIX = MappingProxyType({"photo": "AgAC", "video": "BAAC", "animation": "CgAC", "document": "BQAC", "audio": "CQAC"})
_FOLDER = MappingProxyType(
    {"photo": "photos", "video": "videos", "animation": "animations", "document": "documents", "audio": "music"}
)
MAX_DOWNLOAD = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file at rest. Geometry in pixels, duration in seconds, size in bytes."""

    file_id: str
    unique_id: str
    kind: str
    path: Path
    size: int
    sha256: str
    name: str
    mime: str
    number: int
    width: int = 0
    height: int = 0
    duration: int = 0
    thumbnail: "StoredFile | None" = None

    @property
    def remote_path(self) -> str:
        """Where getFile says that it lies."""
        suffix = Path(self.name).suffix or {"photo": ".jpg", "video": ".mp4"}.get(self.kind, "")
        return f"{_FOLDER[self.kind]}/file_{self.number}{suffix}"


class Files:
    """Every file that was ever accepted."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, kind: str, path: Path, **facts: Any) -> StoredFile:
        """Keep `path` under a fresh `file_id`."""
        stored = StoredFile(
            file_id=_PREFIX[kind] + secrets.token_urlsafe(48),
            unique_id="AgAD" + secrets.token_urlsafe(8),
            kind=kind,
            path=path,
            number=len(self._by_id),
            **facts,
        )
        self._by_id[stored.file_id] = stored
        self._by_path[stored.remote_path] = stored
        return stored

    def illustrate(self, stored: StoredFile, thumbnail: StoredFile) -> StoredFile:
        """From now on the file has this preview, in whichever message it stands."""
        known = self._by_id[stored.file_id] = self._by_path[stored.remote_path] = replace(stored, thumbnail=thumbnail)
        return known

    def find(self, file_id: str) -> StoredFile:
        """The file of that id; Telegram's complaint where there is none."""
        stored = self._by_id.get(file_id)
        if stored is None:
            raise bad_request("Wrong file identifier/HTTP URL specified")
        return stored

    def at(self, remote_path: str) -> StoredFile | None:
        """The file that `/file/bot<token>/<remote_path>` serves."""
        return self._by_path.get(remote_path)
