"""How the bot's log looks, and that it holds no secret; works on the root handler, so libraries are covered too."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Literal

BLANK = "***"

# What secrets look like even where nobody told us about them: bot tokens, keys, the query strings of signed links.
_SHAPES = (
    (re.compile(r"\bbot\d+:[\w-]{20,}"), f"bot{BLANK}"),
    (re.compile(r"\b\d{6,}:[\w-]{30,}"), BLANK),
    (re.compile(r"\bsk-[\w-]{6,}"), BLANK),
    (re.compile(r"(?i)\bBearer\s+[\w.~+/=-]{6,}"), f"Bearer {BLANK}"),
    (re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+"), rf"\1?{BLANK}"),
)
# These write whole addresses, token included, below WARNING.
_TALKATIVE = ("httpx", "httpcore", "telegram", "aiohttp.access", "aiosqlite")
# This one writes a traceback for every page of a proxy; whoever made the call says in a line what it means.
_NERVOUS = "telegram.request.BaseRequest"


class Redactor(logging.Formatter):
    """Formats a record, then blanks out every secret in what came of it: message, arguments and traceback alike."""

    def __init__(self, inner: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = self._inner.format(record)
        for secret in self._secrets:
            text = text.replace(secret, BLANK)
        for shape, blank in _SHAPES:
            text = shape.sub(blank, text)
        return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def set_up(level: str, style: Literal["console", "json"], secrets: Iterable[str]) -> None:
    """Sends every log line of the process to standard error, redacted."""
    console = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redactor(JsonFormatter() if style == "json" else console, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.getLogger(_NERVOUS).setLevel(logging.CRITICAL)
