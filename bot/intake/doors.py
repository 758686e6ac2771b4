"""Who is let in, decided from inside the bot: requests, the admins' commands and buttons, invitations, deep links."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.intake import invitations
from bot.intake.access import Access
from bot.intake.asks import Ask, Press, Turn
from bot.intake.commands import Command
from bot.storage.transaction import Transaction
from bot.tracking.gallery import OPENED
from bot.tracking.guests import Verdict
from bot.tracking.model import Subscription

DAY = 86_400.0
# Requests of strangers that admins are told of within a day, as long as nobody decides about them.
REQUESTS_A_DAY = 20
IDS_AT_ONCE = 50
INVITE_USES, INVITE_HOURS = 1, 72
MOST_USES, MOST_HOURS = 100, 720
# How much is kept of a name that somebody gave themselves.
NAME_KEPT = 100

_ID = re.compile(r"-?[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"[0-9]{1,6}")


class Doors:
    """The commands and buttons about access. `lists` are the operator's, `username` is the bot's without "@"."""

    def __init__(self, lists: Access, username: str, track: Command, new_code: Callable[[], str]) -> None:
        self._lists = lists
        self._username = username
        self._track = track
        self._new_code = new_code

    # Commands

    async def start(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/start`, with what a link brings behind it: an invitation, or a task's ID."""
        brought = ask.arguments.strip()
        is_invitation = invitations.is_meant(ask.arguments)
        if brought and brought != OPENED and not is_invitation:
            await self._track(ask, tx, now)
            return
        is_invited = is_invitation and not await self._permits(ask, tx)
        say = await self._enter(ask, tx, now) if is_invited else "start"
        await tx.reply(ask.origin, {"say": say}, now)

    async def allow(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/allow`: people and groups by their ids, the author of a message, or this group."""
        if await self._is_admin(ask, tx, now):
            await self._judge_all(ask, Verdict.ALLOWED, tx, now)

    async def deny(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/deny`, read as `/allow` is: they are out, unless the operator's own lists name them."""
        if await self._is_admin(ask, tx, now):
            await self._judge_all(ask, Verdict.DENIED, tx, now)

    async def invite(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/invite [uses] [hours]`: a link that lets so many people in within that time."""
        if not await self._is_admin(ask, tx, now):
            return
        found = _uses_and_hours(ask.arguments.split())
        if found is None:
            await tx.reply(ask.origin, {"say": "usage_invite"}, now)
            return
        uses, hours = found
        code, expires_at = self._new_code(), now + hours * 3600
        await tx.add_invite(invitations.digest_of(code), uses, expires_at, ask.user_id, now)
        until = datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        facts = {"link": invitations.link(self._username, code), "uses": str(uses), "until": until}
        await tx.reply(ask.origin, {"say": "invitation", **facts}, now)

    # Buttons

    async def ask(self, press: Press, tx: Transaction, now: float) -> str:
        """A stranger asks to be let in: every admin is told, at most once a day for a person."""
        if await self._permits(press, tx):
            return "in_already"
        known = await tx.guest(press.user_id)
        if known and known.verdict is Verdict.DENIED:
            return "turned_down"
        if known and now - known.since < DAY:
            return "asked_already"
        if await tx.requests_since(now - DAY) >= REQUESTS_A_DAY:
            return "crowded"
        name = press.name[:NAME_KEPT]
        await tx.judge(press.user_id, Verdict.ASKED, name, now)
        for admin in sorted(self._lists.admins):
            await tx.reply(_private(admin), {"say": "request", "id": str(press.user_id), "name": name}, now)
        return "asked"

    async def admit(self, press: Press, tx: Transaction, now: float) -> str:
        """An admin lets the person in who asked."""
        return await self._decide(press, Verdict.ALLOWED, tx, now)

    async def turn_down(self, press: Press, tx: Transaction, now: float) -> str:
        """An admin does not. The person is told nothing, but may not ask again."""
        return await self._decide(press, Verdict.DENIED, tx, now)

    async def _decide(self, press: Press, verdict: Verdict, tx: Transaction, now: float) -> str:
        """The message below which the button hangs then says what was decided, now or before, by whichever admin."""
        if press.user_id not in self._lists.admins:
            return "admins_only"
        if not _ID.fullmatch(press.argument):
            return "outdated"
        ident = int(press.argument)
        known = await tx.guest(ident)
        is_news = known is None or known.verdict is Verdict.ASKED
        if is_news:
            await tx.judge(ident, verdict, "", now)
        if is_news and verdict is Verdict.ALLOWED:
            await tx.reply(_private(ident), {"say": "let_in"}, now)
        verdict = verdict if is_news or known is None else known.verdict
        facts = {"say": "decision", "panel": str(press.message_id), "verdict": verdict, "id": str(ident)}
        who = {"name": known.name if known else "", "by": press.name[:NAME_KEPT] if is_news else ""}
        await tx.reply(press.origin, {**facts, **who}, now)
        return "admitted" if verdict is Verdict.ALLOWED else "denied"

    # Parts of the above

    async def _is_admin(self, ask: Ask, tx: Transaction, now: float) -> bool:
        """Whoever is none is told so."""
        is_admin = ask.user_id in self._lists.admins
        if not is_admin:
            await tx.reply(ask.origin, {"say": "admins_only"}, now)
        return is_admin

    async def _permits(self, turn: Turn, tx: Transaction) -> bool:
        """As the gate would judge it, by what the tables say now."""
        found = [await tx.guest(ident) for ident in {turn.user_id, turn.chat_id}]
        verdicts = {guest.id: guest.verdict for guest in found if guest}
        return replace(self._lists, verdicts=verdicts).permits(turn.user_id, turn.chat_id)

    async def _enter(self, ask: Ask, tx: Transaction, now: float) -> str:
        """What to say to somebody who is not let in and shows an invitation."""
        known = await tx.guest(ask.user_id)
        if known and known.verdict is Verdict.DENIED:
            return "invite_denied"
        digest = invitations.digest_in(ask.arguments)
        if digest is None or not await tx.use_invite(digest, now):
            return "invite_invalid"
        await tx.judge(ask.user_id, Verdict.ALLOWED, ask.name[:NAME_KEPT], now)
        return "let_in"

    async def _judge_all(self, ask: Ask, verdict: Verdict, tx: Transaction, now: float) -> None:
        words = ask.arguments.replace(",", " ").split()
        wrong = next((word for word in words if not _ID.fullmatch(word)), None)
        meant = {int(word): "" for word in words} if wrong is None else {}
        if not words:
            meant = _meant_without_words(ask)
        if wrong is not None or not meant or len(meant) > IDS_AT_ONCE:
            await tx.reply(ask.origin, _how_to(verdict, wrong), now)
            return
        says: dict[str, list[str]] = {}
        for ident, name in meant.items():
            says.setdefault(await self._judge(ident, verdict, name, tx, now), []).append(str(ident))
        await tx.reply(
            ask.origin, {"say": " ".join(says), **{say: "\n".join(idents) for say, idents in says.items()}}, now
        )

    async def _judge(self, ident: int, verdict: Verdict, name: str, tx: Transaction, now: float) -> str:
        """Returns what there is to say about it."""
        if verdict is Verdict.DENIED and self._lists.names(ident):
            return "cannot_deny"
        await tx.judge(ident, verdict, name, now)
        return "now_in" if verdict is Verdict.ALLOWED else "now_out"


def _meant_without_words(ask: Ask) -> dict[int, str]:
    """(id, name) of the author of the message that was replied to, else of the group in which it was said."""
    if ask.author:
        return {ask.author: ask.author_name[:NAME_KEPT]}
    return {} if ask.is_private else {ask.chat_id: ask.chat_title[:NAME_KEPT]}


def _how_to(verdict: Verdict, wrong: str | None) -> dict[str, str]:
    if wrong is not None:
        return {"say": "bad_user_id", "text": wrong}
    return {"say": "guests" if verdict is Verdict.ALLOWED else "usage_deny"}


def _uses_and_hours(words: Sequence[str]) -> tuple[int, int] | None:
    """How often and how long an invitation works, in this order; None where it says something else."""
    if len(words) > len(("uses", "hours")) or not all(map(_NUMBER.fullmatch, words)):
        return None
    uses, hours = (int(word) for word in (*words, *(str(INVITE_USES), str(INVITE_HOURS))[len(words) :]))
    return (uses, hours) if 1 <= uses <= MOST_USES and 1 <= hours <= MOST_HOURS else None


def _private(user_id: int) -> Subscription:
    """Somebody's own chat with the bot."""
    return Subscription(0, 0, user_id, 0, user_id, 0)
