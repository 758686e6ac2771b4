"""What the ways in for programs have in common over HTTP: one handler for a path, bodies with bounds, problems as JSON.

Whatever is wrong with a request is a `Problem` (RFC 9457) with one sentence. Knows nothing of what is asked for.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from bot.storage.sqlite import DatabaseError

log = structlog.stdlib.get_logger(__name__)

PROBLEM_TYPE = "application/problem+json"
READ_SECONDS = 10.0  # for the whole of a body
RETRY_SECONDS = 5  # where the database is in the way

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# aiohttp raises these at a client that went away or sent less than it promised.
_CUT_OFF = (ConnectionError, web.RequestPayloadError)


class Problem(Exception):
    """What is wrong with a request: an HTTP status, one sentence for whoever wrote the program, more headers."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})


def too_many(detail: str, seconds: int) -> Problem:
    """The same request may be made again after so many seconds."""
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(seconds)})


def resource(path: str, methods: Mapping[str, Handler]) -> web.RouteDef:
    """The path with all that can be done to it; every other method is refused."""
    allowed = ", ".join(methods)
    refusal = Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"Only {allowed} is possible here.", {"Allow": allowed})

    async def serve(request: web.Request) -> web.StreamResponse:
        method = methods.get(request.method)
        if method is None:
            return _answer(refusal)
        try:
            return await method(request)
        except Problem as problem:
            return _answer(problem)
        except DatabaseError as error:
            log.error("a program was told to try again", error=error)  # noqa: TRY400 - the sentence says it all
            busy = "The bot cannot reach its database right now; nothing was changed, try again."
            return _answer(Problem(HTTPStatus.SERVICE_UNAVAILABLE, busy, {"Retry-After": str(RETRY_SECONDS)}))

    return web.route("*", path, serve)


def nothing(path: str) -> web.RouteDef:
    """All that is below the path, for what nothing else answers."""

    async def serve(_: web.Request) -> web.StreamResponse:
        return _answer(Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address."))

    return web.route("*", path, serve)


async def read_body(request: web.Request) -> bytes:
    """All of it, as it is, within the server's limit. Raises `Problem`."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A compressed body is not taken; send it as it is.")
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 1 MiB.") from None
    except TimeoutError:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.") from None
    except _CUT_OFF:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not what its headers say.") from None


def read_json(body: bytes) -> Any:
    """The body's JSON: UTF-8, each name once, numbers that are numbers. Raises `Problem`."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not JSON, or names something twice.") from None


def json_answer(
    body: Any,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> web.Response:
    """That as JSON, kept by nobody on the way."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=kept, content_type=content_type)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse(word: str) -> None:
    raise ValueError(word)


def _answer(problem: Problem) -> web.Response:
    body = {"title": problem.status.phrase, "status": problem.status.value, "detail": str(problem)}
    return json_answer(body, problem.status, problem.headers, PROBLEM_TYPE)
