"""Numbers as a picture for a phone, drawn in a short-lived process of its own: the bot's never loads a painter."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

log = structlog.stdlib.get_logger(__name__)

_CHILD = Path(__file__).with_name("chart_child.py")
_ENVIRONMENT = ("LD_LIBRARY_PATH",)  # without it some builds of Python do not find themselves
_REASON_LENGTH = 200
_PNG = b"\x89PNG"


@dataclass(frozen=True, slots=True)
class Rows:
    """A large word, and below it a bar for each name: (name, value, value in words). `full`: how long a bar can be."""

    colour: str
    headline: str
    bars: tuple[tuple[str, float, str], ...]
    full: float = 0


@dataclass(frozen=True, slots=True)
class Hours:
    """A large word, and below it a column for each hour, the oldest first; the last one is not over yet."""

    colour: str
    headline: str
    counts: tuple[int, ...]


Panel = Rows | Hours


async def chart(panels: Sequence[Panel], deadline: float = 15.0) -> bytes:
    """Up to four panels, two beside each other, as one PNG of 1200 by 800 pixels; b"" if it was not to be drawn.

    After `deadline` seconds the child is killed. Whatever goes wrong is logged.
    """
    try:
        async with asyncio.timeout(deadline):
            status, picture, complaint = await _run(json.dumps([asdict(panel) for panel in panels]).encode())
        if status == 0 and picture.startswith(_PNG):
            return picture
        reason = f"status {status}, {complaint}"
    except (OSError, TimeoutError) as error:
        reason = str(error) or "it took too long"
    log.warning("no picture of the numbers", reason=reason)
    return b""


async def _run(order: bytes) -> tuple[int | None, bytes, str]:
    """The child's exit status, its picture and its last complaint. It never outlives this call."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_CHILD)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        picture, errors = await child.communicate(order)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return child.returncode, picture, errors.decode(errors="replace").strip().rpartition("\n")[2][:_REASON_LENGTH]
