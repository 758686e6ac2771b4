"""Which command answers what: the only place that registers handlers with python-telegram-bot."""

import re
from collections.abc import Callable
from typing import Any

from telegram import Message, MessageEntity, Update
from telegram.constants import ChatType
from telegram.ext import Application, ContextTypes, MessageHandler, TypeHandler, filters

from bot.intake.commands import Ask, Command, Commands
from bot.storage.store import Store

_COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_SET_APART = frozenset({MessageEntity.CODE, MessageEntity.PRE})


def register(
    application: Application[Any, Any, Any, Any, Any, Any],
    commands: Commands,
    store: Store,
    clock: Callable[[], float],
) -> None:
    """Binds every command, and an answer for what is none, to `application`."""
    table: dict[str, Command] = {
        "start": commands.answering("start"),
        "help": commands.answering("help"),
        "list": commands.answering("list"),
        "track": commands.track,
        "untrack": commands.untrack,
        "resend": commands.resend,
    }
    unknown = commands.answering("unknown_command")

    async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        if message is None:
            return
        ask = read_message(message)
        command = table.get(ask.command)
        if command is None and message.chat.type == ChatType.PRIVATE:
            # In groups other bots have commands too, and people talk: there only our own commands are answered.
            command = unknown if ask.command else commands.talk
        async with store.transaction() as tx:
            if command:
                await command(ask, tx, clock())
            await tx.finish_update(update.update_id)

    async def pass_over(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        async with store.transaction() as tx:
            await tx.finish_update(update.update_id)

    application.add_handler(MessageHandler(~filters.StatusUpdate.ALL, answer))
    application.add_handler(TypeHandler(Update, pass_over))


def read_message(message: Message) -> Ask:
    """The message as the commands understand it; the caption of a file is its text."""
    text = message.text or message.caption or ""
    found = _COMMAND.fullmatch(text.strip())
    command, addressee, arguments = found.groups(default="") if found else ("", "", text)
    return Ask(
        chat_id=message.chat_id,
        # A reply in a plain group carries a thread id too, which no topic of the group has.
        thread_id=(message.message_thread_id or 0) if message.is_topic_message else 0,
        user_id=message.from_user.id if message.from_user else 0,
        message_id=message.message_id,
        command=command.lower(),
        addressee=addressee.lower(),
        arguments=arguments,
        quoted=_quoted(message),
    )


def _quoted(message: Message) -> tuple[str, ...]:
    """What the message replies to: first what was picked out of it, last all of it."""
    parts = [message.quote.text] if message.quote else []
    replied = message.reply_to_message
    # Every message in a topic is formally a reply to the one that opened it.
    if replied and not replied.forum_topic_created:
        entities = {**replied.parse_entities(), **replied.parse_caption_entities()}
        if replied.from_user and replied.from_user.is_bot:
            # Bots set IDs apart from the names of models beside them; this one does.
            parts.append("\n".join(text for entity, text in entities.items() if entity.type in _SET_APART))
        links = [entity.url for entity in entities if entity.url]
        parts.append("\n".join([replied.text or replied.caption or "", *links]))
    return tuple(parts)
