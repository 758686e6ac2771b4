"""Brings files onto the disk that a gateway only gives out against the key, or hides inside JSON.

A transfer that is cut goes on where it was cut. A redirect is never followed with the key: its target is the result.
"""

import asyncio
import zlib
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from providers.base import Kind, Output, OutputKind, QueryError, QueryErrorKind, Reading, Snapshot
from providers.bodies import long_answer
from providers.files import FileWriter, short_base64, unpack
from providers.inline import Unpacker, decode
from providers.outputs import kind_of, usable_url
from providers.parse import parse
from providers.requests import Request
from providers.resuming import RESUME_PAUSE, RESUMES, Source
from providers.transport import NETWORK_TROUBLE, Transport, chunks, trouble

_MOST_WORDS = 1 << 20
_MEDIA = ("video/", "image/", "audio/")

# None: the file is complete.
Received = Output | QueryError | None


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be fetched. `is_json`: the answer is a document, described by `reading` if that is given.

    `number`: the file is the long string of that number in the document, see `inline.marker`.
    """

    request: Request
    kind: Kind
    is_json: bool = False
    reading: Reading | None = None
    number: int | None = None


async def fetch(transport: Transport, order: Order, destination: Path, max_bytes: int) -> Path | Output | QueryError:
    """`destination` once it is complete, or where the file is to be had without the key; else nothing is left there.

    Raises TooLarge past `max_bytes`, and OSError as the file system does.
    """
    async with FileWriter(destination, max_bytes) as file:
        try:
            received = await _receive(transport, order, file)
        except NETWORK_TROUBLE as error:
            return trouble(error)
        except (ValueError, zlib.error):
            return QueryError(QueryErrorKind.PROTOCOL, "a damaged file")
        if received is not None:
            return received
        return await file.keep() if file.size else QueryError(QueryErrorKind.TRANSIENT, "an empty file")


async def _receive(transport: Transport, order: Order, file: FileWriter) -> Received:
    source: Source | None = None
    for left in range(RESUMES, -1, -1):
        try:
            missing = source.rest(file.size) if source and file.size else {}
            async with transport.open(order.request, missing) as response:
                if source is None or response.status == HTTPStatus.OK:
                    source = Source.of(response)
                return await _take(response, order, file, source)
        except NETWORK_TROUBLE:
            # Where nothing has come there is nothing to go on from.
            if not file.size or not left:
                raise
        await asyncio.sleep(RESUME_PAUSE)
    return None


async def _take(response: aiohttp.ClientResponse, order: Order, file: FileWriter, source: Source) -> Received:
    if 300 <= response.status < 400:  # noqa: PLR2004 - HTTP's redirects
        return _redirected(response, order.kind)
    goes_on = bool(file.size) and source.continues(response, file.size)
    if file.size and not goes_on:
        await file.restart()
    if response.status != HTTPStatus.OK and not goes_on:
        return await _refusal(response, order)
    if not goes_on and _holds_json(response.content_type, order):
        return await _from_json(response, order, file)
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        return QueryError(QueryErrorKind.PROTOCOL, "a file that is compressed once more", response.status)
    if response.content_type == "text/html":
        return QueryError(QueryErrorKind.PROTOCOL, "a web page instead of the file", response.status)
    async for chunk in chunks(response, file.left):
        await file.write(chunk)
    return None


def _holds_json(content_type: str, order: Order) -> bool:
    """What the server says counts if it is specific, otherwise what the provider is known to do."""
    return "json" in content_type or (order.is_json and not content_type.startswith(_MEDIA))


async def _from_json(response: aiohttp.ClientResponse, order: Order, file: FileWriter) -> Received:
    unpacker = _unpacker(order)
    try:
        await unpack(chunks(response, _bound(file)), file, unpacker)
    except NETWORK_TROUBLE:
        # What is in the file are no bytes of the answer: nothing can go on from there.
        await file.restart()
        raise
    if unpacker.complete:
        return None
    if order.number is not None:
        return QueryError(QueryErrorKind.TRANSIENT, "the result is not there any more", response.status)
    document = bytes(unpacker.document)
    answer = parse(order.kind, response.status, response.headers, document, reading=order.reading)
    outputs = answer.outputs if isinstance(answer, Snapshot) else ()
    inline = decode(outputs[0].url) if outputs and outputs[0].url.startswith("data:") else None
    if data := inline or short_base64(document):
        await file.restart()
        await file.write(data)
        return None
    if outputs and not outputs[0].url.startswith("data:"):
        return outputs[0]
    return not_there(answer)


def _unpacker(order: Order) -> Unpacker:
    if order.number is None:
        return Unpacker()
    return long_answer(take=lambda found: found.number == order.number)


def _bound(file: FileWriter) -> int:
    """The most that a document about the file may have: the same twice as base64, and the words around it."""
    return 3 * file.left + _MOST_WORDS


async def _refusal(response: aiohttp.ClientResponse, order: Order) -> QueryError:
    body = b"".join([piece async for piece in chunks(response, _MOST_WORDS)])
    return not_there(parse(order.kind, response.status, response.headers, body))


def _redirected(response: aiohttp.ClientResponse, kind: Kind) -> Output | QueryError:
    """Where the file is, for a download without the key."""
    location = response.headers.get("Location", "")
    url = usable_url(urljoin(str(response.url), location)) if location else None
    if url is None or url.startswith("data:"):
        return QueryError(QueryErrorKind.PROTOCOL, "redirected to nowhere", response.status)
    return Output(kind_of(url, OutputKind(kind)), url)


def not_there(answer: Snapshot | QueryError) -> QueryError:
    """Why an answer that should have held a file does not."""
    if isinstance(answer, Snapshot):
        return QueryError(QueryErrorKind.TRANSIENT, "the file is not there yet")
    # The key has just been good for the question, so this is about the file: the gateway's own source refuses it.
    if answer.http == HTTPStatus.FORBIDDEN:
        return replace(answer, kind=QueryErrorKind.TRANSIENT)
    return answer
