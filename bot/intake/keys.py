"""Blanks API keys out of what people send, before anything is stored. Pure; the text keeps its length.

Nobody behind this ever sees the key: no row, no log line and no answer can hold it.
"""

import re
from typing import Any

from bot.intake import curl
from bot.tracking.programs import is_token
from providers.redaction import without_certain_secrets

_BLANK = "█"
_MARK = _BLANK * 8
_SHORTEST = len(_MARK)
_SECRET_PART = re.compile(r"[^\s\"'“”‘’\\]+")
# Headers whose values are no secret.
_PLAIN_HEADER = re.compile(
    r"(?i)(?:accept|content|user-agent|origin|referer|host|connection|cache|pragma|sec-|x-runway)"
)


def mask(text: str) -> str:
    """`text` with every key, and every header and login of a curl line, blanked out."""
    text = without_certain_secrets(text, _blanked_key)
    for command in curl.commands(text):
        for argument in command.arguments:
            if _is_secret(argument):
                begin = _begin_of_secret(text, argument)
                text = text[:begin] + _blanked(text[begin : argument.end], argument.option) + text[argument.end :]
    return text


def mask_all(value: Any) -> Any:
    """A decoded JSON value with every text in it masked."""
    if isinstance(value, dict):
        return {name: mask_all(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [mask_all(part) for part in value]
    return mask(value) if isinstance(value, str) and len(value) > _SHORTEST else value


def holds_key(text: str) -> bool:
    """Whether a key was blanked out of `text`."""
    return _MARK in text


def _blanked_key(key: str) -> str:
    """Nothing that has no digit: YOUR_API_KEY, sk-your-key-goes-here. Our own tokens may well have none."""
    return _BLANK * len(key) if is_token(key) or any(character.isdigit() for character in key) else key


def _is_secret(argument: curl.Argument) -> bool:
    if argument.option in curl.LOGINS:
        return True
    return argument.option in curl.HEADERS and not _PLAIN_HEADER.match(argument.value.strip())


def _begin_of_secret(text: str, argument: curl.Argument) -> int:
    """Behind the name of a header."""
    colon = text.find(":", argument.start, argument.end) if argument.option in curl.HEADERS else -1
    return argument.start if colon < 0 else colon + 1


def _blanked(secret: str, option: str) -> str:
    """Every word of it but the shortest, such as `Bearer`; `$API_KEY` and `<key>` are no keys."""
    shortest = 1 if option in curl.LOGINS else _SHORTEST

    def blanked(part: re.Match[str]) -> str:
        word = part[0]
        return word if len(word) < shortest or word[0] in "$<{" else _BLANK * len(word)

    return _SECRET_PART.sub(blanked, secret)
