import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.media.chart import Hours, Panel, Rows, chart

BLUE, GREEN = "#2f6fd6", "#27914f"


def drawn(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as opened:
        assert (opened.format, opened.size) == ("PNG", (1200, 800))
        return opened.convert("RGB")


def share(image: Image.Image, wanted: tuple[int, int, int]) -> int:
    """How many pixels are about of that colour."""
    found = image.getcolors(1_000_000) or []
    near = (count for count, colour in found if all(abs(a - b) < 12 for a, b in zip(colour, wanted, strict=True)))  # type: ignore[arg-type]
    return sum(near)


async def test_longer_bars_for_larger_numbers() -> None:
    few, many = [drawn(await chart([Rows(BLUE, "5", (("a", value, "5"), ("b", 10, "10")))])) for value in (1, 9)]
    assert share(many, (0x2F, 0x6F, 0xD6)) > share(few, (0x2F, 0x6F, 0xD6)) > 1000


async def test_nothing_to_tell_and_too_much_to_tell_are_pictures_too() -> None:
    empty: list[Panel] = [
        Rows(BLUE, "0", ()),
        Hours(GREEN, "0 / h", (0,) * 24),
        Rows(BLUE, "", (("a", 0, "0"),), full=100),
    ]
    drawn(await chart(empty))
    names = ["视频网关", "\U0001f469\u200d\U0001f469", "x" * 300, "\ud800", "<b>", "\n", "", "a", "b"]
    crowded = Rows(BLUE, "9" * 90, tuple((name, 10.0**30, "1" * 50) for name in names))
    drawn(await chart([crowded, Hours(GREEN, "?", (10**12,) * 24)] * 3))


@pytest.mark.parametrize("program", ["exit 3", "echo no picture", "exec sleep 60"])
async def test_without_a_painter_there_is_no_picture_and_a_line_in_the_log(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    assert await chart([Rows(BLUE, "1", ())], deadline=1.0 if "sleep" in program else 30.0) == b""
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_the_bots_own_process_never_loads_the_painter() -> None:
    code = "import bot.app, bot.__main__, sys; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
