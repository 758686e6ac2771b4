"""Reads a body while it arrives, whoever brings it: bounded, inflated if it was packed, without its long strings."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

from providers.base import TooLarge
from providers.inline import Found, TooManyWords, Unpacker

# What is read as a whole; a longer answer is read without its long strings, each of which may be a film.
SHORT = 1 << 16
_LONGEST_DOCUMENT = 1 << 19
_INFLATED_AT_ONCE = 1 << 16
_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")


class Arriving(NamedTuple):
    """A body on its way: its coding, the length that was announced, and `read` for its pieces; b"" is its end."""

    coding: str
    length: int | None
    read: Callable[[], Awaitable[bytes]]


async def pieces(body: Arriving, cap: int) -> AsyncIterator[bytes]:
    """The body in pieces, inflated if it was packed although nobody had asked for it. TooLarge past `cap` bytes.

    Raises zlib.error for what can not be inflated.
    """
    coding = body.coding.lower()
    if coding in _PLAIN and (body.length or 0) > cap:
        raise TooLarge(body.length)
    left = cap
    async for piece in _inflated(body.read) if coding in _PACKED else _plain(body.read):
        left -= len(piece)
        if left < 0:
            raise TooLarge
        yield piece


async def document(body: Arriving, cap: int) -> bytes:
    """The whole body if it is short, else the JSON without its long strings; the beginning of what is no JSON."""
    whole = bytearray()
    unpacker: Unpacker | None = None
    try:
        async for piece in pieces(body, cap):
            if unpacker is None:
                whole += piece
                if len(whole) > SHORT:
                    unpacker = long_answer(take=lambda _: False)
                    unpacker.feed(bytes(whole))
            else:
                unpacker.feed(piece)
    except TooManyWords as error:
        raise TooLarge from error
    except ValueError:
        return bytes(whole[:SHORT])
    return bytes(unpacker.document if unpacker else whole)


def long_answer(take: Callable[[Found], bool]) -> Unpacker:
    """Reads an answer without its long strings. Only what is read alike gives them the same numbers each time."""
    return Unpacker(_LONGEST_DOCUMENT, SHORT, take)


async def _plain(read: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    while piece := await read():
        yield piece


async def _inflated(read: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    while waiting := await read():
        while waiting:
            yield inflater.decompress(waiting, _INFLATED_AT_ONCE)
            waiting = inflater.unconsumed_tail
            # A small chunk can hold a thousand times its size; others want to work meanwhile.
            await asyncio.sleep(0)
