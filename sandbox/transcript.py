"""A chat on a terminal: redrawn in place where that works, otherwise line by line as things happen."""

import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

_NARROW, _WIDE = 40, 100
_YOU, _BOT = "you", "bot"
_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_HOME_AND_CLEAR, _HIDE, _SHOW = "\x1b[H\x1b[J", "\x1b[?25l", "\x1b[?25h"


def describe(message: Json) -> str:
    """What the message shows, in one paragraph."""
    media = message["media"]
    if media is None:
        return " · ".join(line for line in str(message["text"]).splitlines() if line)
    size = f"{media['size'] / 1000:.0f} kB"
    geometry = f" {media['width']}×{media['height']}" if media["width"] else ""
    seconds = f", {media['duration']} s" if media["duration"] else ""
    sign = {"video": "▶", "photo": "▣"}.get(media["kind"], "▤")
    caption = " · ".join(line for line in str(message["caption"] or "").splitlines() if line)
    return f"{sign} {media['kind']}{geometry}{seconds}, {size}" + (f" — {caption}" if caption else "")


class Lines:
    """Every change as a line of its own; for logs and pipes."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._seen: dict[int, str] = {}
        self.lines: list[str] = []

    def show(self, messages: Sequence[Json]) -> None:
        """The chat as it is now; prints what is new since the last time."""
        for message in messages:
            text = describe(message)
            known = self._seen.get(message["message_id"])
            if text != known:
                self._seen[message["message_id"]] = text
                self._write(message, text, is_new=known is None)

    def _write(self, message: Json, text: str, *, is_new: bool) -> None:
        if not message["from_bot"]:
            sign = "  "
        elif not is_new:
            sign = "✎ "
        else:
            sign = "  " if message["silent"] else "♪ "
        who = _BOT if message["from_bot"] else _YOU
        line = f"{time.monotonic() - self._started:5.1f}s  {who}  {sign}{text}"
        self.lines.append(line)
        self._print(line)

    def _print(self, line: str) -> None:
        print(line, flush=True)

    def close(self) -> None:
        """Nothing to tidy up."""


class Live(Lines):
    """The chat as it stands, redrawn in place; the lines are kept for the file."""

    def __init__(self) -> None:
        super().__init__()
        sys.stdout.write(_HIDE)

    def show(self, messages: Sequence[Json]) -> None:
        """The end of the chat, as much as fits."""
        before = len(self.lines)
        super().show(messages)
        if len(self.lines) != before:
            self._draw(messages)

    def _draw(self, messages: Sequence[Json]) -> None:
        width, height = shutil.get_terminal_size()
        width = min(max(width, _NARROW), _WIDE)
        rows = [row for message in messages for row in _bubble(message, width)]
        sys.stdout.write(_HOME_AND_CLEAR + "\n".join(rows[-(height - 2) :]) + "\n")
        sys.stdout.flush()

    def _print(self, line: str) -> None:
        """Drawn, not printed."""

    def close(self) -> None:
        """The cursor comes back."""
        sys.stdout.write(_SHOW)
        sys.stdout.flush()


def _bubble(message: Json, width: int) -> list[str]:
    """A message of the bot stands at the left, one of the person, dimmed, at the right."""
    rows = textwrap.wrap(describe(message), width - 14) or [""]
    if not message["from_bot"]:
        return [f"{_DIM}{row.rjust(width)}{_OFF}" for row in rows]
    sign = " " if message["silent"] else "♪"
    first = f"{sign} {_BOLD}{rows[0]}{_OFF}" if message["media"] or not message["silent"] else f"{sign} {rows[0]}"
    return [first, *(f"  {row}" for row in rows[1:])]
