"""What gateways call back with: a hint that a task is worth a look, and nothing else.

Nobody proves that a call comes from the gateway. So it changes no state and says nothing in a chat; the next question
about a task that it names is asked as soon as it may be, and that answer is the truth.
"""

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from bot.intake.bearer import Bearer
from bot.intake.limits import Limits
from bot.intake.meaning import can_be_id
from bot.intake.web import Problem, json_answer, nothing, read_body, read_json, resource, too_many
from bot.storage.store import Store
from bot.tracking.gateways import Gateways
from bot.tracking.programs import Program, Secrets, read_callback

log = structlog.stdlib.get_logger(__name__)

PER_MINUTE = 300  # calls for one token
PER_TASK = 50  # different calls about one task
# Of one body no more values are looked at, and no more of them looked for.
VALUES, CANDIDATES = 10_000, 1000
_LONGEST_ID = 512
_LONGEST_NUMBER = 10**19


class Callbacks:
    """`POST /callback/<unguessable>`; `clock` gives epoch seconds."""

    def __init__(
        self, store: Store, gateways: Gateways, bearer: Bearer, secrets: Secrets, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._gateways = gateways
        self._bearer = bearer
        self._secrets = secrets
        self._clock = clock
        self._limits = Limits(PER_MINUTE)

    def routes(self) -> list[web.RouteDef]:
        """What they answer: to any other method, a test call of a gateway's included, that it is not possible."""
        return [resource("/callback/{address}", {"POST": self._hear}), nothing("/callback/{rest:.*}")]

    async def _hear(self, request: web.Request) -> web.Response:
        program = await self._program(request.match_info["address"])
        if not self._limits.take(program.id, self._clock()):
            raise too_many("That is more than this address takes in a minute.", math.ceil(60 / PER_MINUTE))
        body = await read_body(request)
        said = [*islice(_values([_read(body), *request.query.values()]), VALUES)]
        tasks = await self._store.programs.open_among(program, self._candidates(said))
        if not tasks:
            raise Problem(HTTPStatus.NOT_FOUND, "This names no task that the chat follows and that is still open.")
        await self._take(program, tasks, request.query_string.encode() + b"\n" + body)
        return json_answer({"tasks": len(tasks)})

    async def _program(self, address: str) -> Program:
        """Raises `Problem`, the same one for whatever is wrong with the address."""
        read = read_callback(address)
        known = await self._store.programs.numbered(read[0]) if read else None
        is_right = self._secrets.is_callback(known, read[1] if read else "")
        if known is None or not is_right or not await self._bearer.lets_in(known):
            raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        return known

    def _candidates(self, said: list[str]) -> list[str]:
        """Each that can be a task's ID, once."""
        providers = self._gateways.providers
        fit = dict.fromkeys(text for text in said if len(text) <= _LONGEST_ID and can_be_id(text, providers))
        return list(fit)[:CANDIDATES]

    async def _take(self, program: Program, tasks: list[int], call: bytes) -> None:
        """Raises `Problem` where nothing of it is new, or it is too much."""
        digest = hashlib.sha256(call).hexdigest()
        async with self._store.transaction() as tx:
            taken = {task_id: await tx.take_hint(task_id, digest, PER_TASK) for task_id in tasks}
        for task_id, is_taken in taken.items():
            if is_taken:
                log.info("called back, asking soon", task=task_id, chat=program.chat_id, program=program.id)
        if not any(taken.values()):
            if False in taken.values():
                raise Problem(HTTPStatus.CONFLICT, "The same call was taken before.")
            raise too_many("There were so many calls about this task that no more are taken.", 3600)


def _read(body: bytes) -> Any:
    """JSON, else a form, whatever the headers say. Raises `Problem`."""
    if body.lstrip()[:1] in {b"{", b"["}:
        return read_json(body)
    try:
        return [value for _, value in parse_qsl(body.decode(), max_num_fields=VALUES)]
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is neither JSON nor a form.") from None


def _values(document: Any) -> Iterator[str]:
    """Every text and whole number in it, those of JSON inside a text included, as some gateways wrap it."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and value[:1] in {"{", "["}:
            with contextlib.suppress(Problem):
                waiting.append(read_json(value.encode("utf-8", "replace")))
        elif isinstance(value, str):
            yield value
        elif isinstance(value, int) and 0 < value < _LONGEST_NUMBER:
            yield str(value)
