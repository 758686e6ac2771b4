"""What a chat or a topic chooses: `/settings`, `/lang`, and the buttons of the panel. In groups only admins choose."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.intake.asks import Ask, Press
from bot.storage.transaction import Transaction
from bot.text.catalogue import CATALOGUES, language_named
from bot.tracking.choices import FIELDS, Deliver, Notify


def _language(word: str) -> str:
    if word not in CATALOGUES:
        raise ValueError(word)
    return word


def _switch(word: str) -> bool:
    if word not in {"on", "off"}:
        raise ValueError(word)
    return word == "on"


# From a button's word to what is stored. A provider that is gone meanwhile may stand there: it is preferred to nobody.
_READERS: Mapping[str, Callable[[str], str | bool]] = MappingProxyType(
    {
        "language": _language,
        "notify": Notify,
        "deliver": Deliver,
        "spoiler": _switch,
        "protect": _switch,
        "provider": str,
    }
)


async def settings(ask: Ask, tx: Transaction, now: float) -> None:
    """`/settings`: the panel. Everybody may look at it."""
    await tx.reply(ask.origin, {"say": "choices", "page": ""}, now)


async def lang(ask: Ask, tx: Transaction, now: float) -> None:
    """`/lang`: the panel's page of languages; `/lang zh` chooses one, by its code or by a name, and `/lang auto` none.

    The answer comes in the new language.
    """
    word = ask.arguments.strip()
    language = language_named(word)
    if not word:
        facts = {"say": "choices", "page": "language"}
    elif language is None:
        facts = {"say": "unknown_language", "text": word}
    elif not ask.is_chat_admin:
        facts = {"say": "not_admin"}
    else:
        await tx.choose(ask.chat_id, ask.thread_id, "language", language or None)
        facts = {"say": "language" if language else "language_auto"}
    await tx.reply(ask.origin, facts, now)


async def turn(press: Press, tx: Transaction, now: float) -> str:
    """The panel shows another page, the one of the field that is named, or the first one."""
    if not press.is_chat_admin:
        return "not_admin"
    await _show(press, press.argument if press.argument in FIELDS else "", tx, now)
    return ""


async def choose(press: Press, tx: Transaction, now: float) -> str:
    """`field:word`: that is chosen from now on; without a word, nothing is."""
    if not press.is_chat_admin:
        return "not_admin"
    field, _, word = press.argument.partition(":")
    try:
        value = _READERS[field](word) if word else None
    except (KeyError, ValueError):
        return "no_choice"  # made by another version of the bot
    await tx.choose(press.chat_id, press.thread_id, field, value)
    await _show(press, field, tx, now)
    return "chosen"  # the panel may have to wait for its turn


async def _show(press: Press, page: str, tx: Transaction, now: float) -> None:
    await tx.reply(press.origin, {"say": "choices", "page": page, "panel": str(press.message_id)}, now)
