"""Exact reads out of a file whose bytes may lie, with a limit on the work; knows no format."""

import struct
from typing import Any, BinaryIO

# A file that needs more than this to be described is not worth describing: about half a second at worst.
_MAX_READS = 200_000
_MAX_BYTES = 32 * 2**20
_MAX_LENGTH = 2**20


class Malformed(ValueError):
    """The bytes end too early, contradict themselves or ask for too much work."""


class Source:
    """One open file of `size` bytes. Offsets are from its start; every failure is `Malformed`."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._reads = _MAX_READS
        self._bytes = _MAX_BYTES

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes, a MiB at most."""
        self._reads -= 1
        self._bytes -= length
        if min(self._reads, self._bytes, offset, length) < 0 or length > _MAX_LENGTH:
            raise Malformed("asks for too much")
        if offset + length > self.size:
            raise Malformed("ends too early")
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) != length:
            raise Malformed("became shorter")
        return data

    def unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        """The values that `layout`, a format of `struct`, finds at `offset`."""
        return struct.unpack(layout, self.read(offset, struct.calcsize(layout)))

    def number(self, layout: str, offset: int) -> int:
        """The first of those values, where it is an integer."""
        return int(self.unpack(layout, offset)[0])
