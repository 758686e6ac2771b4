"""Who decides for a group: its admins, and the bot's own. Telegram is asked, and its answer kept for a while."""

from collections.abc import Callable

import structlog
from telegram import Bot
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

from bot.intake.asks import Turn

log = structlog.stdlib.get_logger(__name__)

KEPT = 300.0  # seconds
REMEMBERED = 10_000
_ADMINS = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})


class Rights:
    """`admins` are the bot's own, who may do everything everywhere."""

    def __init__(self, bot: Bot, admins: frozenset[int], monotonic: Callable[[], float]) -> None:
        self._bot = bot
        self._admins = admins
        self._monotonic = monotonic
        self._known: dict[tuple[int, int], tuple[float, bool]] = {}

    async def decides_for(self, turn: Turn) -> bool:
        """Whether the person decides for the chat. If Telegram does not say it: no."""
        if turn.is_chat_admin or turn.user_id in self._admins or turn.sender_chat_id == turn.chat_id:
            return True
        key, now = (turn.chat_id, turn.user_id), self._monotonic()
        at, known = self._known.get(key, (-KEPT, False))
        if now - at < KEPT:
            return known
        try:
            member = await self._bot.get_chat_member(turn.chat_id, turn.user_id)
        except TelegramError as error:
            log.info("Telegram does not say what somebody may do", chat=turn.chat_id, user=turn.user_id, error=error)
            return False
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = (now, member.status in _ADMINS)
        return self._known[key][1]
