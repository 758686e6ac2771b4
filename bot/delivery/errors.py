"""What an error of the Bot API means for a delivery, sorted by what is known of it. Decides nothing itself."""

import re

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)


class DeliveryError(Exception):
    """A call to Telegram did not do what it should; the text is Telegram's own, for the log and the outbox."""


class NotSent(DeliveryError):
    """It certainly did not arrive; it may be tried again."""


class InDoubt(DeliveryError):
    """It may have arrived or not: an edit is repeated, a send is not repeated blindly."""


class RetryLater(DeliveryError):
    """It was refused for now. `after`: seconds. `everywhere`: not only this chat has to wait."""

    def __init__(self, text: str, after: float, *, everywhere: bool = False) -> None:
        super().__init__(text)
        self.after = after
        self.everywhere = everywhere


class Unchanged(DeliveryError):
    """The message looks like this already."""


class ChatGone(DeliveryError):
    """The bot can not write there any more."""


class ChatMoved(DeliveryError):
    """The group has a new id, `chat_id`."""

    def __init__(self, chat_id: int) -> None:
        super().__init__(f"moved to {chat_id}")
        self.chat_id = chat_id


class TopicGone(DeliveryError):
    """The chat is there, the topic is not."""


class TargetGone(DeliveryError):
    """The message that was to be edited is not there, or can not be edited."""


class Refused(DeliveryError):
    """Telegram does not take this content, however often it is offered."""


class FileTooLarge(Refused):
    """The upload is larger than the server takes."""


_CHAT_GONE = ("chat not found", "user is deactivated", "chat_id is empty", "peer_id_invalid")
_TARGET_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message to delete not")
_TOPIC_GONE = ("message thread not found", "topic_closed", "topic_deleted")
_UNCHANGED = ("message is not modified",)
_SUPERSEDED = ("canceled by new edit message request",)

_GROUP_SEND_FAILED_PAUSE = 5.0
_TOKEN_PAUSE = 60.0


def classify(error: Exception) -> DeliveryError:
    """The meaning of what python-telegram-bot raised. What is not recognised is in doubt."""
    if isinstance(error, ChatMigrated):
        return ChatMoved(error.new_chat_id)
    if isinstance(error, RetryAfter):
        return RetryLater(str(error), _seconds(error))
    if isinstance(error, Forbidden):
        return ChatGone(str(error))
    if isinstance(error, InvalidToken):
        return RetryLater("the bot's token is not accepted", _TOKEN_PAUSE, everywhere=True)
    if isinstance(error, BadRequest):
        return _bad_request(str(error))
    if isinstance(error, NetworkError):
        return _network_error(error)
    if isinstance(error, TelegramError):
        return InDoubt(str(error))
    return InDoubt(f"{type(error).__name__}: not an answer of the Bot API")


def _bad_request(text: str) -> DeliveryError:
    folded = text.casefold()
    table: tuple[tuple[tuple[str, ...], type[DeliveryError]], ...] = (
        (_UNCHANGED, Unchanged),
        (_SUPERSEDED, NotSent),
        (_CHAT_GONE, ChatGone),
        (_TOPIC_GONE, TopicGone),
        (_TARGET_GONE, TargetGone),
    )
    for fragments, meaning in table:
        if any(fragment in folded for fragment in fragments):
            return meaning(text)
    if "group send failed" in folded:
        return RetryLater(text, _GROUP_SEND_FAILED_PAUSE)
    return Refused(text)


def _network_error(error: NetworkError) -> DeliveryError:
    text, folded = str(error), str(error).casefold()
    if isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
        return NotSent(text)
    if isinstance(error, TimedOut):
        return NotSent(text) if "not* sent" in folded else InDoubt(text)
    if "too large" in folded or "(413)" in folded:
        return FileTooLarge(text)
    if "immediately deleted" in folded:
        return Refused(text)
    if "too many requests" in folded:
        seconds = re.search(r"retry after (\d+)", folded)
        return RetryLater(text, float(seconds[1]) if seconds else _GROUP_SEND_FAILED_PAUSE)
    return InDoubt(text)


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return float(after) if isinstance(after, (int, float)) else after.total_seconds()
