"""Puts one question about a task to whoever could know it. Stores nothing, knows no schedule and no chat."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.polling.limiter import Lanes
from bot.tracking.gateways import Address, Gateways
from bot.tracking.model import Task
from providers.base import QueryError, QueryErrorKind, Snapshot, State
from providers.client import GatewayClient, Known

Answer = Snapshot | QueryError

# Of several accounts that could not tell, the one that somebody has to do something about speaks for all.
_WEIGHT = (
    QueryErrorKind.AUTH,
    QueryErrorKind.PAYMENT,
    QueryErrorKind.RATE_LIMITED,
    QueryErrorKind.TRANSIENT,
    QueryErrorKind.PROTOCOL,
    QueryErrorKind.NOT_FOUND,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one place answered, and in how many seconds; `is_fresh` is false where it rests, and this is why.

    `known` is for whoever asks the same again; `is_ill`: it has rested for so long that this is said of every task.
    """

    address: Address
    answer: Answer
    is_fresh: bool = True
    seconds: float = 0.0
    known: Known | None = None
    is_ill: bool = False


class Inquiry:
    """Asks by address where a task is located, else everywhere it may be; an account that rests is not asked."""

    def __init__(
        self,
        gateways: Gateways,
        client: GatewayClient,
        lanes: Lanes,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateways = gateways
        self._client = client
        self._lanes = lanes
        self._monotonic = monotonic

    async def ask(self, task: Task, preferred: str = "", known: Known | None = None) -> tuple[Heard, ...]:
        """Every answer that came, the one to believe first. The task must be one that somebody can be asked about.

        Of answers that say equally much, the `preferred` provider's comes first. `known` is what a located task's
        address said last; it is what it says now too, if its answer is still the same.
        """
        if task.is_located:
            return (await self._query(task.address, task, known),)
        rows = self._gateways.candidates(task.provider, task.kind, task.external_id)
        # The accounts side by side; the endpoints of each in their order.
        found = await asyncio.gather(*(self._first_that_knows(row, task) for row in rows))
        everything = (heard for row in found for heard in row)
        return tuple(sorted(everything, key=lambda heard: (_rank(heard), heard.address.provider != preferred)))

    async def complete(self, task: Task, heard: Heard) -> Heard:
        """The answer with its links, where a finished task's are only named by a second request."""
        if not isinstance(heard.answer, Snapshot):
            return heard
        provider, key = self._gateways.provider(heard.address.provider), self._gateways.key(heard.address)
        answer = await self._client.complete(provider, key, task.external_id, heard.answer)
        return heard if answer is heard.answer else replace(heard, answer=answer)

    async def _first_that_knows(self, row: tuple[Address, ...], task: Task) -> list[Heard]:
        """One account's endpoints in their order, until one does not say that it knows no such task."""
        heard = []
        for address in row:
            heard.append(await self._query(address, task))
            answer = heard[-1].answer
            if not (isinstance(answer, QueryError) and answer.kind is QueryErrorKind.NOT_FOUND):
                break
        return heard

    async def _query(self, address: Address, task: Task, known: Known | None = None) -> Heard:
        lane = self._lanes.of(address.provider, address.account)
        asked = self._monotonic()
        refusal = lane.refusal(task.id, asked, is_queued=task.is_located)
        if refusal:
            return Heard(address, refusal, is_fresh=False, is_ill=lane.is_ill(asked))
        provider, endpoint = self._gateways.provider(address.provider), self._gateways.endpoint(address)
        found = await self._client.query_again(provider, endpoint, self._gateways.key(address), task.external_id, known)
        known, answer = (None, found) if isinstance(found, QueryError) else (found, found.snapshot)
        now = self._monotonic()
        if lane.hear(task.id, answer, asked, now):
            self._lanes.note_back(address.provider, address.account)
        return Heard(address, answer, seconds=now - asked, known=known)


def _rank(heard: Heard) -> int:
    """Who is believed: a known state first, then any state, then the error that matters most."""
    if isinstance(heard.answer, Snapshot):
        return 1 if heard.answer.state is State.UNKNOWN else 0
    return 2 + _WEIGHT.index(heard.answer.kind)
