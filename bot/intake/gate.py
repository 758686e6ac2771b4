"""The gate before the inbox: what of Telegram's updates is spoken to this bot, by somebody who is let in.

Nothing about those who are turned away reaches the disk; what they are told goes out at once, and may be lost.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType

from bot.intake.access import Access
from bot.intake.asks import Ask, read_message, read_press
from bot.text.catalogue import language_of
from bot.tracking.model import Subscription
from bot.tracking.seal import Seal

REFUSED_AGAIN_AFTER = 60.0  # seconds
REFUSALS = 100  # people turned away within that time; more are not answered
DISMISSALS = 64  # buttons being answered at once; the others of that moment go without


class Doorman(Protocol):
    """Whoever speaks for the gate."""

    async def refuse(self, origin: Subscription, language: str | None) -> None:
        """Tells somebody who is not let in, where they asked."""

    async def dismiss(self, query_id: str, say: str, language: str | None) -> None:
        """Answers a press that leads nowhere, with the sentence `toast.<say>`."""


class Gate:
    """Judges updates by themselves, without any look at the tables. `username` is the bot's own, without "@"."""

    def __init__(self, access: Access, doorman: Doorman, seal: Seal, username: str, clock: Callable[[], float]) -> None:
        self._access = access
        self._doorman = doorman
        self._seal = seal
        self._username = username.lower()
        self._clock = clock
        self._refused: dict[int, float] = {}
        self._errands: set[asyncio.Task[None]] = set()

    def admits(self, update: Update) -> bool:
        """Whether the update may be stored. Whoever is turned away is told so, now and then."""
        if update.callback_query:
            return self._admits_press(update.callback_query)
        message = update.effective_message
        if message is None or message.from_user is None or self._is_ours(message):
            return False
        return self._admits_message(message)

    def lets_in(self, user_id: int) -> bool:
        """Whether this person may use the bot by themselves."""
        return self._access.permits(user_id, user_id)

    def _admits_message(self, message: Message) -> bool:
        """What people say to each other in a group is none of the bot's business."""
        ask = read_message(message)
        if message.chat.type != ChatType.PRIVATE and not self._is_for_us(ask):
            return False
        if self._access.permits(ask.user_id, ask.chat_id):
            return True
        self._turn_away(ask)
        return False

    def _admits_press(self, query: CallbackQuery) -> bool:
        press = read_press(query, self._seal)
        if press and self._access.permits(press.user_id, press.chat_id):
            return True
        say = "not_let_in" if press else "forged"
        if len(self._errands) < DISMISSALS:
            self._send(self._doorman.dismiss(query.id, say, language_of(query.from_user.language_code)))
        return False

    def _turn_away(self, ask: Ask) -> None:
        """One sentence, at most once a minute for a person."""
        now = self._clock()
        self._refused = {user: at for user, at in self._refused.items() if now - at < REFUSED_AGAIN_AFTER}
        if ask.user_id in self._refused or len(self._refused) >= REFUSALS:
            return
        self._refused[ask.user_id] = now
        self._send(self._doorman.refuse(ask.origin, ask.language))

    def _send(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def _is_ours(self, message: Message) -> bool:
        """What somebody chose out of an inline answer is said by them, but it is no command."""
        return message.via_bot is not None and (message.via_bot.username or "").lower() == self._username

    def _is_for_us(self, ask: Ask) -> bool:
        """In a group only a command that names this bot, or no bot at all, is spoken to it."""
        return bool(ask.command) and ask.addressee in {"", self._username}
