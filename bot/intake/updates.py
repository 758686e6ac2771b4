"""Telegram's updates by long polling: fetched, taken into the inbox, and only then confirmed.

The offset of the next request confirms what is stored; an update is not lost by a crash before that, because Telegram
hands it out again.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application

from bot.intake.inbox import WANTED, Inbox
from bot.storage.sqlite import DatabaseError
from bot.tracking.measures import LAST_SUCCESS
from bot.tracking.tally import Tally

log = structlog.stdlib.get_logger(__name__)

Json = dict[str, Any]

LONG_POLL = 30  # seconds; Telegram allows 50
READ_MARGIN = 10  # seconds on top of that before the connection counts as dead
AT_ONCE = 0.2
PAUSE_AFTER_ERROR = 1.0
LONGEST_PAUSE = 30.0
# A poll of a bot that was killed is held at Telegram for a while yet. Whoever reads updates longer than that is alive.
CONFLICT_ENDS_AFTER = 10.0
# After a week without any update Telegram starts with new numbers, perhaps lower ones.
OFFSET_LIFE = 3 * 86_400.0
# Telegram answers within `LONG_POLL`, also when there is nothing new.
SILENT_AFTER = 75.0
# In Telegram's words for why it gives no updates.
_WEBHOOK = "webhook is active"


class AnotherReader(Exception):
    """Somebody else reads this bot's updates, and did so before this process; the text is for the operator."""


class Updates:
    """The update loop. `tally` learns when Telegram last answered."""

    def __init__(
        self,
        application: Application[Any, Any, Any, Any, Any, Any],
        inbox: Inbox,
        tally: Tally,
        clock: Callable[[], float],
    ) -> None:
        self._application = application
        self._inbox = inbox
        self._tally = tally
        self._clock = clock
        self._offset: int | None = None
        self._last_update_at = clock()
        self._answered_at = self._moves_by = time.monotonic()
        self._trouble = ""
        self._first_conflict: float | None = None
        self._was_answered = False

    async def run(self) -> None:
        """Handles what was left in the inbox, then fetches for ever, until it is cancelled. Raises `AnotherReader`."""
        await self._inbox.resume()
        pause = PAUSE_AFTER_ERROR
        while True:
            try:
                await self._take_in(await self._fetch())
                pause = PAUSE_AFTER_ERROR
            except (TelegramError, DatabaseError) as error:
                if isinstance(error, TelegramError):
                    self._trouble = type(error).__name__
                # What was not stored is not confirmed either: Telegram hands it out again.
                is_in_order = isinstance(error, Conflict) and await self._takes_webhook_back(error)
                if not is_in_order or pause > PAUSE_AFTER_ERROR:
                    self._give_way(error)
                    await self._rest(_pause_for(error, pause))
                pause = min(pause * 2, LONGEST_PAUSE)

    def stalled(self) -> float:
        """Seconds since the loop last moved, the pauses aside that it has to make."""
        return max(0.0, time.monotonic() - self._moves_by)

    def problem(self) -> str:
        """What keeps updates away at Telegram; "" if nothing does."""
        if self._trouble:
            return f"Telegram gave no updates ({self._trouble})"
        silence = time.monotonic() - self._answered_at
        return f"Telegram has not answered for {silence:.0f} s" if silence > SILENT_AFTER else ""

    async def _rest(self, seconds: float) -> None:
        self._moves_by = time.monotonic() + seconds
        await asyncio.sleep(seconds)

    async def _fetch(self) -> list[Json]:
        asked = self._moves_by = time.monotonic()
        # After trouble the first question does not wait for news: that Telegram answers again is to be known at once.
        wait = 0 if self._trouble else LONG_POLL
        updates: list[Json] = await self._application.bot.get_raw_updates(self._offset, wait, READ_MARGIN, WANTED)
        now, self._answered_at, self._trouble, self._was_answered = self._clock(), time.monotonic(), "", True
        self._tally.note(LAST_SUCCESS, now, "updates")
        if updates:
            self._last_update_at = now
        elif time.monotonic() - asked < AT_ONCE:
            await asyncio.sleep(AT_ONCE)  # a server that does not know long polling is not to be hammered
        if now - self._last_update_at > OFFSET_LIFE:
            self._offset = None
        return updates

    def _give_way(self, error: TelegramError | DatabaseError) -> None:
        """Of two that read the same updates the one that came later ends; once answered, it is not this one."""
        if not isinstance(error, Conflict) or self._was_answered:
            return
        now = time.monotonic()
        self._first_conflict = now if self._first_conflict is None else self._first_conflict
        if now - self._first_conflict >= CONFLICT_ENDS_AFTER:
            raise AnotherReader(
                "Another program reads this bot's updates, here or on another machine; stop it,"
                " or get a token of its own for this one from BotFather (TELEGRAM_BOT_TOKEN)."
            )

    async def _takes_webhook_back(self, error: Conflict) -> bool:
        """Whether a webhook was in the way, and is no more; what waits at Telegram is fetched then."""
        if _WEBHOOK not in error.message:
            return False
        try:
            await self._application.bot.delete_webhook()
        except TelegramError:
            return False
        log.warning("Telegram had a webhook for this bot; it is taken back, because TELEGRAM_WEBHOOK is off.")
        return True

    async def _take_in(self, updates: list[Json]) -> None:
        if updates:
            await self._inbox.take_in(updates)
            self._offset = updates[-1]["update_id"] + 1


def _pause_for(error: TelegramError | DatabaseError, usual: float) -> float:
    """Says once per failure what it means for the operator; returns how many seconds to wait."""
    if isinstance(error, RetryAfter):
        return error.retry_after if isinstance(error.retry_after, (int, float)) else error.retry_after.total_seconds()
    if isinstance(error, Conflict):
        log.error("Telegram: another process reads this bot's updates or has set a webhook; stop it. Trying on.")
    elif isinstance(error, InvalidToken):
        log.error("Telegram does not accept TELEGRAM_BOT_TOKEN any more; get a new one from BotFather. Trying on.")
    elif isinstance(error, DatabaseError):
        log.error("commands wait at Telegram until the database answers; trying on", error=error)
    else:
        log.warning("Telegram gave no updates; trying on", error=type(error).__name__)
    return usual
