"""A program of its own: draws panels of bars and columns as one PNG. Imports nothing of ours.

Run as `python -I chart_child.py`, the panels of `chart.py` as JSON on standard input; the PNG is on standard output.
"""

import json
import os
import resource
import sys
from typing import Any

from PIL import Image, ImageColor, ImageDraw, ImageFont

_SIZE = (1200, 800)
_GAP, _PADDING = 20, 26
_PANEL = ((_SIZE[0] - 3 * _GAP) // 2, (_SIZE[1] - 3 * _GAP) // 2)
_BACKGROUND, _PAPER, _INK, _FAINT, _LINE = "#eceef1", "#ffffff", "#1f2328", "#6a727c", "#d5d9de"
# On a phone all of it is 360 points wide: 36 pixels here are 11 points there.
_HEADLINE, _TEXT, _SMALL = 66, 38, 34
_ROWS, _ROW = 5, 50
_NAMES, _VALUES = 190, 130  # the widths of both columns beside the bars
_COLOURS = 128  # enough for smooth edges
_SECONDS, _MEMORY = 10, 2**29

Box = tuple[int, int, int, int]


def main() -> None:
    """Reads, draws, writes."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    if sys.platform != "darwin":  # where it may not be lowered
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    Sheet().draw(json.load(sys.stdin.buffer)).quantize(_COLOURS).save(sys.stdout.buffer, "PNG")


class Sheet:
    """One picture."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", _SIZE, _BACKGROUND)
        self._draw = ImageDraw.Draw(self._image)
        self._fonts = {size: ImageFont.load_default(size) for size in (_HEADLINE, _TEXT, _SMALL)}

    def draw(self, panels: list[dict[str, Any]]) -> Image.Image:
        """At most four panels, two beside each other."""
        for place, panel in enumerate(panels[:4]):
            left, top = (_GAP + step * (side + _GAP) for step, side in zip(divmod(place, 2)[::-1], _PANEL, strict=True))
            right, bottom = left + _PANEL[0], top + _PANEL[1]
            self._draw.rounded_rectangle((left, top, right, bottom), 18, _PAPER)
            left, top, right, bottom = left + _PADDING, top + 16, right - _PADDING, bottom - 16
            self._say((left, top), panel["headline"], _HEADLINE, panel["colour"], "la")
            inner = (left, top + _HEADLINE + 20, right, bottom)
            if "bars" in panel:
                self._rows(inner, panel)
            else:
                self._columns(inner, panel)
        return self._image

    def _rows(self, box: Box, panel: dict[str, Any]) -> None:
        bars = panel["bars"][:_ROWS]
        full = max([panel["full"], *(value for _, value, _ in bars)]) or 1
        start, room = box[0] + _NAMES, box[2] - box[0] - _NAMES - _VALUES
        for place, (name, value, words) in enumerate(bars):
            middle = box[1] + place * _ROW + _ROW // 2
            self._say((box[0], middle), self._fitting(name, _NAMES - 14), _TEXT, _INK, "lm")
            self._bar((start, middle - 15, start + room, middle + 15), _LINE)
            length = round(room * value / full)
            if value:
                self._bar((start, middle - 15, start + max(length, 6), middle + 15), panel["colour"])
            self._say((box[2], middle), words, _TEXT, _INK, "rm")

    def _columns(self, box: Box, panel: dict[str, Any]) -> None:
        counts, colours = panel["counts"], [panel["colour"]] * (len(panel["counts"]) - 1) + [_pale(panel["colour"])]
        left, top, right, bottom = box[0], box[1] + 24, box[2], box[3] - _SMALL - 8
        most, step = max(counts), (right - left) / len(counts)
        # What the highest column stands for, in the corner that the headline leaves free.
        self._say((right, box[1] - 22), f"max {most:,}", _SMALL, _FAINT, "rs")
        for place, (count, colour) in enumerate(zip(counts, colours, strict=True)):
            x = left + place * step
            height = max(round((bottom - top) * count / most), 4) if count else 0
            self._bar((round(x) + 2, bottom - height, round(x + step) - 2, bottom), colour)
        self._draw.line((left, bottom, right, bottom), _FAINT, 3)
        half = len(counts) // 2
        for x, words, anchor in (
            (left, f"-{2 * half} h", "ls"),
            ((left + right) // 2, f"-{half} h", "ms"),
            (right, "0", "rs"),
        ):
            self._say((x, box[3]), words, _SMALL, _FAINT, anchor)

    def _bar(self, box: Box, colour: str | tuple[int, ...]) -> None:
        if box[3] > box[1]:
            self._draw.rectangle((box[0], box[1], box[2], box[3] - 1), colour)

    def _say(self, where: tuple[int, int], words: str, size: int, colour: str, anchor: str) -> None:
        self._draw.text(where, _drawable(words), colour, self._fonts[size], anchor)

    def _fitting(self, name: str, room: int) -> str:
        name, font = _drawable(name), self._fonts[_TEXT]
        kept = name
        while kept and font.getlength(kept) > room:
            kept = name[: len(kept.removesuffix("..")) - 1] + ".."
        return kept


def _drawable(words: str) -> str:
    """The font has no letters but Latin ones."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in words)


def _pale(colour: str) -> tuple[int, ...]:
    return tuple((part + 255) // 2 for part in ImageColor.getrgb(colour))


if __name__ == "__main__":
    main()
