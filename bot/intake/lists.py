"""`/list`, and the buttons that turn its pages: both only say which page is wanted; it is made when it is sent."""

from bot.intake.asks import Ask, Press
from bot.storage.transaction import Transaction
from bot.tracking.lists import Which

# What people may write behind the command.
_WORDS = {
    "open": Which.OPEN,
    "running": Which.OPEN,
    "进行中": Which.OPEN,
    "未完成": Which.OPEN,
    "done": Which.DONE,
    "完成": Which.DONE,
    "已完成": Which.DONE,
    "failed": Which.FAILED,
    "失败": Which.FAILED,
}
_BY_NAME = {str(which): which for which in Which}


async def show(ask: Ask, tx: Transaction, now: float) -> None:
    """`/list` and perhaps a word; one that says nothing about tasks means all of them."""
    word = ask.arguments.strip().lower()
    await tx.reply(ask.origin, _facts(_WORDS.get(word, Which.ALL), "1"), now)


async def turn(press: Press, tx: Transaction, now: float) -> str:
    """`list:<which>:<page>`: the list above the button shows that page. The bot made the data, so it can be read."""
    which, _, page = press.argument.partition(":")
    await tx.reply(press.origin, {**_facts(_BY_NAME[which], page), "panel": str(press.message_id)}, now)
    return ""


def _facts(which: Which, page: str) -> dict[str, str]:
    return {"say": "list", "which": which, "page": page}
