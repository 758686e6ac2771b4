"""Steers the surroundings of a bot's process, see `weather`; the bot itself is as it always is."""

import fcntl
import mmap
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.weather import SKY


class Sky:
    """What one bot's process, or one after the other, finds around itself. Fine weather at first."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "weather.sky"
        self._path.write_bytes(SKY.pack(0.0, 0, 0))
        with self._path.open("r+b") as file:
            self._shown = mmap.mmap(file.fileno(), SKY.size)

    @property
    def environment(self) -> dict[str, str]:
        """What the process has to be started with."""
        return {"WEATHER": str(self._path)}

    def shift_clock(self, seconds: float) -> None:
        """The wall clock is wrong by so much from now on; the monotonic one goes on."""
        self._set(0, seconds)

    @contextmanager
    def no_names(self) -> Iterator[None]:
        """No name can be resolved. Without this, all names below `.test` are this machine's."""
        self._set(1, 1)
        try:
            yield
        finally:
            self._set(1, 0)

    @contextmanager
    def full_database(self) -> Iterator[None]:
        """SQLite says that the disk is full whenever a file of its own would grow."""
        self._set(2, 1)
        try:
            yield
        finally:
            self._set(2, 0)

    def _set(self, place: int, value: float) -> None:
        sky = list(SKY.unpack_from(self._shown))
        sky[place] = value
        SKY.pack_into(self._shown, 0, *sky)


@contextmanager
def full_disk(pid: int, largest: int) -> Iterator[None]:
    """No file of that process gets larger than so many bytes; what lies beyond can not be written."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The lock beside a database is somebody else's."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
