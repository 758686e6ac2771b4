"""Which command answers what: the only place that registers handlers with python-telegram-bot."""

from collections.abc import Callable
from typing import Any

from telegram import Message, Update
from telegram.ext import Application, BaseHandler, CommandHandler, ContextTypes, MessageHandler, TypeHandler, filters

from bot.intake.commands import Ask, Command, Commands
from bot.storage.store import Store

Callback = Callable[[Update, ContextTypes.DEFAULT_TYPE], Any]


def register(
    application: Application[Any, Any, Any, Any, Any, Any], commands: Commands, store: Store, clock: Callable[[], float]
) -> None:
    """Binds every command, and an answer for what is none, to `application`."""

    def inside_transaction(command: Command) -> Callback:
        async def callback(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
            message = update.effective_message
            if message is None or message.from_user is None:
                return
            async with store.transaction() as tx:
                await command(read_message(message), tx, clock())
                await tx.finish_update(update.update_id)

        return callback

    async def finish(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        async with store.transaction() as tx:
            await tx.finish_update(update.update_id)

    table: dict[str, Command] = {
        "start": commands.answering("start"),
        "help": commands.answering("help"),
        "list": commands.answering("list"),
        "track": commands.track,
        "untrack": commands.untrack,
    }
    handlers: list[BaseHandler[Any, Any, Any]] = [
        CommandHandler(name, inside_transaction(command)) for name, command in table.items()
    ]
    # In groups other bots have commands too, and people talk: there only our own commands are answered.
    private = filters.ChatType.PRIVATE
    handlers.append(
        MessageHandler(private & filters.COMMAND, inside_transaction(commands.answering("unknown_command")))
    )
    handlers.append(
        MessageHandler(private & ~filters.StatusUpdate.ALL, inside_transaction(commands.answering("no_command")))
    )
    handlers.append(TypeHandler(Update, finish))
    application.add_handlers(handlers)


def read_message(message: Message) -> Ask:
    """The message as the commands understand it."""
    text = message.text or ""
    _, _, arguments = text.partition(" ") if " " in text else text.partition("\n")
    return Ask(
        chat_id=message.chat_id,
        # A reply in a plain group carries a thread id too, which no topic of the group has.
        thread_id=(message.message_thread_id or 0) if message.is_topic_message else 0,
        user_id=message.from_user.id if message.from_user else 0,
        message_id=message.message_id,
        arguments=arguments,
    )
