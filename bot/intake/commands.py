"""What each command does: reads one message, changes what is followed, queues the answer. Knows nothing of Telegram.

A command runs inside the transaction that also marks its update as handled: all of it happens once, or not at all.
Nothing is sent from here; the first card and every answer are rows of the outbox.
"""

from collections.abc import Awaitable, Callable, Iterable

from bot.intake.asks import Ask, Press, number_in
from bot.intake.following import Following
from bot.intake.keys import holds_key
from bot.intake.meaning import Mistake, Reference
from bot.intake.references import MOST, read_references, read_talk
from bot.storage.transaction import Transaction
from bot.tracking.gateways import Gateways
from bot.tracking.model import Subscription

Command = Callable[[Ask, Transaction, float], Awaitable[None]]
Found = tuple[Reference, ...] | Mistake | None


class Commands:
    """The commands, bound to what they may ask for."""

    def __init__(self, gateways: Gateways, following: Following) -> None:
        self._gateways = gateways
        self._following = following

    def answering(self, key: str) -> Command:
        """A command that only says something."""

        async def answer(ask: Ask, tx: Transaction, now: float) -> None:
            await tx.reply(ask.origin, {"say": key}, now)

        return answer

    def helping(self, admins: frozenset[int]) -> Command:
        """`/help`; the bot's own admins also see what only they may do."""

        async def answer(ask: Ask, tx: Transaction, now: float) -> None:
            say = "help help_admins help_more" if ask.user_id in admins else "help help_more"
            await tx.reply(ask.origin, {"say": say}, now)

        return answer

    async def track(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/track` and what may follow it, or a reply: the chat follows all tasks that are named, or none of them."""
        await self._track(ask, read_references(ask.arguments, self._gateways.providers, ask.quoted), tx, now)

    async def talk(self, ask: Ask, tx: Transaction, now: float) -> None:
        """A message without a command: as `/track` where it can only be meant so."""
        found = read_talk(ask.arguments, self._gateways.providers)
        if found is None:
            await _answer(ask, {"say": "no_command"}, tx, now)
        else:
            await self._track(ask, found, tx, now)

    async def untrack(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/untrack`, read as `/track` is: this chat follows them no longer. The tasks themselves are not touched."""

        async def stop(reference: Reference) -> str:
            known = await tx.followed_as(ask.chat_id, ask.thread_id, reference.task_id)
            own = [one for one in known if one.user_id == ask.user_id or ask.is_chat_admin]
            for one in own:
                await tx.stop(one)
            return "untracked" if own else "not_yours" if known else "not_followed"

        found = read_references(ask.arguments, self._gateways.providers, ask.quoted)
        if isinstance(found, tuple):
            # By whatever provider they were named, one ID is stopped once.
            found = tuple({reference.task_id: reference for reference in found}.values())
        await _for_each(ask, found, "usage_untrack", stop, tx, now)

    async def resend(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/resend`, read as `/track` is: results that this chat has had come once more, from Telegram's own copy."""
        found = read_references(ask.arguments, self._gateways.providers, ask.quoted)
        await _for_each(ask, found, "usage_resend", lambda reference: _send_again(ask, reference, tx, now), tx, now)

    async def status(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/status`, read as `/track` is: all that is known about tasks of this chat, a panel for each."""
        panels: list[tuple[Subscription, str]] = []

        async def find(reference: Reference) -> str:
            known = await tx.known_as(ask.chat_id, ask.thread_id, reference.task_id)
            panels.extend((one, reference.task_id) for one in known)
            return "" if known else "not_followed"

        found = read_references(ask.arguments, self._gateways.providers, ask.quoted)
        if isinstance(found, tuple):
            found = tuple({reference.task_id: reference for reference in found}.values())
        await _for_each(ask, found, "usage_status", find, tx, now)
        for one, task_id in panels[:MOST]:
            await tx.reply(ask.origin, _status_of(one, task_id), now)

    async def details(self, press: Press, tx: Transaction, now: float) -> str:
        """The button: the panel as an answer to the card that it hangs below; below a panel, that one anew."""
        number, _, place = press.argument.partition(":")
        known = await tx.subscription_here(number_in(number), press.chat_id)
        task = await tx.task_of(known) if known else None
        if known is None or task is None:
            return "outdated"
        panel = {"panel": str(press.message_id)} if place == "panel" else {}
        await tx.reply(press.origin, {**_status_of(known, task.external_id), **panel}, now)
        return ""

    async def check_again(self, press: Press, tx: Transaction, now: float) -> str:
        """The button: as `/track` for the same ID, on the card that stands there. For everybody in the chat."""
        known = await tx.subscription_here(number_in(press.argument), press.chat_id)
        task = await tx.task_of(known) if known else None
        if known is None or task is None:
            return "outdated"
        if not known.stopped and (task.ending is None or await tx.is_on_its_way(known)):
            return "already_watching"
        if not known.stopped and task.succeeded:
            return "finished"
        await tx.resume(await self._following.revived(task, tx, now), known, now)
        return "watching_again"

    async def _track(self, ask: Ask, found: Found, tx: Transaction, now: float) -> None:
        async def follow(reference: Reference) -> str:
            return (await self._following.follow(ask, reference, tx, now)).say

        await _for_each(ask, found, "usage_track", follow, tx, now)


async def _for_each(
    ask: Ask, found: Found, usage: str, act: Callable[[Reference], Awaitable[str]], tx: Transaction, now: float
) -> None:
    """Does it to every task that was named, and answers with what there is to say of each; else how it is used."""
    if not isinstance(found, tuple):
        await _answer(ask, _facts_of(found, usage), tx, now)
        return
    said = [(await act(reference), reference.task_id) for reference in found]
    await _answer(ask, _gathered(said), tx, now)


async def _send_again(ask: Ask, reference: Reference, tx: Transaction, now: float) -> str:
    """Returns what there is to say about it; "" where the result says all."""
    task = await tx.find_task(reference.task_id, reference.provider, reference.kind)
    known = await tx.subscription(task.id, ask.chat_id, ask.thread_id) if task else None
    if task is None or known is None or (known.stopped and task.ending is None):
        return "not_followed"
    if task.ending is None or await tx.is_on_its_way(known):
        return "not_yet"
    if not task.succeeded:
        return "no_result"
    await tx.resend(task, known, ask.message_id, now)
    return ""


def _status_of(subscription: Subscription, task_id: str) -> dict[str, str]:
    return {"say": "status", "subscription": str(subscription.id), "id": task_id}


async def _answer(ask: Ask, facts: dict[str, str], tx: Transaction, now: float) -> None:
    """One message with all that there is to say; none where that is nothing."""
    says = facts.get("say", "").split()
    if any(holds_key(text) for text in (ask.arguments, *ask.quoted)):
        says.append("key_seen")
    if says:
        await tx.reply(ask.origin, {**facts, "say": " ".join(says)}, now)


def _gathered(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """(key, ID) pairs as the facts of one answer: under each key the IDs that it is said about, a line each."""
    by_key: dict[str, list[str]] = {}
    for key, task_id in said:
        if key:
            by_key.setdefault(key, []).append(task_id)
    return {"say": " ".join(by_key), **{key: "\n".join(task_ids) for key, task_ids in by_key.items()}}


def _facts_of(mistake: Mistake | None, usage: str) -> dict[str, str]:
    return {"say": mistake.say, "text": mistake.text} if mistake else {"say": usage}
