"""Which task is asked for next: a heap of due times in memory, rebuilt from the open tasks at every start.

Sleeps until the next one is due or somebody follows a new one. Knows neither gateways nor what answers mean.
"""

import asyncio
import contextlib
import heapq
import math
from collections import Counter
from collections.abc import Iterator

import structlog
from structlog.contextvars import bind_contextvars

from bot.polling.limiter import Lane, Lanes
from bot.polling.poller import Clocks, Poller
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

# After a start everything is due; it is spread over this many seconds for each hundred tasks, so that no gateway
# is asked everything at once.
SPREAD_PER_HUNDRED = 1.0
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
        self._open: dict[int, Task] = {}
        self._open_at: Counter[str] = Counter()  # how many of them each provider has
        self._heap: list[tuple[float, int]] = []
        self._due: dict[int, float] = {}
        self._asking: set[int] = set()
        self._waiting: dict[int, float] = {}  # tasks in a lane, and since when they are due
        self._wanted: set[int] = set()  # tasks that somebody wants to know of now
        self._not_before: dict[int, float] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._timers: dict[Lane, asyncio.TimerHandle] = {}
        self._woken = asyncio.Event()

    @property
    def open_tasks(self) -> int:
        return len(self._open)

    def lateness(self) -> float:
        """Seconds by which the most overdue task is late."""
        return max(0.0, self._clocks.monotonic() - self._heap[0][0]) if self._heap else 0.0

    def readings(self) -> Iterator[Reading]:
        """What is watched and what waits, as it is now; cheap enough for a hundred thousand tasks."""
        now, lanes = self._clocks.monotonic(), self._lanes.all()
        for provider, count in self._open_at.items():
            yield Reading(OPEN_TASKS, count, (provider or "unknown",))
        waits = [self._overdue(lane, now) for lane in lanes.values()]
        yield Reading(POLLS_WAITING, len(self._waiting))
        yield Reading(POLLS_IN_FLIGHT, len(self._workers))
        yield Reading(POLL_OVERDUE, max([self.lateness(), *waits]))
        for (provider, account), lane in lanes.items():
            if account >= 0:
                yield Reading(ACCOUNT_REST, max(0.0, lane.rests_until - now), (provider, str(account + 1)))

    def _overdue(self, lane: Lane, now: float) -> float:
        """For how long the lane's first task could have been asked for by now."""
        due = self._waiting.get(lane.first, now) if lane.first is not None else now
        return max(0.0, now - max(due, lane.rests_until))

    async def run(self) -> None:
        """Polls for ever. Cancelling it gives up the questions in flight; they are asked again after a start."""
        await insist(self._poller.start)
        await insist(self._load)
        helpers = [asyncio.create_task(self._listen()), asyncio.create_task(self._sweep())]
        try:
            while True:
                self._start_due()
                await self._sleep_until_due()
        finally:
            for timer in self._timers.values():
                timer.cancel()
            workers = [*helpers, *self._workers]
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _load(self) -> None:
        async with self._store.transaction() as tx:
            await tx.grant_time(self._clocks.now(), GRACE)
        tasks = await self._store.open_tasks()
        spread = SPREAD_PER_HUNDRED * len(tasks) / 100
        for task in tasks:
            self._admit(task, self._clocks.chance() * spread)
        log.info("watching what is open", tasks=len(self._open))
        if len(self._open) < len(tasks):
            log.warning("open tasks wait: their provider is not set up any more", tasks=len(tasks) - len(self._open))

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
            if task is None:
                self._drop(task_id)
                self._due.pop(task_id, None)
            elif task_id not in self._open:
                log.info("task is watched", task=task.external_id, provider=task.provider)
                self._admit(task, 0.0)
            elif task_id in self._asking:
                self._lane_of(self._open[task_id]).hurry(task_id)
            else:
                self._wanted.add(task_id)
                self._plan_sooner(task_id)

    async def _sweep(self) -> None:
        """What is announced is a hint, the table is the truth: now and then it is asked what was missed."""
        while True:
            await asyncio.sleep(SWEEP)
            now = self._clocks.monotonic()
            self._not_before = {task_id: moment for task_id, moment in self._not_before.items() if moment > now}
            try:
                await self._poller.look_after_accounts()
                for task_id in await self._store.open_task_ids():
                    if task_id not in self._open:
                        self._store.tasks_changed.put_nowait(task_id)
            except DatabaseError as error:
                log.error("what has changed is looked for again later", error=error)  # noqa: TRY400 - the sentence says it all

    def _admit(self, task: Task, wait: float) -> None:
        if not self._poller.can_ask(task):
            return  # it waits in the table until its provider is set up again
        self._keep(task)
        if task.id not in self._asking:
            self._plan(task.id, max(wait, self._soonest(task.id)))

    def _keep(self, task: Task) -> None:
        self._drop(task.id)
        self._open[task.id] = task
        self._open_at[task.provider] += 1

    def _drop(self, task_id: int) -> None:
        task = self._open.pop(task_id, None)
        if task:
            self._open_at[task.provider] -= 1

    def _plan_sooner(self, task_id: int) -> None:
        """As soon as it may be asked for again, if it is not due before that."""
        soonest = self._soonest(task_id)
        if self._clocks.monotonic() + soonest < self._due.get(task_id, math.inf):
            self._plan(task_id, soonest)

    def _soonest(self, task_id: int) -> float:
        """Seconds that must pass however many people want to know."""
        now = self._clocks.monotonic()
        return max(0.0, self._not_before.get(task_id, now) - now)

    def _plan(self, task_id: int, wait: float) -> None:
        due = self._clocks.monotonic() + wait
        self._due[task_id] = due
        heapq.heappush(self._heap, (due, task_id))
        self._woken.set()

    def _start_due(self) -> None:
        now = self._clocks.monotonic()
        touched: set[Lane] = set()
        while self._heap and self._heap[0][0] <= now:
            due, task_id = heapq.heappop(self._heap)
            if self._due.get(task_id) != due:
                continue  # it was planned anew, or is no longer watched
            del self._due[task_id]
            lane = self._lane_of(self._open[task_id])
            self._asking.add(task_id)
            self._waiting[task_id] = due
            lane.join(task_id, now, first=task_id in self._wanted)
            self._wanted.discard(task_id)
            touched.add(lane)
        for lane in touched:
            self._advance(lane)

    def _advance(self, lane: Lane) -> None:
        """Starts whatever the lane lets through now, and comes back when it will let through more."""
        while (task_id := lane.next(self._clocks.monotonic())) is not None:
            worker = asyncio.create_task(self._ask(lane, task_id))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        if lane in self._timers:
            self._timers.pop(lane).cancel()
        opens_at = lane.retry_at()
        if opens_at is not None:
            delay = max(0.0, opens_at - self._clocks.monotonic())
            self._timers[lane] = asyncio.get_running_loop().call_later(delay, self._advance, lane)

    async def _ask(self, lane: Lane, task_id: int) -> None:
        started = self._clocks.monotonic()
        due = self._waiting.pop(task_id)
        try:
            task = self._open.get(task_id)
            if task is not None:
                bind_contextvars(task=task.external_id, provider=task.provider)
                self._store.tally.observe(POLL_LATENESS, started - max(due, lane.rests_until))
                await self._poll(task, started)
        finally:
            self._asking.discard(task_id)
            lane.leave()
            self._advance(lane)
            for provider, account in self._lanes.take_back():
                self._release(provider, account)

    def _release(self, provider: str, account: int) -> None:
        """A gateway is back: whoever waits for it need not wait out a long pause, but they do not come all at once."""
        waiting = [
            task.id
            for task in self._open.values()
            if task.strike and task.id in self._due and (task.provider, task.account) == (provider, account)
        ]
        lane = self._lanes.of(provider, account)
        self._advance(lane)
        usual = lane.usual_wait
        for place, task_id in enumerate(waiting):
            wait = usual * (place + self._clocks.chance()) / len(waiting)
            self._plan(task_id, max(wait, self._soonest(task_id)))

    async def _poll(self, task: Task, started: float) -> None:
        wait = AFTER_DEFECT
        try:
            polled = await self._poller.poll(task)
            task, wait = polled.task, polled.wait
            self._not_before[task.id] = started + polled.least
            if task.strike is None:
                self._lane_of(task).answered(wait)
        except DatabaseError as error:
            log.error("the task is asked for again", error=error)  # noqa: TRY400 - the sentence says it all
            wait = AFTER_STORAGE_TROUBLE
        except Exception:
            log.exception("the poll broke")
        if task.id not in self._open:
            return  # nobody follows it any more
        if task.ending is not None:
            self._drop(task.id)
            # Somebody may have asked to watch it again in this very moment; the table knows.
            self._store.tasks_changed.put_nowait(task.id)
            return
        self._keep(task)
        elapsed = self._clocks.monotonic() - started
        self._plan(task.id, max(0.0, wait - elapsed))

    def _lane_of(self, task: Task) -> Lane:
        return self._lanes.of(task.provider, task.account)

    async def _sleep_until_due(self) -> None:
        timeout = self._heap[0][0] - self._clocks.monotonic() if self._heap else None
        if timeout is not None and timeout <= 0:
            await asyncio.sleep(0)
            return
        # Not wait_for: before Python 3.12 it may take the news for the answer to being cancelled, and live on.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._woken.wait()
                self._woken.clear()
