"""What Telegram demands of `reply_markup`; pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.params import Params
from sandbox.refusal import ApiError, bad_request

_ACTIONS = frozenset(
    {
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
        "disabled",
    }
)
_STYLES = frozenset({"danger", "success", "primary"})
_OTHERS = ("keyboard", "remove_keyboard", "force_reply")
MAX_CALLBACK_DATA = 64
MAX_COPY_TEXT = 256
MAX_BUTTONS = 100

Keyboard = Mapping[str, Any]


def inline_keyboard(params: Params) -> Keyboard | None:
    """The checked inline keyboard, None where there is none or where it is of another sort."""
    markup = params.mapping("reply_markup")
    if not markup or "inline_keyboard" not in markup:
        return None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("Can't parse inline keyboard: array of arrays expected")
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        for button in row:
            _check(button)
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def has_other_markup(params: Params) -> bool:
    """Whether the message carries a keyboard that makes it impossible to edit later."""
    markup = params.mapping("reply_markup")
    if not markup or "inline_keyboard" in markup:
        return False
    if not any(name in markup for name in _OTHERS):
        raise bad_request("Object expected as reply markup")
    return True


def only_inline(params: Params) -> Keyboard | None:
    """For edits, where nothing else is allowed."""
    if has_other_markup(params):
        raise bad_request("Inline keyboard expected")
    return inline_keyboard(params)


def _check(button: Any) -> None:
    if not isinstance(button, dict):
        raise bad_request("Can't parse inline keyboard button: object expected")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request("Can't parse inline keyboard button: Can't find field \"text\"")
    given = _ACTIONS & button.keys()
    if not given:
        raise _unusable("Text buttons are unallowed in the inline keyboard")
    if "callback_data" in given:
        _check_data(button["callback_data"])
    if "url" in given:
        _check_url(button["url"])
    if "copy_text" in given:
        _check_copy(button["copy_text"])
    if button.get("style", "primary") not in _STYLES:
        raise _unusable("Invalid button style specified")


def _check_data(data: Any) -> None:
    if not isinstance(data, str) or not 1 <= len(data.encode("utf-8", "replace")) <= MAX_CALLBACK_DATA:
        raise bad_request("BUTTON_DATA_INVALID")


def _check_url(url: Any) -> None:
    if not isinstance(url, str) or not url.startswith(("http://", "https://", "tg://", "tonsite://")):
        raise bad_request(f"Inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    host = urlsplit(url).hostname or ""
    if url.startswith("http") and "." not in host.strip("."):
        raise bad_request(f"Inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_copy(copied: Any) -> None:
    text = copied.get("text") if isinstance(copied, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_COPY_TEXT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _unusable(text: str) -> ApiError:
    return bad_request(f"Can't parse inline keyboard button: {text}")
