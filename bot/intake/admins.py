"""What only the bot's admins may ask."""

from bot.intake.asks import Ask
from bot.intake.commands import Command
from bot.storage.transaction import Transaction


def stats(admins: frozenset[int]) -> Command:
    """`/stats`: how the bot is doing; the numbers are read when the answer goes out."""

    async def answer(ask: Ask, tx: Transaction, now: float) -> None:
        say = "stats" if ask.user_id in admins else "admins_only"
        await tx.reply(ask.origin, {"say": say}, now)

    return answer
