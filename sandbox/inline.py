"""Inline mode: what the bot offers to somebody who types its name in some chat, and the message that comes of it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sandbox.chats import Attachment
from sandbox.entities import Formatted
from sandbox.params import Params
from sandbox.refusal import bad_request
from sandbox.sending import Method, caption_of
from sandbox.shapes import Json
from sandbox.state import State

_MAX_RESULTS = 50
_MAX_ID = _MAX_OFFSET = 64
_PARAMETER = re.compile(r"[A-Za-z0-9_-]{0,64}")
# How a result of each type names its file, and what the file has to be.
_FILES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "photo": ("photo_file_id", "photo"),
        "video": ("video_file_id", "video"),
        "mpeg4_gif": ("mpeg4_file_id", "animation"),
        "gif": ("gif_file_id", "animation"),
        "audio": ("audio_file_id", "audio"),
        "document": ("document_file_id", "document"),
    }
)
_TITLED = frozenset({"video", "document"})


async def answer_inline_query(state: State, params: Params) -> bool:
    """Cached files only: a bot that has sent something once has no need of the other results."""
    query = state.inline.get(params.text("inline_query_id"))
    results = params.sequence("results")
    if results is None:
        raise bad_request('Can\'t find field "results"')
    if len(results) > _MAX_RESULTS:
        raise bad_request("Too many inline query results specified")
    if len(params.text("next_offset").encode()) > _MAX_OFFSET:
        raise bad_request("NEXT_OFFSET_INVALID")
    ids = [_checked(state, result) for result in results]
    if len(set(ids)) < len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    button = _button(params)
    if query is None or not state.updates.is_open(params.text("inline_query_id")):
        raise bad_request("Query is too old and response timeout expired or query ID is invalid")
    query["answer"] = {
        "results": results,
        "next_offset": params.text("next_offset"),
        "cache_time": params.integer("cache_time", 300),
        "is_personal": params.flag("is_personal"),
        "button": button,
    }
    return True


def chosen(state: State, result: Mapping[str, Any]) -> tuple[Formatted, Attachment]:
    """What stands in a chat once somebody has chosen the result: the words and the file."""
    field, kind = _FILES[result["type"]]
    stored = state.files.find(result[field])
    attachment = Attachment(
        kind,
        stored,
        width=stored.width,
        height=stored.height,
        duration=stored.duration,
        thumbnail=stored.thumbnail,
    )
    return caption_of(Params(result)), attachment


def _checked(state: State, result: Any) -> str:
    if not isinstance(result, dict) or result.get("type") not in _FILES:
        raise bad_request("Can't parse inline query result: unsupported type specified")
    given = Params(result)
    if not 1 <= len(given.text("id").encode()) <= _MAX_ID:
        raise bad_request("RESULT_ID_INVALID")
    field, kind = _FILES[result["type"]]
    if result["type"] in _TITLED and not given.text("title").strip():
        raise bad_request("Can't parse inline query result: Can't find field \"title\"")
    stored = state.files.find(given.text(field))
    if stored.kind != kind:
        raise bad_request(f"Can't use file of type {stored.kind.capitalize()} as {kind.capitalize()}")
    caption_of(given)
    return given.text("id")


def _button(params: Params) -> Json | None:
    button = params.mapping("button")
    if button is None:
        return None
    if not str(button.get("text", "")).strip():
        raise bad_request("Can't parse inline query results button: Can't find field \"text\"")
    parameter = button.get("start_parameter")
    if ("web_app" in button) == (parameter is not None):
        raise bad_request("Can't parse inline query results button: one of start_parameter and web_app expected")
    if parameter is not None and not _PARAMETER.fullmatch(str(parameter)):
        raise bad_request("Unallowed characters in start_parameter are used")
    return button


INLINE: Mapping[str, Method] = MappingProxyType({"answerInlineQuery": answer_inline_query})
