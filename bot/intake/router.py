"""Which command and which button is answered by what: the only place that registers handlers with the library."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from telegram import Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, TypeHandler, filters

from bot.intake import admins, buttons, forgetting, lists, options
from bot.intake.asks import Ask, Press, Turn, read_message, read_press
from bot.intake.commands import Command, Commands
from bot.intake.doors import Doors
from bot.intake.rights import Rights
from bot.intake.tokens import Tokens
from bot.storage.store import Store
from bot.storage.transaction import Transaction
from bot.tracking.measures import COMMANDS, PRESSES
from bot.tracking.seal import Seal

# What only some people in a group may do: before these, Telegram is asked who the person is there.
_PRIVILEGED = frozenset(
    {"untrack", "stop", "lang", "choose", "choices", "forget", "keep"} | {"token", "tokens", "newtoken", "revoke"}
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What handling an update takes. `clock` gives epoch seconds, `admins` are the bot's own."""

    store: Store
    commands: Commands
    doors: Doors
    tokens: Tokens
    rights: Rights
    seal: Seal
    clock: Callable[[], float]
    admins: frozenset[int]


class Router:
    """Hands each update to the one that answers it, in one transaction with the mark that it is handled."""

    def __init__(self, desk: Desk) -> None:
        commands, doors = desk.commands, desk.doors
        self._desk = desk
        self._commands: dict[str, Command] = {
            "start": doors.start,
            "help": commands.helping(desk.admins),
            "list": lists.show,
            "ls": lists.show,
            "track": commands.track,
            "t": commands.track,
            "untrack": commands.untrack,
            "resend": commands.resend,
            "status": commands.status,
            "settings": options.settings,
            "lang": options.lang,
            "forget": forgetting.ask_back,
            "token": desk.tokens.token,
            "stats": admins.stats(desk.admins),
            "allow": doors.allow,
            "deny": doors.deny,
            "invite": doors.invite,
        }
        self._buttons: dict[str, buttons.Button] = {
            "refresh": buttons.refresh,
            "stop": buttons.stop,
            "again": commands.check_again,
            "details": commands.details,
            "list": lists.turn,
            "choose": options.choose,
            "choices": options.turn,
            "forget": forgetting.forget,
            "keep": forgetting.keep,
            "tokens": desk.tokens.show,
            "newtoken": desk.tokens.make,
            "revoke": desk.tokens.revoke,
            "ask": doors.ask,
            "admit": doors.admit,
            "deny": doors.turn_down,
        }
        self._unknown = commands.answering("unknown_command")

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Binds everything to `application`."""
        application.add_handler(MessageHandler(~filters.StatusUpdate.ALL, self._answer))
        application.add_handler(CallbackQueryHandler(self._answer_press))
        application.add_handler(TypeHandler(Update, self._pass_over))

    async def _answer(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        if message is None:
            return
        ask = read_message(message)
        ask = replace(ask, is_chat_admin=await self._decides(ask, ask.command))
        command = self._command_for(ask)
        async with self._desk.store.transaction() as tx:
            if command:
                await command(ask, tx, self._desk.clock())
            await tx.finish_update(update.update_id)
        name = ask.command if ask.command in self._commands else "unknown" if ask.command else "none"
        self._desk.store.tally.add(COMMANDS, name)

    def _command_for(self, ask: Ask) -> Command | None:
        """In groups other bots have commands too, and people talk: there only our own commands are answered."""
        command = self._commands.get(ask.command)
        if command or not ask.is_private:
            return command
        return self._unknown if ask.command else self._desk.commands.talk

    async def _answer_press(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        press = read_press(update.callback_query, self._desk.seal) if update.callback_query else None
        if press:
            press = replace(press, is_chat_admin=await self._decides(press, press.verb))
        async with self._desk.store.transaction() as tx:
            if press:
                await self._press(press, tx)
            await tx.finish_update(update.update_id)
        name = press.verb if press and press.verb in self._buttons else "unknown"
        self._desk.store.tally.add(PRESSES, name)

    async def _press(self, press: Press, tx: Transaction) -> None:
        button, now = self._buttons.get(press.verb), self._desk.clock()
        say = await button(press, tx, now) if button else "outdated"
        await tx.toast(press.chat_id, press.query_id, say, now)

    async def _pass_over(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        async with self._desk.store.transaction() as tx:
            await tx.finish_update(update.update_id)

    async def _decides(self, turn: Turn, what: str) -> bool:
        return await self._desk.rights.decides_for(turn) if what in _PRIVILEGED else turn.is_chat_admin
