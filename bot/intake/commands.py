"""What each command does: reads one message, changes what is followed, queues the answer. Knows nothing of Telegram.

A command runs inside the transaction that also marks its update as handled: all of it happens once, or not at all.
Nothing is sent from here; the first card and every answer are rows of the outbox.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.intake.references import Mistake, Reference, read_reference
from bot.storage.transaction import Transaction
from bot.tracking.gateways import Gateways
from bot.tracking.model import Subscription, Task


@dataclass(frozen=True, slots=True)
class Ask:
    """One message to the bot: where it came from, its command and what followed it.

    `thread_id` 0 is no topic, `command` "" is no command, `addressee` "" is no bot in particular.
    """

    chat_id: int
    thread_id: int
    user_id: int
    message_id: int
    command: str = ""
    addressee: str = ""
    arguments: str = ""

    @property
    def origin(self) -> Subscription:
        """The place an answer goes to, and the wish that a subscription is made from."""
        return Subscription(0, 0, self.chat_id, self.thread_id, self.user_id, self.message_id)


Command = Callable[[Ask, Transaction, float], Awaitable[None]]


class Commands:
    """The commands, bound to what they may ask for. `give_up_after` is in seconds."""

    def __init__(self, gateways: Gateways, give_up_after: float) -> None:
        self._gateways = gateways
        self._give_up_after = give_up_after

    def answering(self, key: str) -> Command:
        """A command that only says something."""

        async def answer(ask: Ask, tx: Transaction, now: float) -> None:
            await tx.reply(ask.origin, {"say": key}, now)

        return answer

    async def track(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/track ID [provider] [video|image]`: the chat follows the task from now on."""
        reference = read_reference(ask.arguments, self._gateways.names)
        if isinstance(reference, Reference):
            await self._follow(ask, reference, tx, now)
        else:
            await tx.reply(ask.origin, _answer_to(reference, "usage_track"), now)

    async def untrack(self, ask: Ask, tx: Transaction, now: float) -> None:
        """`/untrack ID`: this chat follows it no longer. The task itself is not touched."""
        reference = read_reference(ask.arguments, self._gateways.names)
        if not isinstance(reference, Reference):
            await tx.reply(ask.origin, _answer_to(reference, "usage_untrack"), now)
            return
        stopped = await tx.stop_following(ask.chat_id, ask.thread_id, reference.task_id)
        say = "untracked" if stopped else "not_followed"
        await tx.reply(ask.origin, {"say": say, "id": reference.task_id}, now)

    async def _follow(self, ask: Ask, reference: Reference, tx: Transaction, now: float) -> None:
        task = await self._task_for(reference, tx, now)
        if task is None:
            await tx.reply(ask.origin, {"say": "nobody_to_ask"}, now)
            return
        known = await tx.subscription(task.id, ask.chat_id, ask.thread_id)
        if known and not known.stopped and (task.ending is None or await tx.is_on_its_way(known)):
            await tx.reply(ask.origin, {"say": "already", "id": reference.task_id}, now)
            return
        if task.ending is not None and not task.succeeded:
            task = await tx.watch_again(task, now, self._give_up_after)
        await tx.subscribe(task, ask.origin, now)

    async def _task_for(self, reference: Reference, tx: Transaction, now: float) -> Task | None:
        """The task that is tracked under this reference already, else a new one; None if nobody could be asked."""
        known = await tx.find_task(reference.task_id, reference.provider, reference.kind)
        if known:
            return known
        if not self._gateways.candidates(reference.provider, reference.kind):
            return None
        return await tx.add_task(reference.task_id, reference.provider, reference.kind, now, now + self._give_up_after)


def _answer_to(mistake: Mistake | None, usage: str) -> dict[str, str]:
    return {"say": mistake.say, "text": mistake.text} if mistake else {"say": usage}
