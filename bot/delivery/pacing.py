"""How fast Telegram may be called: a budget for each chat and one for the bot. Pure; times are in seconds, any clock's.

Telegram names about one call a second for a chat, twenty a minute for a group and thirty a second for a bot, with
short bursts; edits count like sends. What it really allows it says with 429, and that is obeyed.
"""

from dataclasses import dataclass

PRIVATE = (1.0, 8)  # seconds per call, calls at once
GROUP = (3.5, 3)
BOT = (1 / 25, 25)

# Two chats told to wait within this time: it is the bot that is too fast, not the chats.
STORM = 1.0
REMEMBERED_CHATS = 10_000
# In place of a chat's id: all of them, or none in particular.
EVERYWHERE = 0


@dataclass(slots=True)
class _Budget:
    """A bucket that leaks one call every `gap` seconds and is dry at `owed_until`."""

    gap: float
    burst: int
    owed_until: float = 0.0
    paused_until: float = 0.0

    def ready_at(self, spare: int) -> float:
        """From when on a call leaves at least `spare` calls of the burst free."""
        return max(self.paused_until, self.owed_until - self.gap * (self.burst - 1 - spare))

    def take(self, now: float, calls: int) -> None:
        self.owed_until = max(self.owed_until, now) + self.gap * calls


class Pacing:
    """The budgets of one bot."""

    def __init__(self) -> None:
        self._bot = _Budget(*BOT)
        self._chats: dict[int, _Budget] = {}
        self._last_refusal: tuple[int, float] = (0, -STORM)

    def ready_at(self, chat_id: int, *, spare: int = 0) -> float:
        """When the next call to this chat may go out; with `spare`, only out of what is not needed at once."""
        return max(self._bot.ready_at(0), self._chat(chat_id).ready_at(spare))

    def take(self, chat_id: int, now: float, calls: int = 1) -> None:
        """So many calls go out, one after the other."""
        self._bot.take(now, calls)
        if chat_id != EVERYWHERE:
            self._chat(chat_id).take(now, calls)
        if len(self._chats) > REMEMBERED_CHATS:
            self._chats = {chat: budget for chat, budget in self._chats.items() if _is_busy(budget, now)}

    def pause(self, chat_id: int, now: float, after: float, *, everywhere: bool = False) -> None:
        """Telegram asks to wait `after` seconds."""
        other, when = self._last_refusal
        self._last_refusal = (chat_id, now)
        self.pause_until(chat_id, now + after)
        if everywhere or (other != chat_id and now - when < STORM):
            self.pause_until(EVERYWHERE, now + after)

    def pause_until(self, chat_id: int, moment: float) -> None:
        """No call to the chat, or to any, before that; a longer pause is not shortened."""
        budget = self._chat(chat_id)
        budget.paused_until = max(budget.paused_until, moment)

    def resume(self, chat_id: int, moment: float) -> None:
        """The chat's pause ends then, if it would not end before."""
        budget = self._chat(chat_id)
        budget.paused_until = min(budget.paused_until, moment)

    def pause_left(self, chat_id: int, now: float) -> float:
        """How long no call may go to this chat; 0 if one may now."""
        return max(0.0, self._bot.paused_until - now, self._chat(chat_id).paused_until - now)

    def pauses(self, now: float) -> dict[int, float]:
        """The seconds that are left of every pause, by chat."""
        budgets = {EVERYWHERE: self._bot, **self._chats}
        return {chat: budget.paused_until - now for chat, budget in budgets.items() if budget.paused_until > now}

    def _chat(self, chat_id: int) -> _Budget:
        if chat_id == EVERYWHERE:
            return self._bot
        if chat_id not in self._chats:
            self._chats[chat_id] = _Budget(*(PRIVATE if chat_id > 0 else GROUP))
        return self._chats[chat_id]


def _is_busy(budget: _Budget, now: float) -> bool:
    return max(budget.owed_until, budget.paused_until) > now
