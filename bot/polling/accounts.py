"""Whether each account of the gateways works: tells the admins once when one stops, and once when it works again.

What they were told stands in the table `troubles`, so that a restart does not tell it anew.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from bot.polling.inquiry import Answer, Heard
from bot.storage.store import Store
from bot.storage.transaction import Transaction
from bot.tracking.gateways import Gateways
from bot.tracking.measures import ACCOUNT_TROUBLE, Reading
from bot.tracking.troubles import TroubleKind
from providers.base import QueryError, QueryErrorKind, Snapshot

log = structlog.stdlib.get_logger(__name__)

# A gateway is down when it gave no usable answer for so many seconds, and to so many questions.
DOWN_AFTER = 300.0
DOWN_QUESTIONS = 5
# Failures further apart than so many times that length are not one row of them: nobody asked in between.
LONGEST_GAP = 2

_SILENCE = frozenset({QueryErrorKind.TRANSIENT, QueryErrorKind.PROTOCOL})
_TROUBLES = frozenset({QueryErrorKind.AUTH, QueryErrorKind.PAYMENT})

Account = tuple[str, int]


@dataclass(slots=True)
class Silence:
    """Questions in a row without a usable answer; times are epoch seconds, `reason` is the latest one."""

    since: float
    latest: float = 0.0
    questions: int = 0
    reason: str = ""


class Accounts:
    """Hears every answer. `admins` are told in their private chats; `clock` gives epoch seconds."""

    def __init__(
        self,
        gateways: Gateways,
        store: Store,
        admins: frozenset[int],
        clock: Callable[[], float],
        down_after: float = DOWN_AFTER,
    ) -> None:
        self._gateways = gateways
        self._store = store
        self._admins = admins
        self._clock = clock
        self._down_after = down_after
        self._told: dict[Account, TroubleKind] = {}
        self._silences: dict[Account, Silence] = {}

    async def start(self) -> None:
        """Remembers what the admins have been told already."""
        self._told = {(found.provider, found.account): found.kind for found in await self._store.troubles()}

    async def hear(self, heard: Heard) -> None:
        """One answer of one account. Raises `DatabaseError`; then nobody was told, and the next answer tells it."""
        account, answer = (heard.address.provider, heard.address.account), heard.answer
        if isinstance(answer, QueryError) and answer.kind in _SILENCE:
            self._add_silence(account, answer)
            return
        self._silences.pop(account, None)
        if isinstance(answer, QueryError) and answer.kind in _TROUBLES:
            await self._report(account, TroubleKind(answer.kind), self._clock(), answer.message)
        elif account in self._told and _shows_that_it_works(answer):
            await self._clear(account)

    async def look(self) -> None:
        """To be called now and then: tells of gateways that have been down too long. Raises `DatabaseError`."""
        now = self._clock()
        for account, silence in list(self._silences.items()):
            is_long = now - silence.since >= self._down_after and silence.questions >= DOWN_QUESTIONS
            if is_long and not self._is_old(silence, now):
                await self._report(account, TroubleKind.DOWN, silence.since, silence.reason)

    def readings(self) -> Iterator[Reading]:
        """What is wrong with which account, numbered from 1 as the admins are told it."""
        for provider in self._gateways.names:
            for account in range(self._gateways.accounts(provider)):
                found = self._told.get((provider, account))
                for kind in TroubleKind:
                    yield Reading(ACCOUNT_TROUBLE, kind is found, (provider, str(account + 1), kind))

    def _add_silence(self, account: Account, error: QueryError) -> None:
        now = self._clock()
        silence = self._silences.get(account)
        if silence is None or self._is_old(silence, now):
            silence = self._silences[account] = Silence(now)
        silence.latest, silence.reason = now, error.message
        silence.questions += 1

    def _is_old(self, silence: Silence, now: float) -> bool:
        return now - silence.latest > LONGEST_GAP * self._down_after

    async def _report(self, account: Account, kind: TroubleKind, since: float, reason: str) -> None:
        if self._told.get(account) is kind:
            return
        async with self._store.transaction() as tx:
            if kind is TroubleKind.DOWN and not await tx.waiting_for(*account):
                return
            if await tx.report_trouble(*account, kind, since):
                await self._tell(tx, kind, account, self._clock() - since)
        self._told[account] = kind
        log.error(
            "an account does not work; its tasks are kept and wait",
            provider=account[0],
            account=account[1] + 1,
            setting=self._setting(account[0]),
            trouble=kind,
            error=reason,
        )

    async def _clear(self, account: Account) -> None:
        async with self._store.transaction() as tx:
            since = await tx.clear_trouble(*account)
            if since is not None:
                await self._tell(tx, "back", account, self._clock() - since)
        self._told.pop(account, None)
        log.warning("an account works again", provider=account[0], account=account[1] + 1)

    async def _tell(self, tx: Transaction, say: str, account: Account, seconds: float) -> None:
        provider, number = account
        facts = {
            "say": say,
            "provider": provider,
            "account": str(number + 1) if self._gateways.accounts(provider) > 1 else "",
            "setting": self._setting(provider),
            "seconds": str(int(seconds)),
            "waiting": str(await tx.waiting_for(provider, number)),
        }
        for admin in sorted(self._admins):
            await tx.notify(admin, facts, self._clock())

    def _setting(self, provider: str) -> str:
        """Where the operator looks; a provider that wants no key comes from a file."""
        return self._gateways.setting(provider) or "PROVIDERS_FILE"


def _shows_that_it_works(answer: Answer) -> bool:
    return isinstance(answer, Snapshot) or answer.kind is QueryErrorKind.NOT_FOUND
