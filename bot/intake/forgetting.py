"""`/forget`: a question with two buttons, and what they do. In groups only admins may ask and press."""

from bot.intake.asks import Ask, Press, number_in
from bot.storage.transaction import Transaction

# Seconds for which the question may be answered; a button further up in the chat must not erase anything by accident.
OPEN_FOR = 3600


async def ask_back(ask: Ask, tx: Transaction, now: float) -> None:
    """`/forget`: what would go and what stays, and whether it is really meant."""
    if not ask.is_chat_admin:
        await tx.reply(ask.origin, {"say": "not_forgetting"}, now)
        return
    whose = "private" if ask.is_private else "group"
    await tx.reply(ask.origin, {"say": "forget", "whose": whose, "until": f"{now + OPEN_FOR:.0f}"}, now)


async def forget(press: Press, tx: Transaction, now: float) -> str:
    """`<until>`: all of the chat goes, at once. The last thing that is said here is that it did."""
    if not press.is_chat_admin:
        return "not_forgetting"
    if now > number_in(press.argument):
        return "too_late"
    language = (await tx.choices(press.chat_id, press.thread_id)).language or press.language or ""
    await tx.forget_chat(press.chat_id, press.query_id)
    facts = {"say": "forgotten", "panel": str(press.message_id), "speaks": language}
    await tx.reply(press.origin, facts, now)
    return ""


async def keep(press: Press, tx: Transaction, now: float) -> str:
    """It was not meant."""
    if not press.is_chat_admin:
        return "not_forgetting"
    await tx.reply(press.origin, {"say": "kept", "panel": str(press.message_id)}, now)
    return ""
