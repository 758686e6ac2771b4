"""Gateway families that many hosts speak, as tables of the operator's own schema (`custom.py`): data, no logic."""

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # Relays of the new-api family: the unified door, the one in OpenAI's form, and the file behind the key where the
    # answer has no link. Their answers differ by channel; the normaliser reads them all by itself.
    "newapi": {
        "query": {"path": "/v1/video/generations/{id}"},
        "variants": {"videos": {"query": {"path": "/v1/videos/{id}"}}},
        "fetch": {"path": "/v1/videos/{id}/content"},
    },
    # OpenAI's Videos API, and what imitates it: never a link, always the file behind the key.
    "openai": {
        "base_url": "https://api.openai.com",
        "query": {"path": "/v1/videos/{id}"},
        "fetch": {"path": "/v1/videos/{id}/content"},
    },
}
