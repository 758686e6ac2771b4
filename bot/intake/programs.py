"""What programs can do over HTTP: have a task followed in their chat, look at tasks, stop following them.

As the commands do it, inside one transaction each; what comes of it is told in the chat.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.intake.asks import Turn
from bot.intake.bearer import Bearer
from bot.intake.following import Following
from bot.intake.meaning import Reference, can_be_id
from bot.intake.resources import task_resource
from bot.intake.web import Problem, json_answer, nothing, read_body, read_json, resource, too_many
from bot.storage.store import Store
from bot.storage.transaction import Transaction
from bot.tracking.gateways import Gateways, fold_name
from bot.tracking.model import Ending, Task
from bot.tracking.programs import Program, Secrets

log = structlog.stdlib.get_logger(__name__)

PAGE, LONGEST_PAGE = 20, 100
NEWEST = 2**53 - 1  # as far as every JSON reader can count
ENOUGH_SECONDS = 60  # where too many tasks are open, before it is worth trying again

_NUMBER = re.compile(r"[1-9][0-9]{0,15}")


class TrackRequest(BaseModel):
    """The body of `POST /v1/track`. Without a provider or a kind, every one is asked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    provider: str | None = None
    kind: Literal["video", "image"] | None = None


class Programs:
    """The resources below `/v1`. `clock` gives epoch seconds."""

    def __init__(
        self,
        store: Store,
        gateways: Gateways,
        following: Following,
        bearer: Bearer,
        secrets: Secrets,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._gateways = gateways
        self._following = following
        self._bearer = bearer
        self._secrets = secrets
        self._clock = clock

    def routes(self, document: bytes) -> list[web.RouteDef]:
        """What they answer; `document` is their description, which everybody may read."""

        async def describe(_: web.Request) -> web.Response:
            return web.Response(body=document, content_type="application/json")

        return [
            resource("/v1/openapi.json", {"GET": describe}),
            resource("/v1/track", {"POST": self._track}),
            resource("/v1/tasks", {"GET": self._list}),
            resource("/v1/tasks/{id}", {"GET": self._show, "DELETE": self._untrack}),
            nothing("/v1/{rest:.*}"),
        ]

    async def _track(self, request: web.Request) -> web.Response:
        """201 if the chat follows the task because of this, 200 if it did before: to ask again does no harm."""
        program = await self._bearer.program(request)
        if request.content_type != "application/json":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body has to be application/json.")
        reference = self._reference(read_json(await read_body(request)))
        now = self._clock()
        async with self._store.transaction() as tx:
            task, is_new = await self._follow(_turn(program), reference, tx, now)
        if is_new:
            log.info("a program tracks", task=task.external_id, chat=program.chat_id, program=program.id)
        body = {**task_resource(task), "callback_url": self._secrets.callback_url(program)}
        location = {"Location": f"/v1/tasks/{quote(task.external_id, safe='')}"}
        return json_answer(body, HTTPStatus.CREATED if is_new else HTTPStatus.OK, location)

    async def _list(self, request: web.Request) -> web.Response:
        program = await self._bearer.program(request)
        limit = _number(request, "limit", PAGE, LONGEST_PAGE)
        found = await self._store.programs.tasks(program, _number(request, "before", NEWEST, NEWEST), limit + 1)
        more = found[limit - 1][0] if len(found) > limit else None
        return json_answer({"tasks": [task_resource(task) for _, task in found[:limit]], "next": more})

    async def _show(self, request: web.Request) -> web.Response:
        program = await self._bearer.program(request)
        task = await self._store.programs.task(program, self._task_id(request))
        if task is None:
            raise _not_followed()
        return json_answer(task_resource(task))

    async def _untrack(self, request: web.Request) -> web.Response:
        program = await self._bearer.program(request)
        task_id = self._task_id(request)
        async with self._store.transaction() as tx:
            followed = await tx.followed_as(program.chat_id, program.thread_id, task_id)
            for one in followed:
                await tx.stop(one)
        if not followed:
            raise _not_followed()
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _follow(self, turn: Turn, reference: Reference, tx: Transaction, now: float) -> tuple[Task, bool]:
        """The task, and whether that is news.

        Of those that are followed only one that we stopped watching is watched again: a request that is repeated
        because its answer was lost must not bring the same end twice.
        """
        task = await self._following.known_task(turn, reference, tx)
        known = await tx.subscription(task.id, turn.chat_id, turn.thread_id) if task else None
        if task and known and not known.stopped and task.ending in {None, Ending.DONE}:
            return task, False
        followed = await self._following.follow(turn, reference, tx, now)
        if followed.say == "too_many_open":
            raise too_many("So many tasks are watched already that no more are taken; try again later.", ENOUGH_SECONDS)
        if followed.task is None:
            raise Problem(HTTPStatus.CONFLICT, "No provider that is set up here has tasks of that kind and such an ID.")
        return followed.task, followed.say == ""

    def _reference(self, body: Any) -> Reference:
        """What the body means. Raises `Problem`."""
        try:
            wish = TrackRequest.model_validate(body)
        except ValidationError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _sentence(error)) from None
        if not can_be_id(wish.id, self._gateways.providers):
            raise _unprocessable("id: this cannot be the ID of a task; IDs are up to 512 letters, digits and ._-:=+")
        names = {fold_name(name): name for name in self._gateways.names}
        provider = "" if wish.provider is None else names.get(fold_name(wish.provider))
        if provider is None:
            raise _unprocessable(f"provider: it has to be one that is set up here: {', '.join(names.values())}")
        return Reference(wish.id, provider, wish.kind or "")

    def _task_id(self, request: web.Request) -> str:
        """What is in the path, as an ID that a task can have. Raises `Problem`."""
        task_id = request.match_info["id"]
        if not can_be_id(task_id, self._gateways.providers):
            raise _not_followed()
        return task_id


def _turn(program: Program) -> Turn:
    """As if its person had said it there; whoever has the token was allowed to decide for the chat."""
    return Turn(chat_id=program.chat_id, thread_id=program.thread_id, user_id=program.user_id, is_chat_admin=True)


def _number(request: web.Request, name: str, usual: int, most: int) -> int:
    """The parameter, 1 to `most`. Raises `Problem`."""
    given = request.query.getall(name, [str(usual)])
    number = int(given[0]) if len(given) == 1 and _NUMBER.fullmatch(given[0]) else 0
    if not 1 <= number <= most:
        raise _unprocessable(f"{name}: it has to be one whole number from 1 to {most}")
    return number


def _not_followed() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "The chat of this token follows no task with that ID.")


def _unprocessable(what: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{what}.")


def _sentence(error: ValidationError) -> str:
    """The first thing that is wrong, without the value, which may be anything."""
    problem = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])[:100].encode("ascii", "replace").decode()
    return f"{place or 'body'}: {problem['msg']}."
