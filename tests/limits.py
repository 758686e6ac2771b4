"""Gateways that refuse, and the tasks of accounts in front of them, on a clock that costs nothing."""

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from bot.polling.limiter import Lane
from providers.base import QueryError, QueryErrorKind, Snapshot, State

RUNNING = Snapshot(State.RUNNING)
BUSY, SILENT, KEY = QueryErrorKind.RATE_LIMITED, QueryErrorKind.TRANSIENT, QueryErrorKind.AUTH

Answer = Snapshot | QueryError


class Gateway(Protocol):
    """Answers a question that arrives at that moment."""

    def __call__(self, now: float) -> Answer: ...


@dataclass
class Bucket:
    """`rate` questions a second, and `burst` at once; with `advises` it says when to come back."""

    rate: float
    burst: float
    advises: bool = False
    _left: float = field(default=0.0, init=False)
    _at: float = field(default=0.0, init=False)

    def __call__(self, now: float) -> Answer:
        self._left, self._at = min(self.burst, self._left + (now - self._at) * self.rate), now
        if self._left >= 1:
            self._left -= 1
            return RUNNING
        return busy(max(1, math.ceil((1 - self._left) / self.rate)) if self.advises else None)


@dataclass
class Hours:
    """`most` questions in each `seconds`, counted anew at every whole multiple of them."""

    most: int
    seconds: float
    advises: bool = False
    _asked: Counter[int] = field(default_factory=Counter, init=False)

    @property
    def rate(self) -> float:
        return self.most / self.seconds

    def __call__(self, now: float) -> Answer:
        hour = int(now / self.seconds)
        self._asked[hour] += 1
        if self._asked[hour] <= self.most:
            return RUNNING
        self._asked[hour] -= 1
        return busy(math.ceil((hour + 1) * self.seconds - now) if self.advises else None)


def busy(retry_after: float | None = None) -> QueryError:
    return QueryError(BUSY, "slow down", 429, retry_after=retry_after)


@dataclass
class Account:
    """So many tasks that are due every `interval` seconds, in one lane; what came of each question, and when."""

    gateway: Callable[[float], Answer]
    tasks: int
    interval: float = 5.0
    latency: float = 0.2
    lane: Lane = field(default_factory=lambda: Lane(None, None))
    asked: list[tuple[float, int]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    answers: list[tuple[float, Answer]] = field(default_factory=list)
    told: set[int] = field(default_factory=set)

    def least_gap(self) -> float:
        """The least time between two questions about one task."""
        moments: dict[int, list[float]] = {}
        for moment, task_id in self.asked:
            moments.setdefault(task_id, []).append(moment)
        return min(later - earlier for found in moments.values() for earlier, later in itertools.pairwise(found))

    def busiest(self, since: float = 0.0) -> int:
        """The most questions that came within any second."""
        moments, start, most = [moment for moment, _ in self.asked if moment >= since], 0, 0
        for end, moment in enumerate(moments):
            while moments[start] <= moment - 1:
                start += 1
            most = max(most, end - start + 1)
        return most


class Clock:
    """Runs accounts side by side; `spread`: the tasks are first due within so many seconds."""

    def __init__(self, accounts: Iterable[Account], spread: float | None = None, seed: int = 1) -> None:
        self._chance = Random(seed)  # noqa: S311 - no secret
        self._turns = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._timers: dict[int, float] = {}
        self._due: dict[tuple[int, int], float] = {}
        self.now = 0.0
        for account in accounts:
            account.lane.population = account.tasks
            within = account.interval if spread is None else spread
            for task_id in range(account.tasks):
                self._plan(account, task_id, self._chance.random() * within)

    def at(self, moment: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._turns), do))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()
        self.now = until

    def _plan(self, account: Account, task_id: int, moment: float) -> None:
        self.at(moment, lambda: self._join(account, task_id))

    def _join(self, account: Account, task_id: int) -> None:
        self._due[id(account), task_id] = self.now
        account.lane.join(task_id, self.now)
        self._advance(account)

    def _advance(self, account: Account) -> None:
        lane = account.lane
        while (task_id := lane.next(self.now)) is not None:
            account.late.append(self.now - self._due[id(account), task_id])
            if lane.refusal(task_id, self.now, is_queued=True):
                account.told.add(task_id)
                self._plan(account, task_id, self.now + account.interval)
                lane.leave()
            else:
                self._ask(account, task_id)
        opens_at = lane.retry_at()
        assert opens_at is None or opens_at > self.now, "it would be tried again at once"
        if opens_at is not None and self._timers.get(id(account)) != opens_at:
            self._timers[id(account)] = opens_at
            self.at(opens_at, lambda: self._advance(account) if self._timers.get(id(account)) == self.now else None)

    def _ask(self, account: Account, task_id: int) -> None:
        asked, half = self.now, account.latency / 2
        account.asked.append((asked, task_id))
        answer = account.gateway(asked + half)
        self.at(asked + half * (1.5 + self._chance.random()), lambda: self._hear(account, task_id, asked, answer))

    def _hear(self, account: Account, task_id: int, asked: float, answer: Answer) -> None:
        lane, wait = account.lane, account.interval
        account.answers.append((self.now, answer))
        lane.hear(task_id, answer, asked, self.now)
        if isinstance(answer, Snapshot):
            lane.answered(wait)
        lane.leave()
        self._plan(account, task_id, max(self.now, asked + wait))
        self._advance(account)
