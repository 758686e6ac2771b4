"""The parameters of one Bot API call, decoded; knows nothing of HTTP or of what the methods do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.refusal import bad_request

# Fields that stay text even when they look like a number or like JSON.
_WORDS = frozenset(
    {
        "text",
        "caption",
        "parse_mode",
        "callback_query_id",
        "inline_query_id",
        "message_effect_id",
        "business_connection_id",
        "title",
        "performer",
        "description",
        "short_description",
        "name",
        "language_code",
        "url",
        "file_id",
        "secret_token",
        "next_offset",
        "action",
        "photo",
        "video",
        "animation",
        "document",
        "audio",
        "thumbnail",
        "cover",
    }
)
_TRUE = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a request, already on disk. `size` is in bytes."""

    name: str
    mime: str
    path: Path
    size: int
    sha256: str

    def summary(self) -> dict[str, Any]:
        """As the call log shows it."""
        return {"file": self.name, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Params:
    """Values by name, JSON already parsed, and the uploaded files by their form name."""

    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    @classmethod
    def from_strings(cls, fields: Mapping[str, str], files: Mapping[str, Upload]) -> "Params":
        """From a form or a query string, where every value is text."""
        return cls({name: _decode(name, value) for name, value in fields.items()}, files)

    def summary(self) -> dict[str, Any]:
        """As the call log shows it: values and files side by side."""
        return {**self.values, **{name: upload.summary() for name, upload in self.files.items()}}

    def text(self, name: str) -> str:
        """A string, "" where it is missing."""
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            return json.dumps(value) if isinstance(value, (dict, list, bool)) else str(value)
        return _utf8(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; `default` where it is missing."""
        value = self.values.get(name)
        if value is None:
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f"Invalid {name} specified") from None

    def flag(self, name: str) -> bool:
        """A boolean as the Bot API reads it from text."""
        return str(self.values.get(name, "")).lower() in _TRUE

    def mapping(self, name: str) -> dict[str, Any] | None:
        """A JSON object, None where it is missing."""
        value = self._json(name)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"Can't parse {name.replace('_', ' ')}: object expected")
        return value

    def sequence(self, name: str) -> list[Any] | None:
        """A JSON array, None where it is missing."""
        value = self._json(name)
        if value is not None and not isinstance(value, list):
            raise bad_request(f"Can't parse {name.replace('_', ' ')}: array expected")
        return value

    def _json(self, name: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        return _decode("", value) if value else None


def _decode(name: str, value: str) -> Any:
    if name in _WORDS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request("Strings must be encoded in UTF-8") from None
    return text
