"""One poll: ask the gateway, decide what the answer means, store it with everything that the chats are due.

Knows no schedule; it returns how long to wait.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from structlog.contextvars import bind_contextvars

from bot.polling.accounts import Accounts
from bot.polling.cadence import FLOOR, Pace, least_gap, next_wait
from bot.polling.inquiry import Heard, Inquiry
from bot.polling.recorder import Recorder
from bot.storage.store import Store
from bot.tracking.estimates import kind_of, outlook
from bot.tracking.gateways import Gateways
from bot.tracking.lifecycle import decide
from bot.tracking.measures import LAST_SUCCESS, POLLS, QUERY_DURATION
from bot.tracking.model import Task
from bot.tracking.stats import OK
from bot.tracking.tally import POLL
from providers.base import QueryError
from providers.client import Known

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """The task after the poll, the seconds until the next one is due, and those before which none may follow.

    `known` is to be handed to the task's next poll.
    """

    task: Task
    wait: float
    least: float
    known: Known | None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where time and chance come from: epoch seconds, monotonic seconds, a number in 0..1."""

    now: Callable[[], float]
    monotonic: Callable[[], float]
    chance: Callable[[], float]


class Poller:
    """Polls one task at a time for whoever calls it. `accounts` is told what each account answers."""

    def __init__(
        self,
        gateways: Gateways,
        inquiry: Inquiry,
        store: Store,
        pace: Pace,
        accounts: Accounts,
        clocks: Clocks,
    ) -> None:
        self._gateways = gateways
        self._inquiry = inquiry
        self._store = store
        self._pace = pace
        self._accounts = accounts
        self._clocks = clocks
        self._recorder = Recorder(store, clocks.monotonic)

    @property
    def usual_wait(self) -> float:
        """Seconds between two questions about a young task."""
        return self._pace.floor or FLOOR

    async def start(self) -> None:
        """Remembers what the operator was told about accounts, and what earlier tasks took. Raises `DatabaseError`."""
        await self._accounts.start()
        self._store.forecasts.recall(await self._store.durations())

    async def look_after_accounts(self) -> None:
        """To be called now and then: some troubles show only over time. Raises `DatabaseError`."""
        await self._accounts.look()

    def can_ask(self, task: Task) -> bool:
        """Whether anybody who is configured now can answer for the task."""
        if task.is_located:
            return self._gateways.answers_for(task.address, task.external_id)
        return bool(self._gateways.candidates(task.provider, task.kind, task.external_id))

    async def poll(self, task: Task, known: Known | None = None) -> Polled:
        """Asks once. Raises `DatabaseError` when the outcome could not be stored; then nothing has happened.

        `known` is what the task's last poll handed over: an answer that has not changed by a letter means the same.
        """
        preferred = "" if task.is_located else await self._store.preferred_provider(task.id)
        best, *others = await self._inquiry.ask(task, preferred, known)
        heard = await self._inquiry.complete(task, best)
        now = self._clocks.now()
        is_old_news = known is not None and heard.answer is known.snapshot
        # What counts strikes or looks at the time is decided anew, whatever the answer.
        is_old_news = is_old_news and task.strike is None and now < task.deadline
        if not is_old_news:  # every line of the log says whose poll it is about
            bind_contextvars(task=task.external_id, provider=task.provider)
        for one in (heard, *others):
            if one.is_fresh:
                self._count(one)
                await self._accounts.hear(one)
        if is_old_news:
            return self._polled(task, heard, now)
        decision = decide(self._placed(task, heard), heard.answer, now, is_ill=heard.is_ill)
        if decision.changed:
            await self._recorder.record(decision.task, now)
            after = decision.task
            speaker, state = heard.address.provider, after.state
            log.info("task changed", provider=speaker, state=state, ending=after.ending, trouble=after.trouble)
        return self._polled(decision.task, heard, now)

    def _polled(self, task: Task, heard: Heard, now: float) -> Polled:
        provider = self._gateways.provider(heard.address.provider)
        age, fit = outlook(task, self._store.forecasts.expect(*kind_of(task)), now)
        wait = next_wait(self._pace, provider, task, heard.answer, age, self._clocks.chance(), fit)
        return Polled(task, wait, least_gap(self._pace, provider, heard.answer), _shared(heard.known, task))

    def _placed(self, task: Task, heard: Heard) -> Task:
        """The task with what the answer says about where it lives."""
        address = heard.address
        if task.is_located or isinstance(heard.answer, QueryError):
            return task if task.source == address.provider else replace(task, source=address.provider)
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

    def _count(self, heard: Heard) -> None:
        provider, tally = heard.address.provider, self._store.tally
        outcome = heard.answer.kind.value if isinstance(heard.answer, QueryError) else OK
        tally.count(POLL, outcome, provider)
        tally.add(POLLS, provider, outcome)
        tally.observe(QUERY_DURATION, heard.seconds, provider)
        if outcome == OK:
            tally.note(LAST_SUCCESS, self._clocks.now(), "poll")


def _shared(known: Known | None, task: Task) -> Known | None:
    """What is known, on the task's own snapshot where that says the same: there are many tasks in memory."""
    if known is None or known.snapshot is task.snapshot or known.snapshot != task.snapshot:
        return known
    return known._replace(snapshot=task.snapshot)
