"""The outbox, emptied: takes what is due, paces it, hands it to the courier, and decides what a failure means.

Rows of one result go one after the other, and so do a chat's answers and its reactions; everything else goes side by
side. A file on its way holds up nothing but what stands behind it in the same result.
"""

import asyncio
import contextlib
import logging
import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import structlog
from structlog.contextvars import bind_contextvars

from bot.delivery.courier import Courier
from bot.delivery.errors import ChatGone, ChatMoved, DeliveryError, Refused, RetryLater, TargetGone, TopicGone
from bot.delivery.pacing import EVERYWHERE, Pacing
from bot.delivery.steps import SentPerhaps
from bot.delivery.verdicts import (
    Verdict,
    bury,
    close_chat,
    hold_off,
    leave_topic,
    move_chat,
    postpone,
    start_anew,
)
from bot.storage.patience import insist
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.tracking.estimates import LONGEST_LOOK
from bot.tracking.measures import (
    BOT_PAUSE,
    DELIVERIES,
    DELIVERIES_IN_HAND,
    DELIVERY_ERRORS,
    LAST_SUCCESS,
    OUTBOX_OLDEST,
    PAUSED_CHATS,
    Reading,
)
from bot.tracking.model import Delivery, OutboxKind, OutboxState, Priority
from bot.tracking.stats import GIVEN_UP, SENT
from bot.tracking.tally import MESSAGE, RESULT

log = structlog.stdlib.get_logger(__name__)

# Texts and media each have workers of their own: those that wait for an upload hold up no answer and no card.
TEXT_WORKERS, MEDIA_WORKERS = 64, 256
# Of the rows that are due so many are looked at, and of one chat's so many; more than can be worked on at once.
LOOK, PER_CHAT = 2 * (TEXT_WORKERS + MEDIA_WORKERS), 8
# Of the cards that have rested long enough so many are looked at; no more of them go out than leave the bot so many
# of the calls that it may make at once.
REST_LOOK, SPARE_FOR_NEWS = 32, 15
SHORT_PAUSE = 0.03  # seconds between two looks that are left out: what has just become due is not to wait for them
IDLE = 60.0  # seconds; a look at the table now and then, whatever was announced
# Seconds that deliveries in flight get when the bot stops: all of it is to be over within ten.
GRACE = 5.0
# Progress waits while there is little of a chat's budget left: answers and results may need it.
SPARE_FOR_RESULTS = 2

BACK_OFF_FIRST, BACK_OFF_LONGEST = 1.0, 60.0
# How long a send in doubt rests before it is repeated: what is on its way should have arrived by then. A card can wait
# longer; often the result is there before, and then says it all.
DOUBT_PAUSE, CARD_DOUBT_PAUSE = 5.0, 20.0
# An answer or a notice is repeated once when in doubt; a card and a result until it is certain.
DOUBTFUL_SENDS = 2
_REPEATED_ONCE = frozenset({OutboxKind.REPLY, OutboxKind.NOTICE})
_MEDIA = frozenset({OutboxKind.RESULT, OutboxKind.ALBUM})
_BY_THEMSELVES = frozenset({OutboxKind.CARD, OutboxKind.TOAST})
_NO_MESSAGES = frozenset({OutboxKind.REACTION, OutboxKind.TOAST})
STORAGE_PAUSE = 5.0
# Telegram has been seen to ask for hours; more is a clock that was set back.
LONGEST_PAUSE = 86_400.0
# Once it is written down that a chat is closed and nobody is on the way to it, a look at the table that began before
# has ended within this time.
CLOSED = 1.0


class Lane(NamedTuple):
    """What must not overtake each other: the parts of one result, a chat's answers, its reactions; others go alone."""

    what: str
    number: int
    is_media: bool


class Sender:
    """The delivery loop. `clock` gives epoch seconds for what is stored, `monotonic` paces."""

    def __init__(
        self,
        store: Store,
        courier: Courier,
        pacing: Pacing,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._courier = courier
        self._pacing = pacing
        self._clock = clock
        self._monotonic = monotonic
        self._workers: dict[Lane, asyncio.Task[None]] = {}
        self._in_hand: Counter[int] = Counter()
        self._closed: set[int] = set()
        self._looked_at = self._ended_at = monotonic()

    async def run(self) -> None:
        """Delivers for ever. When cancelled, what is in flight gets `GRACE` seconds to finish."""
        await insist(self._take_up)
        await insist(self._remember_pauses)
        try:
            while True:
                self._store.outbox_changed.clear()
                began = self._looked_at = self._monotonic()
                wait = await self._start_due()
                # With thousands of rows due a look takes a while; then no more than a quarter of the time goes into it.
                await asyncio.sleep(3 * (self._monotonic() - began) - SHORT_PAUSE)
                await self._sleep(wait)
        finally:
            await self._wind_up()

    def stalled(self) -> float:
        """Seconds since the loop last looked at the table; it does at least every `IDLE` seconds."""
        return self._monotonic() - self._looked_at

    async def stuck(self) -> float:
        """For how many seconds a row might have been sent while nothing was: neither sent nor found to fail."""
        return min(await self._oldest(), self._monotonic() - self._ended_at)

    async def readings(self) -> list[Reading]:
        """What waits, as it is now. Raises `DatabaseError`."""
        pauses = self._pacing.pauses(self._monotonic())
        everywhere = pauses.pop(EVERYWHERE, 0.0)
        return [
            Reading(DELIVERIES_IN_HAND, len(self._workers)),
            Reading(PAUSED_CHATS, len(pauses)),
            Reading(BOT_PAUSE, everywhere),
            Reading(OUTBOX_OLDEST, await self._oldest()),
        ]

    async def _oldest(self) -> float:
        """For how many seconds the oldest row has waited that is due, in nobody's hand and of no paused chat."""
        now, pauses = self._clock(), self._pacing.pauses(self._monotonic())
        if EVERYWHERE in pauses:
            return 0.0
        rows = await self._store.waiting_longest(now, LOOK)
        free = [since for row, since in rows if _lane(row) not in self._workers and row.chat_id not in pauses]
        return max((now - since for since in free), default=0.0)

    async def _take_up(self) -> None:
        """What an earlier life left behind; the clock may have been set back since."""
        now = self._clock()
        async with self._store.transaction() as tx:
            await tx.doubt_interrupted(cards_not_before=now + CARD_DOUBT_PAUSE)
            await tx.keep_waits_short(now, BACK_OFF_LONGEST, LONGEST_LOOK)

    async def _remember_pauses(self) -> None:
        tick, now = self._monotonic(), self._clock()
        for chat_id, until in (await self._store.pauses()).items():
            self._pacing.pause_until(chat_id, tick + min(until - now, LONGEST_PAUSE))

    async def _start_due(self) -> float:
        """Starts a worker for every row that may go out now; returns the seconds until more may."""
        now = self._clock()
        # A row whose worker is at work, or ends while the table is read, is read half done: it waits for the next look.
        busy = frozenset(self._workers)
        try:
            rows = await self._store.due_deliveries(now, PER_CHAT, LOOK)
            rows += await self._store.cards_to_look_at(now, REST_LOOK)
            later = await self._store.next_delivery_at(now)
        except DatabaseError as error:
            log.error("deliveries wait until the database answers", error=error)  # noqa: TRY400 - the sentence says it all
            return STORAGE_PAUSE
        wait = self._start([row for row in rows if _lane(row) not in busy])
        return wait if later is None else min(wait, later - now)

    def _start(self, rows: list[Delivery]) -> float:
        tick, wait = self._monotonic(), IDLE
        room = {True: MEDIA_WORKERS, False: TEXT_WORKERS}
        for lane in self._workers:
            room[lane.is_media] -= 1
        for row in rows:
            lane = _lane(row)
            if lane in self._workers or room[lane.is_media] <= 0:
                continue  # the worker that ends wakes the loop
            ready_at = self._ready_at(row)
            if ready_at > tick:
                wait = min(wait, ready_at - tick)
                continue
            self._pacing.take(_budget(row), tick, _calls(row))
            self._in_hand[row.chat_id] += 1
            self._workers[lane] = asyncio.create_task(self._work(lane, row))
            room[lane.is_media] -= 1
        return wait

    def _ready_at(self, row: Delivery) -> float:
        """From when on the row may go. A reaction costs the chat nothing, but waits while others are in a hurry."""
        spare = SPARE_FOR_RESULTS if row.priority is Priority.PROGRESS else 0
        chat_id = row.chat_id if row.kind is OutboxKind.REACTION else _budget(row)
        ready_at = self._pacing.ready_at(chat_id, spare=spare)
        if row.state is OutboxState.RESTING:
            ready_at = max(ready_at, self._pacing.ready_at(EVERYWHERE, spare=SPARE_FOR_NEWS))
        return ready_at

    async def _sleep(self, seconds: float) -> None:
        # Not wait_for: before Python 3.12 it may take the news for the answer to being cancelled, and live on.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.01)):
                await self._store.outbox_changed.wait()

    async def _work(self, lane: Lane, row: Delivery) -> None:
        try:
            bind_contextvars(delivery=row.id, kind=row.kind, chat=row.chat_id)
            await self._deliver(row)
        finally:
            del self._workers[lane]
            self._ended_at = self._monotonic()
            self._leave(row.chat_id)
            self._store.outbox_changed.set()

    def _leave(self, chat_id: int) -> None:
        """One worker less for the chat; when the last one is gone, a chat that was closed may be written to again."""
        self._in_hand[chat_id] -= 1
        if self._in_hand[chat_id]:
            return
        del self._in_hand[chat_id]
        if chat_id in self._closed:
            self._closed.discard(chat_id)
            self._pacing.resume(chat_id, self._monotonic() + CLOSED)

    async def _deliver(self, row: Delivery) -> None:
        if _is_doubtful_enough(row):
            self._count(row, GIVEN_UP)
            await self._record(row, bury("twice in doubt"))
            return
        try:
            await self._courier.carry(row)
            self._count(row, SENT)
            log.log(logging.INFO if _is_news(row) else logging.DEBUG, "delivered")
        except DeliveryError as error:
            self._store.tally.add(DELIVERY_ERRORS, row.kind, _word(error))
            await self._record(row, self._verdict(row, error))
            if isinstance(error, ChatGone):
                self._closed.add(row.chat_id)
        except DatabaseError as error:
            # Nothing was sent of which the table does not know, so whatever was in doubt before is all that is.
            self._store.tally.add(DELIVERY_ERRORS, row.kind, "database")
            log.error("a delivery waits until the database answers", error=error)  # noqa: TRY400 - the sentence says it all
            state = OutboxState.DOUBT if row.state is OutboxState.DOUBT else OutboxState.PENDING
            again = self._clock() + STORAGE_PAUSE
            await self._record(row, postpone(state, again, str(error), failed=False))
        except Exception as error:
            log.exception("a delivery broke")
            self._store.tally.add(DELIVERY_ERRORS, row.kind, "defect")
            again = self._clock() + BACK_OFF_LONGEST
            await self._record(row, postpone(OutboxState.DOUBT, again, type(error).__name__))

    def _verdict(self, row: Delivery, error: DeliveryError) -> Verdict:
        now = self._clock()
        match error:
            case SentPerhaps():
                pause = CARD_DOUBT_PAUSE if row.kind is OutboxKind.CARD else DOUBT_PAUSE
                return postpone(OutboxState.DOUBT, now + pause, str(error))
            case RetryLater():
                left = self._pacing.pauses(self._monotonic())
                return hold_off(now + error.after, str(error), {chat: now + seconds for chat, seconds in left.items()})
            case ChatGone():
                log.warning("the chat is closed to the bot", error=error)
                self._count(row, GIVEN_UP)
                return close_chat(str(error))
            case ChatMoved():
                return move_chat(error.chat_id)
            case TopicGone():
                return leave_topic
            case TargetGone() if row.kind.is_result and "anew" not in row.facts:
                return start_anew
            case TargetGone() | Refused():
                log.error("a delivery was given up", error=error)
                self._count(row, GIVEN_UP)
                return bury(str(error))
            case _:
                return postpone(OutboxState.PENDING, now + _back_off(row.attempts), str(error))

    async def _record(self, row: Delivery, verdict: Verdict) -> None:
        """Writes the verdict down, however long the database takes to be writable again."""

        async def write() -> None:
            async with self._store.transaction() as tx:
                await verdict(tx, row)

        await insist(write)

    def _count(self, row: Delivery, outcome: str) -> None:
        self._store.tally.add(DELIVERIES, row.kind, outcome)
        if outcome == SENT:
            self._store.tally.note(LAST_SUCCESS, self._clock(), "delivery")
        if row.kind not in _NO_MESSAGES:
            self._store.tally.count(RESULT if row.kind.is_result else MESSAGE, outcome)

    async def _wind_up(self) -> None:
        self._courier.wind_up()
        workers = list(self._workers.values())
        if not workers:
            return
        _, unfinished = await asyncio.wait(workers, timeout=GRACE)
        for worker in unfinished:
            worker.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)


def _word(error: DeliveryError) -> str:
    """The error's name as it is counted: `RetryLater` is `retry_later`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def _lane(row: Delivery) -> Lane:
    """Where the row stands in line."""
    if row.kind in _BY_THEMSELVES:
        return Lane(row.kind, row.id, is_media=False)
    if row.kind is OutboxKind.REACTION:
        # One may speak for several: the others are through then.
        return Lane("reactions", row.chat_id, is_media=False)
    if row.subscription_id is None:
        return Lane("answers", row.chat_id, is_media=False)
    return Lane("result", row.subscription_id, row.kind in _MEDIA)


def _budget(row: Delivery) -> int:
    """The chat that the row's calls count for; what is no message counts only for the bot."""
    return EVERYWHERE if row.kind in _NO_MESSAGES else row.chat_id


def _calls(row: Delivery) -> int:
    """How many calls the row costs; Telegram may well count every picture of an album."""
    sends = 0 if row.message_ids else 1
    edits = len(row.outputs) - len(row.finished) if row.kind in _MEDIA else 0
    return max(1, sends + edits)


def _is_news(row: Delivery) -> bool:
    """Whether it is worth a line of the log: a task's first message in the chat, or its end."""
    return row.kind.is_result or (row.kind is OutboxKind.CARD and not row.message_ids)


def _is_doubtful_enough(row: Delivery) -> bool:
    return (
        row.state is OutboxState.DOUBT
        and not row.message_ids
        and row.kind in _REPEATED_ONCE
        and row.attempts >= DOUBTFUL_SENDS
    )


def _back_off(attempts: int) -> float:
    return min(BACK_OFF_FIRST * 2.0 ** min(attempts, 10), BACK_OFF_LONGEST)
