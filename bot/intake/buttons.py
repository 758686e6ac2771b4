"""What each button does: as the commands, inside the transaction that marks the press as handled.

The seal has shown already that the bot put the button into that chat; what it is about is looked up within that chat,
and what only some may do is checked for the person. Every press gets an answer.
"""

from collections.abc import Awaitable, Callable

from bot.intake.asks import Press, number_in
from bot.storage.transaction import Transaction

# Returns what the person sees for a moment: a key of the catalogue's `toast.…`, "" for nothing.
Button = Callable[[Press, Transaction, float], Awaitable[str]]


async def stop(press: Press, tx: Transaction, now: float) -> str:  # noqa: ARG001 - as every button
    """The chat follows the task no longer. Only for whoever tracked it, and for admins of the group."""
    known = await tx.subscription_here(number_in(press.argument), press.chat_id)
    if known is None or known.stopped:
        return "outdated"
    if known.user_id != press.user_id and not press.is_chat_admin:
        return "not_yours"
    await tx.stop(known)
    return "stopped"


async def refresh(press: Press, tx: Transaction, now: float) -> str:  # noqa: ARG001 - as every button
    """The card is drawn anew, and the gateway is asked as soon as it may be. For everybody in the chat."""
    known = await tx.subscription_here(number_in(press.argument), press.chat_id)
    task = await tx.look_again(known) if known else None
    if known is None or task is None:
        return "outdated"
    if known.stopped:
        return "unwatched"
    return "refreshing" if task.ending is None else "ended"
