"""What is written down about a row of the outbox that did not get through, each as a change to be made."""

from collections.abc import Awaitable, Callable

from bot.storage.transaction import Transaction
from bot.tracking.model import Delivery, OutboxState

Verdict = Callable[[Transaction, Delivery], Awaitable[None]]


def postpone(state: OutboxState, not_before: float, reason: str, *, failed: bool = True) -> Verdict:
    """It is tried again then, in that state; `failed`: the attempt counts."""

    async def verdict(tx: Transaction, row: Delivery) -> None:
        await tx.postpone(row.id, state, not_before, reason, failed=failed)

    return verdict


def hold_off(not_before: float, reason: str, pauses: dict[int, float]) -> Verdict:
    """Telegram asks for it; `pauses` are its chats, and until when."""

    async def verdict(tx: Transaction, row: Delivery) -> None:
        await tx.postpone(row.id, OutboxState.PENDING, not_before, reason, failed=False)
        await tx.keep_pauses(pauses)

    return verdict


def bury(reason: str) -> Verdict:
    """It is never tried again."""

    async def verdict(tx: Transaction, row: Delivery) -> None:
        await tx.bury(row.id, reason)

    return verdict


def close_chat(reason: str) -> Verdict:
    """Nothing goes to that chat any more."""

    async def verdict(tx: Transaction, row: Delivery) -> None:
        await tx.close_chat(row.chat_id, reason)

    return verdict


def move_chat(new: int) -> Verdict:
    """The chat has another id now, and everything about it goes there."""

    async def verdict(tx: Transaction, row: Delivery) -> None:
        await tx.postpone(row.id, OutboxState.PENDING, 0.0, f"the chat moved to {new}")
        await tx.move_chat(row.chat_id, new)

    return verdict


async def leave_topic(tx: Transaction, row: Delivery) -> None:
    """The topic is gone; its chat is not."""
    await tx.postpone(row.id, OutboxState.PENDING, 0.0, "the topic is gone")
    await tx.leave_topic(row.chat_id, row.thread_id)


async def start_anew(tx: Transaction, row: Delivery) -> None:
    """What stood there for it is gone: it is sent as if for the first time."""
    await tx.start_anew(row)
