"""The gate before the inbox: what is spoken to this bot, by somebody who is let in, and not too much of it.

Nothing about what is turned away reaches the disk; what is said about it goes out at once, and may be lost. Of a
stranger only two things pass: the button that asks to be let in, and an invitation.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Protocol

from telegram import CallbackQuery, Update

from bot.intake.access import Access
from bot.intake.asks import Ask, Press, Turn, command_in, read_message, read_press
from bot.intake.glance import Glance
from bot.intake.invitations import PREFIX as INVITATION
from bot.intake.invitations import is_invitation
from bot.intake.limits import GROUP_SHARE, Limits, Seldom
from bot.text.catalogue import language_of
from bot.tracking.guests import Verdict
from bot.tracking.model import Subscription
from bot.tracking.seal import Seal

TOLD_AGAIN_AFTER = 60.0  # seconds, before a person is refused, or told to slow down, once more
TOLD = 100  # people who are told so within that time; more are not answered
TOASTED_AGAIN_AFTER = 5.0
# Requests and invitations of one stranger in a minute, and of all of them: so nobody guesses a code.
KNOCKS, ALL_KNOCKS = 5, 100
# Calls that the gate makes side by side, and how many of them may wait; beyond that nobody is answered.
ERRANDS_AT_ONCE, ERRANDS = 16, 1000

_ASK = "ask"  # the button below a refusal
_EVERYBODY = 0


class Doorman(Protocol):
    """Whoever speaks for the gate."""

    async def refuse(self, origin: Subscription, language: str | None, *, may_ask: bool) -> None:
        """Tells somebody who is not let in, where they asked; with a button if they may ask the admins."""

    async def slow_down(self, origin: Subscription, language: str | None) -> None:
        """Tells somebody whose commands are dropped, because they are too many."""

    async def dismiss(self, query_id: str, say: str, language: str | None) -> None:
        """Answers a press that leads nowhere, with the sentence `toast.<say>`."""


class Gate:
    """Judges updates by themselves, without any look at the tables. `username` is the bot's own, without "@".

    `per_minute`: how many commands and presses of one person are taken in a minute, and at once.
    """

    def __init__(
        self,
        access: Access,
        doorman: Doorman,
        seal: Seal,
        username: str,
        per_minute: int,
        clock: Callable[[], float],
    ) -> None:
        self._access = access
        self._doorman = doorman
        self._seal = seal
        self._username = username.lower()
        self._clock = clock
        self._people = Limits(per_minute)
        self._groups = Limits(per_minute * GROUP_SHARE)
        self._knocks = Limits(KNOCKS)
        self._all_knocks = Limits(ALL_KNOCKS)
        self._refused = Seldom(TOLD_AGAIN_AFTER, TOLD)
        self._slowed = Seldom(TOLD_AGAIN_AFTER, TOLD)
        self._toasted = Seldom(TOASTED_AGAIN_AFTER, TOLD)
        self._turns = asyncio.Semaphore(ERRANDS_AT_ONCE)
        self._errands: set[asyncio.Task[None]] = set()

    def learn(self, verdicts: Mapping[int, Verdict]) -> None:
        """What was decided from inside the bot, from now on."""
        self._access = replace(self._access, verdicts=verdicts)

    def glances(self, seen: Glance) -> bool | None:
        """Whether the update may be stored, as far as a first look tells; None if it has to be read for that.

        No look but the first is needed at what people say who are let in, and none at the talk of a group, at what is
        too much, and at strangers who have been told already.
        """
        is_message = seen.kind == "message" and bool(seen.user_id)
        # What somebody chose out of an inline answer is said by them, but it is no command.
        if is_message and seen.via == self._username:
            return False
        if is_message and not seen.is_private and not self._is_for_us(*command_in(seen.text)[:2]):
            return False
        is_in = self._access.permits(seen.user_id, seen.chat_id)
        if is_message and not is_in:
            is_of_no_use = INVITATION not in seen.text and self._refused.holds(seen.user_id, self._clock())
            return False if is_of_no_use else None
        whose = self._over_limit(seen, in_group=is_in and not seen.is_private)
        if whose:
            self._hold_up(seen, whose)
            return False
        return True if is_message else None

    def admits(self, update: Update) -> bool:
        """The same for an update that had to be read: a press, or what a stranger says.

        Whoever is turned away is told so, now and then.
        """
        if update.callback_query:
            return self._admits_press(update.callback_query)
        message = update.message
        return message is not None and message.from_user is not None and self._admits_stranger(read_message(message))

    def lets_in(self, user_id: int) -> bool:
        """Whether this person may use the bot by themselves."""
        return self._access.permits(user_id, user_id)

    def takes(self, user_id: int, chat_id: int) -> bool:
        """Whether a program may do one thing more for that person in that chat: it counts as if they said it."""
        now = self._clock()
        return self._people.take(user_id, now, now) and (chat_id > 0 or self._groups.take(chat_id, now, now))

    def _admits_stranger(self, ask: Ask) -> bool:
        """One sentence, at most once a minute for a person; an invitation may let them in."""
        if is_invitation(ask) and self._may_knock(ask):
            return True
        if self._refused.lets(ask.user_id, self._clock()):
            self._send(self._doorman.refuse(ask.origin, ask.language, may_ask=self._may_ask(ask)))
        return False

    def _admits_press(self, query: CallbackQuery) -> bool:
        press = read_press(query, self._seal)
        if press and self._access.permits(press.user_id, press.chat_id):
            return True
        if press and _is_request(press) and self._may_knock(press):
            return True
        say = "not_let_in" if press else "forged"
        self._send(self._doorman.dismiss(query.id, say, language_of(query.from_user.language_code)))
        return False

    def _over_limit(self, seen: Glance, *, in_group: bool) -> int:
        """The person, or else the group, that has said too much; 0 if neither has."""
        now = self._clock()
        if not self._people.take(seen.user_id, now, seen.said_at):
            return seen.user_id
        if in_group and not self._groups.take(seen.chat_id, now, seen.said_at):
            return seen.chat_id
        return 0

    def _hold_up(self, seen: Glance, whose: int) -> None:
        """One sentence, at most once a minute; for a press one that passes by, and a little more often."""
        now, language = self._clock(), language_of(seen.language_code)
        if seen.kind == "callback_query" and self._toasted.lets(whose, now):
            self._send(self._doorman.dismiss(seen.query_id, "slow_down", language))
        elif seen.kind == "message" and self._slowed.lets(whose, now):
            self._send(self._doorman.slow_down(seen.origin, language))

    def _may_knock(self, turn: Turn) -> bool:
        now = self._clock()
        return self._knocks.take(turn.user_id, now) and self._all_knocks.take(_EVERYBODY, now)

    def _may_ask(self, ask: Ask) -> bool:
        """Whether a button would be of use: in a group it is for the admins to come and let the group in."""
        is_open = self._access.verdicts.get(ask.user_id) is not Verdict.DENIED
        return ask.is_private and is_open and bool(self._access.admins)

    def _send(self, errand: Coroutine[Any, Any, None]) -> None:
        if len(self._errands) >= ERRANDS:
            errand.close()
            return
        task = asyncio.create_task(self._in_turn(errand))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _in_turn(self, errand: Coroutine[Any, Any, None]) -> None:
        async with self._turns:
            await errand

    def _is_for_us(self, command: str, addressee: str) -> bool:
        """In a group only a command that names this bot, or no bot at all, is spoken to it."""
        return bool(command) and addressee in {"", self._username}


def _is_request(press: Press) -> bool:
    """A stranger asks to be let in, in their own chat."""
    return press.verb == _ASK and press.chat_id == press.user_id
