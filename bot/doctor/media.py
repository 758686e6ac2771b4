"""What makes pictures of videos and numbers, tried once on something tiny; and the folder for files on their way."""

import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.doctor.report import Finding, bad, ok, warn
from bot.media.chart import Rows, chart
from bot.media.probe import Format
from bot.media.stills import Stills, stills
from bot.settings import Settings

_SECONDS = 12.0
_REINSTALL = "install the locked packages again: python -m pip install --require-hashes -r requirements/run.txt"
# One grey pixel.
_GIF = bytes.fromhex("47494638376101000100800000808080ffffff2c00000000010001000002024401003b")


async def look_at_media(settings: Settings) -> AsyncIterator[Finding]:
    """Without pictures files go out all the same, so that is no more than a warning."""
    for finding in _about_folder(settings.files_folder, is_shared=settings.telegram_local_mode):
        yield finding
    with _complaints() as said:
        try:
            with tempfile.TemporaryDirectory() as folder:
                (picture := Path(folder) / "one.gif").write_bytes(_GIF)
                made = await stills(picture, Format.GIF, Path(folder), _SECONDS)
        except OSError as error:
            yield warn(f"there is no folder for temporary files ({error})", "set TMPDIR")
        else:
            yield _about("previews of videos", is_good=made != Stills(), said=said)
        said.clear()
        drawn = await chart([Rows("#808080", "1", (("a", 1.0, "1"),))], _SECONDS)
        yield _about("pictures of numbers", is_good=bool(drawn), said=said)


def _about(what: str, *, is_good: bool, said: list[str]) -> Finding:
    return ok(f"{what} can be made") if is_good else warn(f"{what} can not be made ({'; '.join(said)})", _REINSTALL)


def _about_folder(folder: Path, *, is_shared: bool) -> Iterator[Finding]:
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        yield bad(f"{folder} can not be used as the folder for files", "remove it; the bot makes it anew")
    closed = [parent for parent in folder.absolute().parents if parent.exists() and not parent.stat().st_mode & 0o001]
    if is_shared and closed:
        yield warn(
            f"a Bot API server of another user does not get to {folder}: {closed[-1]} is closed to others",
            f"chmod o+x {' '.join(map(str, reversed(closed)))}, or run both as the same user",
        )


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the makers of pictures log meanwhile, instead of it being shown."""
    said = list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("bot.media")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
