"""What waits in the tables and how large the file is: questions that stay cheap however much is stored."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.tracking.measures import DATABASE_SIZE, DISK_FREE, INBOX_WAITING, OUTBOX_ROWS, WAL_SIZE, Reading

# Each is answered from a partial index alone, except for how many of the rows that wait are in doubt.
WAITING = """
SELECT (SELECT count(*) FROM outbox WHERE state IN ('pending', 'doubt')),
    (SELECT count(*) FROM outbox WHERE state IN ('pending', 'doubt') AND state = 'doubt'),
    (SELECT count(*) FROM outbox WHERE state = 'resting'),
    (SELECT count(*) FROM inbox WHERE body IS NOT NULL)
"""

Read = Callable[[str], Awaitable[list[Any]]]


async def read_vitals(read: Read, path: Path) -> list[Reading]:
    """As of now. `path` is the database file."""
    ((waiting, in_doubt, resting, inbox),) = await read(WAITING)
    return [
        Reading(OUTBOX_ROWS, waiting - in_doubt, ("pending",)),
        Reading(OUTBOX_ROWS, in_doubt, ("doubt",)),
        Reading(OUTBOX_ROWS, resting, ("resting",)),
        Reading(INBOX_WAITING, inbox),
        Reading(DATABASE_SIZE, _size(path)),
        Reading(WAL_SIZE, _size(path.with_name(path.name + "-wal"))),
        Reading(DISK_FREE, shutil.disk_usage(path.parent).free),
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
