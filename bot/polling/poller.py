"""One poll: ask the gateway, decide what the answer means, store it with everything that the chats are due.

Knows no schedule; it returns how long to wait.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.polling.cadence import Pace, lane_pause, next_wait
from bot.polling.limiter import Lanes
from bot.storage.store import Store
from bot.storage.transaction import Transaction
from bot.tracking.gateways import Address, Gateways
from bot.tracking.lifecycle import decide
from bot.tracking.model import Task
from providers.base import QueryError, QueryErrorKind, Snapshot, State
from providers.client import GatewayClient

log = logging.getLogger(__name__)

Answer = Snapshot | QueryError

_ACCOUNT_TROUBLES = frozenset({QueryErrorKind.AUTH, QueryErrorKind.PAYMENT})
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
class Polled:
    """The task after the poll, and the seconds until the next one is due."""

    task: Task
    wait: float


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where time and chance come from: epoch seconds, monotonic seconds, a number in 0..1."""

    now: Callable[[], float]
    monotonic: Callable[[], float]
    chance: Callable[[], float]


class Poller:
    """Polls one task at a time for whoever calls it. `admins` are told when an account stops or starts working."""

    def __init__(
        self,
        gateways: Gateways,
        client: GatewayClient,
        store: Store,
        lanes: Lanes,
        pace: Pace,
        admins: frozenset[int],
        clocks: Clocks,
    ) -> None:
        self._gateways = gateways
        self._client = client
        self._store = store
        self._lanes = lanes
        self._pace = pace
        self._admins = admins
        self._clocks = clocks
        self._troubled: set[tuple[str, int]] = set()

    async def start(self) -> None:
        """Remembers which accounts the operator has been told about already."""
        self._troubled = await self._store.accounts_in_trouble()

    def can_ask(self, task: Task) -> bool:
        """Whether anybody who is configured now can answer for the task."""
        if task.is_located:
            return self._gateways.knows(task.address)
        return bool(self._gateways.candidates(task.provider, task.kind))

    async def poll(self, task: Task) -> Polled:
        """Asks once. Raises `DatabaseError` when the outcome could not be stored; then nothing has happened."""
        address, answer = await self._ask(task)
        now = self._clocks.now()
        decision = decide(self._placed(task, address, answer), answer, now)
        if decision.changed:
            async with self._store.transaction() as tx:
                await tx.record(decision.task, now)
            after = decision.task
            log.info("task %s (%s): %s", task.id, address.provider, after.ending or after.trouble or after.state)
        floor = self._gateways.provider(address.provider).min_interval
        age = now - task.created_at
        wait = next_wait(self._pace, floor, decision.task, answer, age, self._clocks.chance())
        return Polled(decision.task, wait)

    def _placed(self, task: Task, address: Address, answer: Answer) -> Task:
        """The task with what the answer says about where it lives."""
        if task.is_located or isinstance(answer, QueryError):
            return replace(task, source=address.provider)
        kind = self._gateways.endpoint(address).kind
        return replace(
            task,
            provider=address.provider,
            account=address.account,
            endpoint=address.endpoint,
            kind=kind,
            source=address.provider,
        )

    async def _ask(self, task: Task) -> tuple[Address, Answer]:
        if task.is_located:
            answer = await self._query(task.address, task)
            return task.address, answer
        return await self._locate(task)

    async def _locate(self, task: Task) -> tuple[Address, Answer]:
        """Asks every account that could know the task, side by side; the one that knows it is the answer."""
        rows = self._gateways.candidates(task.provider, task.kind)
        found = await asyncio.gather(*(self._first_that_knows(row, task) for row in rows))
        return min(found, key=lambda pair: _rank(pair[1]))

    async def _first_that_knows(self, row: tuple[Address, ...], task: Task) -> tuple[Address, Answer]:
        """One account's endpoints in their order, until one does not say that it knows no such task."""
        answers = []
        for address in row:
            answer = await self._query(address, task)
            if not (isinstance(answer, QueryError) and answer.kind is QueryErrorKind.NOT_FOUND):
                return address, answer
            answers.append((address, answer))
        return answers[0]

    async def _query(self, address: Address, task: Task) -> Answer:
        lane = self._lanes.of(address.provider, address.account)
        resting = lane.resting(self._clocks.monotonic())
        if resting:
            return resting
        provider = self._gateways.provider(address.provider)
        endpoint = self._gateways.endpoint(address)
        answer = await self._client.query(provider, endpoint, self._gateways.key(address), task.external_id)
        pause = lane_pause(answer, next_wait(self._pace, provider.min_interval, task, answer, 0.0, 0.0))
        if pause and isinstance(answer, QueryError):
            lane.rest(self._clocks.monotonic() + pause, answer)
        await self._watch_account(address, answer)
        return answer

    async def _watch_account(self, address: Address, answer: Answer) -> None:
        """Tells the operator once when an account stops working, and once when it works again."""
        account = (address.provider, address.account)
        if isinstance(answer, QueryError) and answer.kind in _ACCOUNT_TROUBLES:
            await self._report(address, answer)
            self._troubled.add(account)
        elif account in self._troubled and _shows_that_the_key_works(answer):
            async with self._store.transaction() as tx:
                if await tx.clear_trouble(*account):
                    await self._tell_admins(tx, "back", address)
            self._troubled.discard(account)

    async def _report(self, address: Address, error: QueryError) -> None:
        now = self._clocks.now()
        async with self._store.transaction() as tx:
            if await tx.report_trouble(address.provider, address.account, error.kind, now):
                await self._tell_admins(tx, error.kind, address)
                log.error(
                    "%s, account %d: %s (%s); its tasks are kept and wait. Check %s_API_KEY.",
                    address.provider,
                    address.account + 1,
                    error.message,
                    error.kind,
                    address.provider.upper(),
                )

    async def _tell_admins(self, tx: Transaction, say: str, address: Address) -> None:
        facts = {
            "say": say,
            "provider": address.provider,
            "account": str(address.account + 1),
            "setting": f"{address.provider.upper()}_API_KEY",
        }
        for admin in sorted(self._admins):
            await tx.notify(admin, facts, self._clocks.now())


def _rank(answer: Answer) -> int:
    """Who is believed: a known state first, then any state, then the error that matters most."""
    if isinstance(answer, Snapshot):
        return 1 if answer.state is State.UNKNOWN else 0
    return 2 + _WEIGHT.index(answer.kind)


def _shows_that_the_key_works(answer: Answer) -> bool:
    return isinstance(answer, Snapshot) or answer.kind is QueryErrorKind.NOT_FOUND
