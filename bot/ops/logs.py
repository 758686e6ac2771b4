"""How the bot's log looks, and that it holds no secret: one line for each event, with named values.

Every line of the process passes here, those of libraries, warnings and whatever nobody caught included.
"""

import logging
import os
import sys
import threading
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter, LogLevelColumnFormatter
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.ops.redactor import Redactor

Style = Literal["console", "json"]

# These write whole addresses, token included, or every statement and byte below WARNING.
_TALKATIVE = ("httpx", "httpcore", "telegram", "aiohttp", "aiosqlite")
# This one writes a traceback for every page of a proxy; whoever made the call says in a line what it means.
_NERVOUS = "telegram.request.BaseRequest"
_NUMBERS = (bool, int, float)
_FIRST = ("task", "chat", "provider")
_STACKS = ("exception", "stack")

log = structlog.stdlib.get_logger(__name__)


def set_up(level: str, style: Style, redactor: Redactor) -> None:
    """Sends every log line of the process to standard error, redacted, and what nobody catches too."""
    through_standard_library()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(style, redactor, colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # A line that can not be written is lost; the library would print it, with all that it was made of.
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    logging.getLogger(_NERVOUS).setLevel(logging.CRITICAL)
    sys.excepthook, threading.excepthook, sys.unraisablehook = _crashed, _thread_crashed, _unraisable


def through_standard_library() -> None:
    """Events become records of the standard library's loggers, with their values and those bound to the context."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class Formatter(ProcessorFormatter):
    """One event as one line; below it, on a console, the stack if there is one. Never raises."""

    def __init__(self, style: Style, redactor: Redactor, *, colors: bool = False) -> None:
        render: tuple[Processor, ...] = (structlog.processors.JSONRenderer(),)
        if style == "console":
            render = (_readable, _console(colors=colors))
        super().__init__(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars],
            processors=[
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                _described,
                _Redaction(redactor),
                *render,
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        try:
            return super().format(record)
        except Exception as error:  # noqa: BLE001 - whatever a value does when it is shown, the bot goes on
            broken = logging.LogRecord(record.name, record.levelno, "", 0, "a line that can not be shown", (), None)
            broken.msg += f" ({type(error).__name__})"
            return super().format(broken)


class _Redaction:
    """Turns all values into plain ones, and blanks every secret in them before they are rendered.

    Afterwards would be too late: a blank in JSON may swallow the quote that ends a value.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        plain = {name: value if isinstance(value, _NUMBERS) else str(value) for name, value in event.items()}
        # Hardly a line holds any, and to look at all of it at once is cheap.
        together = "\n".join(value for value in plain.values() if isinstance(value, str))
        if self._redactor.blanked(together) == together:
            return plain
        blanked = self._redactor.blanked
        return {name: blanked(value) if isinstance(value, str) else value for name, value in plain.items()}


def _described(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """When, how bad, where and what; then the values that are known."""
    record: logging.LogRecord = event.pop("_record")
    del event["_from_structlog"]
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"timestamp": moment, "level": record.levelname.lower(), "logger": record.name, "event": event.pop("event")}
    first = {name: event.pop(name) for name in _FIRST if name in event}
    return {name: value for name, value in {**head, **first, **event}.items() if value is not None and value != ""}


def _readable(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """For a console: nothing that a foreign text holds may look like another line, or steer the terminal."""
    event["event"] = _one_line(event["event"])
    for name in _STACKS:
        if name in event:
            event[name] = "\n".join(f"  {_one_line(line)}" for line in event[name].splitlines())
    return event


def _one_line(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


def _console(*, colors: bool) -> ConsoleRenderer:
    styles = ConsoleRenderer.get_default_column_styles(colors=colors)
    levels = ConsoleRenderer.get_default_level_styles(colors=colors)

    def bare(style: str, postfix: str = "") -> KeyValueColumnFormatter:
        return KeyValueColumnFormatter(None, style, styles.reset, str, postfix=postfix)

    return ConsoleRenderer(
        exception_formatter=structlog.dev.plain_traceback,
        sort_keys=False,
        columns=[
            Column("timestamp", bare(styles.timestamp)),
            Column("level", LogLevelColumnFormatter(levels, styles.reset)),
            Column("logger", bare(styles.logger_name, ":")),
            Column("event", bare(styles.bright)),
            Column("", KeyValueColumnFormatter(styles.kv_key, styles.kv_value, styles.reset, _value)),
        ],
    )


def _value(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and not any(mark in text for mark in " '\"=") else repr(text)


def _crashed(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        log.warning("interrupted")
    else:
        log.critical("Rushes ends: an error that nobody expected; please report it", exc_info=(kind, error, trace))


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    log.error("a thread ended with an error that nobody expected", exc_info=crash.exc_value)


def _unraisable(trouble: Any) -> None:
    log.error("an error that nobody could be told", where=trouble.object, exc_info=trouble.exc_value)
