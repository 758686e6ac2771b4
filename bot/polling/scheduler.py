"""Which task is asked for next: the agenda is in memory, rebuilt from the open tasks at every start.

Sleeps until the next one is due or somebody follows a new one. Knows neither gateways nor what answers mean.
"""

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from functools import partial

import structlog
from structlog.contextvars import bind_contextvars

from bot.polling.agenda import Agenda, Watch
from bot.polling.limiter import Lane, Lanes
from bot.polling.poller import Clocks, Polled, Poller
from bot.storage.patience import insist
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.tracking.measures import (
    ACCOUNT_REST,
    OPEN_TASKS,
    POLL_LATENESS,
    POLL_OVERDUE,
    POLLS_IN_FLIGHT,
    POLLS_WAITING,
    Reading,
)
from bot.tracking.model import Task

log = structlog.stdlib.get_logger(__name__)

# What becomes due within so many seconds starts together: one wake-up and warm caches serve them all, and nobody
# notices such a delay beside the seconds that lie between two questions.
TICK = 0.02
# So much is done in one go before others get their turn: each step here costs microseconds, each question that is
# put about a tenth of a millisecond.
STEPS_AT_ONCE = 1000
QUESTIONS_AT_ONCE = 50
# Rows that are read in one go; each costs the event loop some ten microseconds.
PAGE = 1000
# After a start everything is due. A few come at this pace, so that nobody waits long; more are spread over one
# interval, and very many come about as fast as one core can ask.
FEW_A_SECOND, MOST_A_SECOND = 100.0, 10_000.0
SWEEP = 60.0
AFTER_STORAGE_TROUBLE = 5.0
AFTER_DEFECT = 60.0
# Time in which the bot did not run, or a clock that was set meanwhile, ends no task: each is watched so long once more.
GRACE = 3600.0


class Scheduler:
    """Keeps the open tasks and polls each when it is due, one question per task at a time."""

    def __init__(self, store: Store, poller: Poller, lanes: Lanes, clocks: Clocks) -> None:
        self._store = store
        self._poller = poller
        self._lanes = lanes
        self._clocks = clocks
        self._agenda = Agenda()
        self._open_at: Counter[str] = Counter()  # how many open tasks each provider has
        self._waiting = 0  # tasks in a lane
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._timers: dict[Lane, asyncio.TimerHandle] = {}
        self._back: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._woken = asyncio.Event()
        self._sleeps_until = -math.inf

    @property
    def open_tasks(self) -> int:
        return self._open_at.total()

    def lateness(self) -> float:
        """Seconds by which the most overdue task is late."""
        return max(0.0, self._clocks.monotonic() - self._agenda.next_due())

    def readings(self) -> Iterator[Reading]:
        """What is watched and what waits, as it is now; costs the same however many tasks there are."""
        now, lanes = self._clocks.monotonic(), self._lanes.all()
        for provider, count in self._open_at.items():
            yield Reading(OPEN_TASKS, count, (provider or "unknown",))
        waits = [self._overdue(lane, now) for lane in lanes.values()]
        yield Reading(POLLS_WAITING, self._waiting)
        yield Reading(POLLS_IN_FLIGHT, len(self._workers))
        yield Reading(POLL_OVERDUE, max([self.lateness(), *waits]))
        for (provider, account), lane in lanes.items():
            if account >= 0:
                yield Reading(ACCOUNT_REST, max(0.0, lane.rests_until - now), (provider, str(account + 1)))

    def _overdue(self, lane: Lane, now: float) -> float:
        """For how long the lane's first task could have been asked for by now."""
        watch = None if lane.first is None else self._agenda.get(lane.first)
        return max(0.0, now - max(watch.due, lane.rests_until)) if watch else 0.0

    async def run(self) -> None:
        """Polls for ever. Cancelling it gives up the questions in flight; they are asked again after a start."""
        await insist(self._poller.start)
        await self._load()
        helpers = [asyncio.create_task(work) for work in (self._listen(), self._sweep(), self._welcome())]
        try:
            while True:
                if self._start_due():
                    await self._sleep_until_due()
                else:
                    await asyncio.sleep(0)  # there is more than is done in one go
        finally:
            for timer in self._timers.values():
                timer.cancel()
            workers = [*helpers, *self._workers.values()]
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _load(self) -> None:
        """Takes up all open tasks, in steps that are short for the event loop."""
        await insist(self._grant_time)
        known, after = 0, 0
        admitted: list[Watch] = []
        while tasks := await insist(partial(self._store.open_tasks, after, PAGE)):
            admitted += [self._keep(self._agenda.add(task.id), task) for task in tasks if self._poller.can_ask(task)]
            known, after = known + len(tasks), tasks[-1].id
        number = len(admitted)
        await self._spread(admitted, max(min(number / FEW_A_SECOND, self._poller.usual_wait), number / MOST_A_SECOND))
        log.info("watching what is open", tasks=self.open_tasks)
        if self.open_tasks < known:
            log.warning("open tasks wait: their provider is not set up any more", tasks=known - self.open_tasks)

    async def _grant_time(self) -> None:
        async with self._store.transaction() as tx:
            await tx.grant_time(self._clocks.now(), GRACE)

    async def _listen(self) -> None:
        """Takes up tasks that somebody began to follow, lets go of those that nobody follows any more.

        One that is open already is asked for soon: somebody wants to know.
        """
        while True:
            task_id = await self._store.tasks_changed.get()
            try:
                task = await self._store.open_task(task_id)
            except DatabaseError as error:
                log.error("what has changed is looked for again later", error=error)  # noqa: TRY400 - the sentence says it all
                await asyncio.sleep(AFTER_STORAGE_TROUBLE)
                self._store.tasks_changed.put_nowait(task_id)
                continue
            watch = self._agenda.get(task_id)
            if task is None:
                self._drop(watch)
            elif watch is None or watch.task is None:
                self._admit(task)
            else:
                self._hurry(watch, watch.task)

    async def _sweep(self) -> None:
        """What is announced is a hint, the table is the truth: now and then it is asked what was missed."""
        while True:
            await asyncio.sleep(SWEEP)
            try:
                await self._poller.look_after_accounts()
                await self._look_for_missed()
            except DatabaseError as error:
                log.error("what has changed is looked for again later", error=error)  # noqa: TRY400 - the sentence says it all

    async def _look_for_missed(self) -> None:
        after = 0
        while ids := await self._store.open_task_ids(after, PAGE):
            after = ids[-1]
            for task_id in ids:
                watch = self._agenda.get(task_id)
                if watch is None or watch.task is None:
                    self._store.tasks_changed.put_nowait(task_id)

    async def _welcome(self) -> None:
        """A gateway is back: whoever waits for it need not wait out a long pause, but they do not come all at once."""
        while True:
            account = await self._back.get()
            waiting = [
                watch
                for watch in self._agenda
                if watch.task and not watch.is_asking and _waits_for(watch.task, account)
            ]
            lane = self._lanes.of(*account)
            self._advance(lane)
            await self._spread(waiting, lane.usual_wait)

    async def _spread(self, watches: list[Watch], seconds: float) -> None:
        """Each comes somewhere within so many seconds: tasks that were made together must not stay together."""
        began = self._clocks.monotonic()
        for place, watch in enumerate(watches, 1):
            if watch.task and not watch.is_asking:
                self._plan(watch, began + seconds * self._clocks.chance())
            if place % STEPS_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _admit(self, task: Task) -> None:
        if not self._poller.can_ask(task):
            return  # it waits in the table until its provider is set up again
        log.info("task is watched", task=task.external_id, provider=task.provider)
        self._hurry(self._keep(self._agenda.add(task.id), task), task)

    def _hurry(self, watch: Watch, task: Task) -> None:
        """Somebody wants to know: it is asked for as soon as it may be, before those that nobody asked about."""
        if watch.is_asking:
            self._lane_of(task).hurry(task.id)
        else:
            watch.is_wanted = True
            self._plan(watch, min(watch.due, self._clocks.monotonic()))

    def _keep(self, watch: Watch, task: Task | None) -> Watch:
        """The task as it is now; None when it is not watched any more."""
        before, watch.task = watch.task, task
        if before is not task:
            self._count(before, -1)
            self._count(task, 1)
        return watch

    def _count(self, task: Task | None, step: int) -> None:
        if task is None:
            return
        self._open_at[task.provider] += step
        if task.is_located:
            self._lane_of(task).population += step

    def _drop(self, watch: Watch | None) -> None:
        """It is remembered until it might be asked for again: who asks anew for the same does not come too early."""
        if watch is None or watch.task is None:
            return
        self._keep(watch, None)
        watch.known = None
        if not watch.is_asking:
            self._agenda.plan(watch, watch.not_before)

    def _plan(self, watch: Watch, due: float) -> None:
        """As soon as it is due and may be asked for, however much somebody wants to know."""
        due = max(due, watch.not_before)
        if due != watch.due or watch.is_asking:
            self._agenda.plan(watch, due)
        if due < self._sleeps_until:
            self._woken.set()

    def _start_due(self) -> bool:
        """Puts what is due into its lane; False where that is more than is done in one go."""
        now = self._clocks.monotonic()
        touched: set[Lane] = set()
        is_all = False
        for _ in range(STEPS_AT_ONCE):
            watch = self._agenda.take(now)
            if watch is None or watch.task is None:
                is_all = True
                break
            lane = self._lane_of(watch.task)
            lane.join(watch.id, now, first=watch.is_wanted)
            watch.is_wanted = False
            self._waiting += 1
            touched.add(lane)
        for lane in touched:
            self._advance(lane)
        return is_all

    def _advance(self, lane: Lane) -> None:
        """Starts what the lane lets through now, and comes back when it will let through more, or for the rest."""
        for _ in range(QUESTIONS_AT_ONCE):
            task_id = lane.next(self._clocks.monotonic())
            if task_id is None:
                break
            self._waiting -= 1
            self._workers[task_id] = asyncio.create_task(self._ask(lane, self._agenda.add(task_id)))
        if lane in self._timers:
            self._timers.pop(lane).cancel()
        opens_at = lane.retry_at()
        if opens_at is not None:
            delay = max(0.0, opens_at - self._clocks.monotonic())
            self._timers[lane] = asyncio.get_running_loop().call_later(delay, self._advance, lane)

    async def _ask(self, lane: Lane, watch: Watch) -> None:
        try:
            due = await self._poll(lane, watch)
        finally:
            del self._workers[watch.id]
            lane.leave()
        if watch.task:
            self._plan(watch, due)
        else:
            self._agenda.plan(watch, watch.not_before)
        if lane.first is not None and lane not in self._timers:
            # Not right here: who starts one for each that ends never gets apart again what came in one flood.
            self._timers[lane] = asyncio.get_running_loop().call_later(0, self._advance, lane)
        for account in self._lanes.take_back():
            self._back.put_nowait(account)

    async def _poll(self, lane: Lane, watch: Watch) -> float:
        """Asks, and says when the task is due next."""
        task, started = watch.task, self._clocks.monotonic()
        if task is None:
            return started  # nobody follows it any more
        late = started - max(watch.due, lane.rests_until)
        self._store.tally.observe(POLL_LATENESS, late)
        try:
            polled = await self._poller.poll(task, watch.known)
        except DatabaseError as error:
            bind_contextvars(task=task.external_id, provider=task.provider)
            log.error("the task is asked for again", error=error)  # noqa: TRY400 - the sentence says it all
            return started + AFTER_STORAGE_TROUBLE
        except Exception:
            bind_contextvars(task=task.external_id, provider=task.provider)
            log.exception("the poll broke")
            return started + AFTER_DEFECT
        watch.not_before = started + polled.least
        if polled.task.strike is None:
            self._lane_of(polled.task).answered(polled.wait)
        if watch.task is not None:
            self._take_in(watch, polled)
        return self._next(watch.due, started, late, polled.wait)

    def _next(self, due: float, started: float, late: float, wait: float) -> float:
        """When a task is due after `wait` seconds.

        Who started within a tick keeps to the beat. Who was late does not catch up, and takes a little longer still:
        that sheds load where there is too much of it, and those that were held up together part again.
        """
        if started - due <= TICK:
            return due + wait
        return started + wait + min(max(late - TICK, 0.0), wait) * self._clocks.chance()

    def _take_in(self, watch: Watch, polled: Polled) -> None:
        if polled.task.ending is None:
            self._keep(watch, polled.task)
            watch.known = polled.known
            return
        self._drop(watch)
        # Somebody may have asked to watch it again in this very moment; the table knows.
        self._store.tasks_changed.put_nowait(watch.id)

    def _lane_of(self, task: Task) -> Lane:
        return self._lanes.of(task.provider, task.account)

    async def _sleep_until_due(self) -> None:
        await asyncio.sleep(TICK)
        until = self._agenda.next_due()
        wait = until - self._clocks.monotonic()
        if wait <= 0:
            return
        self._sleeps_until = until
        try:
            # Not wait_for: before Python 3.12 it may take the news for the answer to being cancelled, and live on.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wait == math.inf else wait):
                    await self._woken.wait()
        finally:
            self._sleeps_until = -math.inf
            self._woken.clear()


def _waits_for(task: Task, account: tuple[str, int]) -> bool:
    """Whether the task's next question comes late because of trouble with this account."""
    return task.strike is not None and (task.provider, task.account) == account
