"""What several tests ask of the stand-ins."""

from collections.abc import Awaitable
from typing import Any

import pytest
from telegram import Message
from telegram.error import TelegramError

from sandbox.player import Player

Json = dict[str, Any]


async def last_call(person: Player) -> Json:
    """The newest entry of the log of Bot API calls."""
    call: Json = (await person.ask("calls"))["calls"][-1]
    return call


async def refusal(person: Player, attempt: Awaitable[object]) -> str:
    """Telegram's own words: python-telegram-bot changes their case."""
    with pytest.raises(TelegramError):
        await attempt
    return str((await last_call(person))["answer"]["description"])


async def seen(person: Player, message: Message) -> Json:
    """The message as it stands in the chat."""
    found = [shown for shown in await person.messages() if shown["message_id"] == message.message_id]
    return found[0]
