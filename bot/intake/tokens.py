"""`/token`: the tokens by which programs act for this chat or topic; making, showing and revoking them.

A token is a secret. Nothing here and no row holds it: its text is made when it is sent, and it is sent to one person.
"""

import re
from collections.abc import Callable

from bot.intake.asks import Ask, Press, Turn, number_in
from bot.storage.transaction import Transaction
from bot.tracking.model import Subscription
from bot.tracking.programs import Program, Secrets, digest_of

MOST = 5  # of one chat or topic

_NEW = frozenset({"new", "新", "新建", "新令牌"})
_REVOKE = re.compile(r"(?:revoke|撤销)(?:\s+#?([0-9]{1,18}|all|全部))?")
_ALL = frozenset({"all", "全部"})


class Tokens:
    """The command and its buttons. `new_seed` gives random text; `is_open`: whether programs can reach the bot."""

    def __init__(self, secrets: Secrets, new_seed: Callable[[], str], *, is_open: bool) -> None:
        self._secrets = secrets
        self._new_seed = new_seed
        self._is_open = is_open

    async def token(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/token`: the first token at once, later the panel; `/token new`, `/token revoke 3`, `/token revoke all`."""
        words = ask.arguments.strip().lower()
        revoke = _REVOKE.fullmatch(words)
        if not ask.is_chat_admin:
            await tx.reply(ask.origin, {"say": "not_admin_of_tokens"}, now)
        elif revoke:
            await self._revoke_named(ask, revoke[1] or "", tx, now)
        elif not self._is_open:
            await tx.reply(ask.origin, {"say": "no_programs"}, now)
        elif words in _NEW or not (words or await tx.count_programs(ask.chat_id, ask.thread_id)):
            await self._answer_new(ask, tx, now)
        else:
            await tx.reply(ask.origin, {"say": "tokens"}, now)

    # Buttons

    async def show(self, press: Press, tx: Transaction, now: float) -> str:
        """The panel takes the place of what stands above the button, a token for instance."""
        if not press.is_chat_admin:
            return "not_admin_of_tokens"
        await _show(press, tx, now)
        return ""

    async def make(self, press: Press, tx: Transaction, now: float) -> str:
        """One more token, for whoever pressed."""
        if not press.is_chat_admin:
            return "not_admin_of_tokens"
        if not self._is_open:
            return "no_programs"
        if not await self._make(press, tx, now):
            return "too_many_tokens"
        await _show(press, tx, now)
        return "" if press.is_private else "token_sent"

    async def revoke(self, press: Press, tx: Transaction, now: float) -> str:
        """That token, or with `all` every one of this chat or topic."""
        if not press.is_chat_admin:
            return "not_admin_of_tokens"
        if press.argument == "all":
            was_there = bool(await tx.revoke_all(press.chat_id, press.thread_id))
        else:
            was_there = await tx.revoke(number_in(press.argument), press.chat_id)
        await _show(press, tx, now)
        return "revoked" if was_there else "no_token"

    # Parts of the above

    async def _answer_new(self, ask: Ask, tx: Transaction, now: float) -> None:
        """An anonymous admin has no private chat that is known; a button below the panel tells who it is."""
        if ask.sender_chat_id:
            await tx.reply(ask.origin, {"say": "tokens"}, now)
        elif not await self._make(ask, tx, now):
            await tx.reply(ask.origin, {"say": "too_many_tokens"}, now)
        elif not ask.is_private:
            await tx.reply(ask.origin, {"say": "token_sent"}, now)

    async def _make(self, turn: Turn, tx: Transaction, now: float) -> bool:
        """The token goes to the person alone: what stands in a group is known to all. False: there are too many."""
        if await tx.count_programs(turn.chat_id, turn.thread_id) >= MOST:
            return False
        seed = self._new_seed()
        wish = Program(0, turn.chat_id, turn.thread_id, turn.user_id, seed, now)
        program = await tx.add_program(digest_of(self._secrets.token(seed)), wish)
        to = turn.origin if turn.is_private else Subscription(0, 0, turn.user_id, 0, turn.user_id, 0)
        await tx.reply(to, {"say": "token", "token": str(program.id)}, now)
        return True

    async def _revoke_named(self, ask: Ask, which: str, tx: Transaction, now: float) -> None:
        """Without a number only what can not be mistaken: a chat's one token."""
        count = await tx.count_programs(ask.chat_id, ask.thread_id)
        if which in _ALL or (not which and count == 1):
            was_there = bool(await tx.revoke_all(ask.chat_id, ask.thread_id))
        elif which:
            was_there = await tx.revoke(int(which), ask.chat_id)
        else:
            await tx.reply(ask.origin, {"say": "tokens"}, now)
            return
        await tx.reply(ask.origin, {"say": "revoked" if was_there else "no_token"}, now)


async def _show(press: Press, tx: Transaction, now: float) -> None:
    await tx.reply(press.origin, {"say": "tokens", "panel": str(press.message_id)}, now)
