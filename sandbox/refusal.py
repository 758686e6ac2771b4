"""How the stand-in Telegram says no; knows nothing of what was asked."""

from collections.abc import Mapping
from typing import Any

BAD_REQUEST = 400
FORBIDDEN = 403
CONFLICT = 409
TOO_LARGE = 413


class ApiError(Exception):
    """A Bot API error: HTTP status, Telegram's description, and `parameters` such as `retry_after`."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = dict(parameters or {})

    def answer(self) -> dict[str, Any]:
        """The body as the Bot API writes it."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(text: str) -> ApiError:
    """400 as the Bot API server words it: a sentence starts in lower case, an ALL_CAPS name stays."""
    plain = len(text) > 1 and not text[1].isupper()
    return ApiError(BAD_REQUEST, "Bad Request: " + (text[0].lower() + text[1:] if plain else text))


def forbidden(text: str) -> ApiError:
    """403: the chat is closed to the bot."""
    return ApiError(FORBIDDEN, f"Forbidden: {text}")
