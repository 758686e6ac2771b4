"""The surroundings of a bot's process, as somebody outside wants them: its clock, its names, its database's room.

A process of the nursery puts this on before it becomes a bot; nothing here knows the bot. `sky` steers it.
"""

import mmap
import socket
import sqlite3
import struct
import time
from pathlib import Path
from typing import Any

# Seconds that the clock is wrong by; whether names fail; whether databases may not grow.
SKY = struct.Struct("dqq")
_NEVER_FULL = 1_073_741_823


def put_on(path: str) -> None:
    """From now on this process lives in the weather that stands in that file."""
    with Path(path).open("rb") as file:
        shown = mmap.mmap(file.fileno(), SKY.size, access=mmap.ACCESS_READ)
    now, resolve, connect = time.time, socket.getaddrinfo, sqlite3.connect

    def sky() -> tuple[Any, ...]:
        return SKY.unpack_from(shown)

    def shifted() -> float:
        return float(now() + sky()[0])

    def look_up(host: Any, *place: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and sky()[1] and not name[-1].isdigit():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve("127.0.0.1" if name and name.endswith(".test") else host, *place, **more)

    class Connection(sqlite3.Connection):
        """A database that is full while the weather says so."""

        is_full = False

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            is_full = bool(sky()[2])
            if is_full is not self.is_full and not self.in_transaction:
                self.is_full = is_full
                # Fewer than there are means: not one page more.
                super().execute(f"PRAGMA max_page_count = {1 if is_full else _NEVER_FULL}").fetchall()
            return super().execute(sql, *values)

    def open_database(*place: Any, **more: Any) -> Any:
        return connect(*place, **{"factory": Connection, **more})

    time.time, socket.getaddrinfo = shifted, look_up
    sqlite3.connect = open_database
