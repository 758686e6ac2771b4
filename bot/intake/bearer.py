"""Which program makes a request: by its token, as long as its person would still be let in themselves."""

import math
import re
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from bot.intake.access import Access
from bot.intake.gate import Gate
from bot.intake.web import Problem, too_many
from bot.storage.store import Store
from bot.tracking.programs import Program, digest_of, is_token

_BEARER = re.compile(r"(?i:bearer) +(\S+) *")
_CHALLENGE = 'Bearer realm="Rushes"'


class Bearer:
    """`lists` are the operator's; what was decided from inside the bot is read anew at every request.

    `per_minute`: what one person may do in a minute, their programs included.
    """

    def __init__(self, store: Store, lists: Access, gate: Gate, per_minute: int) -> None:
        self._store = store
        self._lists = lists
        self._gate = gate
        self._again_after = math.ceil(60 / per_minute)

    async def program(self, request: web.Request) -> Program:
        """Raises `Problem`: 401 without a token that works, 403 where its person is not let in, 429 for too much."""
        given = request.headers.getall("Authorization", [])
        if not given:
            raise _unauthorized("Send your token as “Authorization: Bearer …”; /token in the chat makes one.")
        found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        # The digest is looked up, not the token: how long that takes tells nothing about any token.
        is_one = found is not None and is_token(found[1])
        program = await self._store.programs.with_digest(digest_of(found[1])) if found and is_one else None
        if program is None:
            raise _unauthorized("This token does not work, or not any more; /token in the chat makes one.", known=True)
        if not await self.lets_in(program):
            raise Problem(HTTPStatus.FORBIDDEN, "Whoever made this token is not let in any more.")
        if not self._gate.takes(program.user_id, program.chat_id):
            raise too_many("That is more than this person may do in a minute.", self._again_after)
        return program

    async def lets_in(self, program: Program) -> bool:
        """As the gate would judge its person in its chat, by what the tables say now."""
        verdicts = await self._store.programs.verdicts_on(program)
        return replace(self._lists, verdicts=verdicts).permits(program.user_id, program.chat_id)


def _unauthorized(detail: str, *, known: bool = False) -> Problem:
    challenge = f'{_CHALLENGE}, error="invalid_token"' if known else _CHALLENGE
    return Problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": challenge})
