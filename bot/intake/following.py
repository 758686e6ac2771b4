"""How a chat comes to follow a task, whoever asks for it: a person's command or a program.

Runs inside its caller's transaction and says nothing to anybody; the first card is a row of the outbox.
"""

from dataclasses import dataclass

from bot.intake.asks import Turn
from bot.intake.limits import GROUP_SHARE
from bot.intake.meaning import Reference
from bot.storage.transaction import Transaction
from bot.tracking.gateways import Gateways
from bot.tracking.model import Task


@dataclass(frozen=True, slots=True)
class Followed:
    """What there is to say about it, "" where its card says all; and the task, None where there is none."""

    say: str
    task: Task | None = None


class Following:
    """Bound to the gateways that may be asked. `give_up_after` is in seconds.

    `most_open`: tasks that one person may have watched at the same time.
    """

    def __init__(self, gateways: Gateways, give_up_after: float, most_open: int) -> None:
        self._gateways = gateways
        self._give_up_after = give_up_after
        self._most_open = most_open

    async def follow(self, turn: Turn, reference: Reference, tx: Transaction, now: float) -> Followed:
        """The chat of `turn` follows the task from now on, if it did not and may."""
        task = await self.known_task(turn, reference, tx)
        known = await tx.subscription(task.id, turn.chat_id, turn.thread_id) if task else None
        if task and known and not known.stopped and (task.ending is None or await tx.is_on_its_way(known)):
            return Followed("already", task)
        if not (task and task.succeeded) and await self._has_enough(turn, tx):
            return Followed("too_many_open")
        task = task or await self._new_task(reference, tx, now)
        if task is None:
            return Followed("nobody_to_ask")
        task = await self.revived(task, tx, now)
        await tx.subscribe(task, turn.origin, now)
        return Followed("", task)

    async def known_task(self, turn: Turn, reference: Reference, tx: Transaction) -> Task | None:
        """The task that is tracked under this reference already.

        Where the chat prefers a provider and the reference names none, that one's task goes before the others'.
        """
        preferred = (await tx.choices(turn.chat_id, turn.thread_id)).provider
        if preferred and not reference.provider:
            known = await tx.find_task(reference.task_id, preferred, reference.kind)
            if known and known.is_located:
                return known
        return await tx.find_task(reference.task_id, reference.provider, reference.kind)

    async def revived(self, task: Task, tx: Transaction, now: float) -> Task:
        """The task, polled once more if it had ended without a result."""
        if task.ending is None or task.succeeded:
            return task
        return await tx.watch_again(task, now, self._give_up_after)

    async def _has_enough(self, turn: Turn, tx: Transaction) -> bool:
        """Whether the person, or the group, has as many tasks watched as they may."""
        if await tx.open_tasks_of(turn.user_id) >= self._most_open:
            return True
        return not turn.is_private and await tx.open_tasks_in(turn.chat_id) >= self._most_open * GROUP_SHARE

    async def _new_task(self, reference: Reference, tx: Transaction, now: float) -> Task | None:
        """A task that nobody has tracked under this reference; None if nobody could be asked."""
        if not self._gateways.candidates(reference.provider, reference.kind, reference.task_id):
            return None
        return await tx.add_task(reference.task_id, reference.provider, reference.kind, now, now + self._give_up_after)
