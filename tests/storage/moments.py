"""Backs up or restores again and again, killed a few lines later in `bot/storage/backup.py` each time.

`moments.py STEP COMMAND DATABASE COPY`: so many lines later; the folder of the one that is written is put back before
each run, and what is there after it is printed. The last run ends by itself.
"""

import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

from bot.storage import backup


class Bomb:
    """Kills the process at the given line, counted from the first one that is executed there."""

    def __init__(self, line: int) -> None:
        self._left = line

    def __call__(self, frame: FrameType, event: str, _: Any) -> "Bomb | None":
        if frame.f_code.co_filename != backup.__file__:
            return None
        if event == "line":
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def held(target: Path) -> str:
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return " ".join(name for (name,) in connection.execute("SELECT external_id FROM tasks ORDER BY id"))


def run(line: int, command: str, database: Path, copy: Path) -> int:
    pid = os.fork()
    if pid == 0:
        sys.settrace(Bomb(line))
        if command == "backup":
            backup.back_up(database, copy, overwrite=True)
        else:
            backup.restore(copy, database)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def try_all(step: int, command: str, database: Path, copy: Path) -> None:
    target = copy if command == "backup" else database
    folder, kept = target.parent, target.parent.with_name("kept")
    shutil.copytree(folder, kept)
    line, status = 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        line += step
        status = run(line, command, database, copy)
        sys.stdout.write(f"{held(target)}\n")
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
    assert status == 0


if __name__ == "__main__":
    try_all(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
