"""What one account of a gateway is spared: too many questions at once, too fast, or while it rests. Pure.

Tasks wait in their account's lane; they never fail for it, and no lane waits for another one.
"""

import random
from collections import deque
from collections.abc import Callable, Mapping

from bot.polling.breaker import LONGEST_REST, Breaker
from bot.polling.cadence import ACCOUNT_PAUSE, FLOOR, LONGEST_ADVICE
from bot.polling.rest import Rest
from bot.polling.throttle import Throttle
from bot.polling.window import Window
from providers.base import QueryError, QueryErrorKind, Snapshot

# After a rest the tasks come a little faster than they would have come without it, not all at once.
CATCH_UP = 1.5
# How much the latest wait counts in what is usual.
LATEST = 0.1
# A 429 without advice: twice as long each time that the first question afterwards is refused again.
FIRST_PAUSE, LONGEST_PAUSE, FACTOR, JITTER = 1.0, 300.0, 2.0, 0.25
MOST_FACTORS = 16
# The first one is as long as so many questions take, and not longer: one refusal may be chance.
QUESTIONS, LEAST_PAUSE = 3.0, 0.2
# Whoever comes late to start those that wait makes up for so many seconds, where the questions follow each other
# quickly; else they come evenly, since some gateways count nothing but the time between two.
SLACK, EVEN = 0.05, 0.05

_ACCOUNT = frozenset({QueryErrorKind.AUTH, QueryErrorKind.PAYMENT})
_SILENCE = frozenset({QueryErrorKind.TRANSIENT, QueryErrorKind.PROTOCOL})


class Lane:
    """The questions to one account. Times are monotonic seconds.

    `concurrency` and `rps` are the operator's bounds, if any, `ceiling` the most seconds between two tries of a
    gateway that refuses or is away; `chance` gives numbers in 0..1.
    `usual_wait`: the seconds that lately lay between two questions about one task, 0 as long as nobody was answered.
    `population`: the open tasks that are asked for here, 0 if that is not known.
    """

    def __init__(
        self,
        concurrency: int | None,
        rps: float | None,
        ceiling: float | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.usual_wait = 0.0
        self.population = 0
        self._chance = chance
        self._window = Window(concurrency)
        self._throttle = Throttle(rps)
        self._breaker = Breaker(min(ceiling or LONGEST_REST, LONGEST_REST), chance)
        self._rest = Rest()
        self._longest_pause = min(ceiling or LONGEST_PAUSE, LONGEST_PAUSE)
        self._refusals = 0  # since somebody was answered
        self._refused: int | None = None  # the latest task that was
        self._others = False  # were answered since then
        # Those that somebody wants to know of now, those that were told of a trouble, and all others.
        self._urgent: deque[int] = deque()
        self._told: deque[int] = deque()
        self._waiting: deque[int] = deque()
        self._in_flight = 0
        self._opens_at = 0.0
        self._is_queue = False  # somebody waited when the latest one went
        self._catches_up = False
        self._backlog = 0.0

    def join(self, task_id: int, now: float, *, first: bool = False) -> None:  # noqa: ARG002 - their order says enough
        """The task is due and waits for its turn; `first`: before all that nobody asked for."""
        if self._rest.knows(task_id):
            self._told.append(task_id)
        elif first:
            self._urgent.append(task_id)
        else:
            self._waiting.append(task_id)

    def hurry(self, task_id: int) -> None:
        """If the task waits for its turn, that comes before those that nobody asked for."""
        if task_id in self._waiting:
            self._waiting.remove(task_id)
            self._urgent.append(task_id)

    def next(self, now: float) -> int | None:
        """The task whose turn it is, if one may go right now; `leave` must follow.

        In a long trouble tasks go to be told of it: then `refusal` says what.
        """
        if self._in_flight >= self._window.size:
            return None
        rest = self._rest
        if rest.reason is not None and now < max(rest.until, self._opens_at):
            return self._next_told(now)
        queue = self._urgent or self._told or self._waiting
        if not queue or now < self._opens_at:
            return None
        if rest.reason is not None and not rest.try_out(now):
            self._resume(now)
        self._in_flight += 1
        task_id = queue.popleft()
        gap = 1 / self._rate(now)
        if gap:
            self._opens_at = (max(self._opens_at, now - SLACK) if self._is_queue and gap < EVEN else now) + gap
        self._is_queue = bool(self._waiting or self._told or self._urgent)
        if not self._is_queue:
            self._catches_up = False
        return task_id

    def refusal(self, task_id: int, now: float, *, is_queued: bool) -> QueryError | None:
        """Why the task is not to be asked about now; None lets it through, and `hear` must follow.

        `is_queued`: `next` has named it. Others, that may be at any account, come without having waited.
        """
        rest = self._rest
        if is_queued:
            return rest.reason if rest.takes(task_id) else None
        if rest.reason is not None:
            if not rest.is_over(now):
                return rest.reason
            rest.try_out(now)
        return None

    def hear(self, task_id: int, answer: Snapshot | QueryError, asked: float, now: float) -> bool:
        """What came of a question that was sent at `asked`. True: the account did not work, and does again."""
        # What was under way when the rest began only repeats why.
        is_news = asked >= self._rest.began_at
        if not isinstance(answer, QueryError) or answer.kind is QueryErrorKind.NOT_FOUND:
            self._others |= task_id != self._refused
            return self._hear_well(asked, now, is_news=is_news)
        if is_news:
            self._rest.lose_probe()
        if answer.kind in _SILENCE:
            self._window.shrink(asked, now, self._in_flight)
            if pause := self._breaker.fail(task_id, is_news=is_news):
                self._rest.begin(now, pause, answer, probation=True)
            return False
        is_back = self._breaker.succeed()
        if answer.kind in _ACCOUNT:
            self._rest.begin(now, ACCOUNT_PAUSE, answer, probation=True)
        elif is_news:
            self._refuse(task_id, answer, asked, now)
        elif answer.retry_after:
            self.rest(now + min(answer.retry_after, LONGEST_ADVICE), answer)
        return is_back

    def answered(self, wait: float) -> None:
        """A question was answered well; the same task is asked about again after `wait` seconds."""
        self.usual_wait += (wait - self.usual_wait) * (LATEST if self.usual_wait else 1)

    def leave(self) -> None:
        """A question was answered, or given up."""
        self._in_flight -= 1
        if not self._in_flight:
            self._rest.lose_probe()

    def retry_at(self) -> float | None:
        """When `next` should be tried again if nobody leaves or joins before; None if only that helps."""
        if self._in_flight >= self._window.size or not (self._waiting or self._told or self._urgent):
            return None
        rest = self._rest
        opens_at = max(self._opens_at, rest.until)
        is_told = rest.reason is not None and (self._waiting or self._urgent)
        return min(opens_at, rest.tells_at) if is_told else opens_at

    def rest(self, until: float, reason: QueryError) -> None:
        """Nobody is asked here before `until`."""
        self._rest.extend(until, reason)

    @property
    def rests_until(self) -> float:
        return self._rest.until

    @property
    def first(self) -> int | None:
        """The task whose turn comes first."""
        queue = self._urgent or self._told or self._waiting
        return queue[0] if queue else None

    def is_ill(self, now: float) -> bool:
        """The account has been in trouble for so long that whoever follows one of its tasks is to know."""
        return self._rest.is_lasting(now)

    def _next_told(self, now: float) -> int | None:
        queue = self._urgent or self._waiting
        if not queue or now < self._rest.tells_at:
            return None
        self._in_flight += 1
        task_id = queue.popleft()
        self._rest.tell(task_id, now)
        return task_id

    def _hear_well(self, asked: float, now: float, *, is_news: bool) -> bool:
        is_queue = bool(self._waiting)
        self._throttle.accept(now, is_pressed=is_queue)
        self._window.widen(now - asked, now, is_short=is_queue and self._in_flight >= self._window.size)
        self._breaker.succeed()
        reason = self._rest.reason
        if is_news:
            self._refusals = 0
        # A gateway that was silent has spoken; of a key or a limit an older question knows nothing.
        if reason is None or not (is_news or reason.kind in _SILENCE):
            return False
        was_on_probation = self._rest.on_probation
        self._resume(now)
        return was_on_probation and reason.kind is not QueryErrorKind.RATE_LIMITED

    def _refuse(self, task_id: int, answer: QueryError, asked: float, now: float) -> None:
        if task_id == self._refused and self._others and not self._refusals:
            return  # always the same one, while others are answered: that is its own matter
        advice = min(answer.retry_after or 0.0, LONGEST_ADVICE)
        if self._refusals:
            guess = FIRST_PAUSE * FACTOR ** min(self._refusals, MOST_FACTORS)
            self._throttle.insist()
        else:
            guess = min(max(QUESTIONS / self._throttle.rate(now), LEAST_PAUSE), FIRST_PAUSE)
        guess = min(guess, self._longest_pause) * (1 + JITTER * self._chance())
        pause = max(advice, guess)
        if not self._refusals:
            self._throttle.refuse(now, pause, pause - advice)
            self._window.shrink(asked, now, self._in_flight)
        self._refusals, self._refused, self._others = self._refusals + 1, task_id, False
        self._rest.begin(now, pause, answer, probation=self._refusals > 1)

    def _resume(self, now: float) -> None:
        """The rest is over; those that came meanwhile go on at about the pace at which they would have gone."""
        usual = self.usual_wait or FLOOR
        waiting = len(self._waiting) + len(self._told) + len(self._urgent)
        self._backlog = waiting * usual / min(usual, max(now - self._rest.began_at, 0.1))
        self._catches_up = True
        self._rest.end(now)

    def _rate(self, now: float) -> float:
        rate = self._throttle.rate(now)
        if not self._catches_up:
            return rate
        tasks = self.population or max(self._backlog, len(self._waiting) + len(self._told) + 1)
        return min(rate, CATCH_UP * tasks / (self.usual_wait or FLOOR))


class Lanes:
    """Every account's lane, made when it is first used. `("", -1)` is the lane of tasks that nobody knows yet."""

    def __init__(
        self,
        concurrency: int | None,
        rps: float | None,
        ceiling: float | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._concurrency = concurrency
        self._rps = rps
        self._ceiling = ceiling
        self._chance = chance
        self._back: set[tuple[str, int]] = set()
        self._lanes: dict[tuple[str, int], Lane] = {}

    def of(self, provider: str, account: int) -> Lane:
        key = (provider, account) if account >= 0 else ("", -1)
        if key not in self._lanes:
            rps = self._rps if account >= 0 else None
            self._lanes[key] = Lane(self._concurrency, rps, self._ceiling, self._chance)
        return self._lanes[key]

    def all(self) -> Mapping[tuple[str, int], Lane]:
        """The lanes that were used so far."""
        return self._lanes

    def note_back(self, provider: str, account: int) -> None:
        """The account was away, and answers again."""
        self._back.add((provider, account))

    def take_back(self) -> set[tuple[str, int]]:
        """The accounts that have come back since this was asked last."""
        back, self._back = self._back, set()
        return back
