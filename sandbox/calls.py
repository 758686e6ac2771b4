"""What was asked of a stand-in, in order; knows nothing of who asked."""

import time
from collections.abc import Mapping
from typing import Any

Entry = Mapping[str, Any]


class Calls:
    """An endless list of finished calls, numbered from 1."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def add(self, **facts: Any) -> None:
        """Append one finished call with its number and time."""
        self._entries.append({"n": len(self._entries) + 1, "time": round(time.time(), 3), **facts})

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self._entries)

    def since(self, number: int = 0) -> list[Entry]:
        """The calls after `number`."""
        return self._entries[max(0, number) :]
