"""One poll: ask the gateway, decide what the answer means, store it with everything that the chats are due.

Knows no schedule; it returns how long to wait.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.polling.cadence import Pace, next_wait
from bot.polling.inquiry import Answer, Heard, Inquiry
from bot.storage.store import Store
from bot.storage.transaction import Transaction
from bot.tracking.gateways import Address, Gateways
from bot.tracking.lifecycle import decide
from bot.tracking.model import Task
from providers.base import QueryError, QueryErrorKind, Snapshot

log = logging.getLogger(__name__)

_ACCOUNT_TROUBLES = frozenset({QueryErrorKind.AUTH, QueryErrorKind.PAYMENT})


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
        inquiry: Inquiry,
        store: Store,
        pace: Pace,
        admins: frozenset[int],
        clocks: Clocks,
    ) -> None:
        self._gateways = gateways
        self._inquiry = inquiry
        self._store = store
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
            return self._gateways.answers_for(task.address, task.external_id)
        return bool(self._gateways.candidates(task.provider, task.kind, task.external_id))

    async def poll(self, task: Task) -> Polled:
        """Asks once. Raises `DatabaseError` when the outcome could not be stored; then nothing has happened."""
        best, *others = await self._inquiry.ask(task)
        heard = await self._inquiry.complete(task, best)
        for one in (heard, *others):
            await self._watch_account(one)
        now = self._clocks.now()
        decision = decide(self._placed(task, heard), heard.answer, now)
        if decision.changed:
            async with self._store.transaction() as tx:
                await tx.record(decision.task, now)
            after = decision.task
            log.info("task %s (%s): %s", task.id, heard.address.provider, after.ending or after.trouble or after.state)
        provider = self._gateways.provider(heard.address.provider)
        age = now - task.created_at
        wait = next_wait(self._pace, provider, decision.task, heard.answer, age, self._clocks.chance())
        return Polled(decision.task, wait)

    def _placed(self, task: Task, heard: Heard) -> Task:
        """The task with what the answer says about where it lives."""
        address = heard.address
        if task.is_located or isinstance(heard.answer, QueryError):
            return replace(task, source=address.provider)
        watched = self._gateways.provider(address.provider).give_up_after
        return replace(
            task,
            provider=address.provider,
            account=address.account,
            endpoint=address.endpoint,
            kind=self._gateways.endpoint(address).kind,
            source=address.provider,
            deadline=task.created_at + watched if watched else task.deadline,
        )

    async def _watch_account(self, heard: Heard) -> None:
        """Tells the operator once when an account stops working, and once when it works again."""
        address, answer = heard.address, heard.answer
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
                    "%s, account %d: %s (%s); its tasks are kept and wait. Check %s.",
                    address.provider,
                    address.account + 1,
                    error.message,
                    error.kind,
                    self._gateways.setting(address.provider),
                )

    async def _tell_admins(self, tx: Transaction, say: str, address: Address) -> None:
        facts = {
            "say": say,
            "provider": address.provider,
            "account": str(address.account + 1),
            "setting": self._gateways.setting(address.provider),
        }
        for admin in sorted(self._admins):
            await tx.notify(admin, facts, self._clocks.now())


def _shows_that_the_key_works(answer: Answer) -> bool:
    return isinstance(answer, Snapshot) or answer.kind is QueryErrorKind.NOT_FOUND
