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


class HoldsMedia(DeliveryError):
    """The message is no text any more: an edit that seemed to fail has put the media there."""


class Refused(DeliveryError):
    """Telegram does not take this content, however often it is offered."""


class FileTooLarge(Refused):
    """The upload is larger than the server takes."""


class Removed(Refused):
    """It was sent, and something in the chat took it away at once."""


class EmptyUpload(Refused):
    """The server got no bytes, or too few: the copy on this machine is no good."""


class NotAllowed(Refused):
    """The chat does not let the bot send this kind of file; other kinds, and words, may be welcome."""


class BadText(Refused):
    """The words are too long, or their markup is broken; without markup, and cut, they would do."""


class BadButtons(Refused):
    """The server does not take the buttons, perhaps because it is older than they are; without them it would do."""


# What a bad request says of itself, folded to lower case, in the order in which it is looked for.
_BAD_REQUESTS: tuple[tuple[re.Pattern[str], type[DeliveryError]], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        ("message is not modified", Unchanged),
        ("canceled by new edit message request", NotSent),
        ("not enough rights to send (?!text)|chat_send_(?!plain)[a-z]+_forbidden", NotAllowed),
        (
            (
                "chat not found|user is deactivated|chat_id is empty|peer_id_invalid|user_banned_in_channel"
                "|chat_write_forbidden|chat_restricted|chat_send_plain_forbidden|chat_admin_required"
                "|no write access to the chat|not enough rights|need administrator rights"
            ),
            ChatGone,
        ),
        ("message thread not found|topic_closed|topic_deleted", TopicGone),
        ("message to edit not found|message can't be edited|message_id_invalid", TargetGone),
        ("there is no text in the message to edit", HoldsMedia),
        ("file must be non-empty|file is empty", EmptyUpload),
        ("inline.?keyboard|reply.?markup|button|copy_text|callback_data", BadButtons),
        ("can't parse entities|(?:message|caption|text) is too long|_too_long|entity_", BadText),
    )
)

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
    for pattern, meaning in _BAD_REQUESTS:
        if pattern.search(folded):
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
        return Removed(text)
    if "misdirected" in folded or "(421)" in folded:
        return RetryLater("this server does not serve the bot's token", _TOKEN_PAUSE, everywhere=True)
    if "too many requests" in folded:
        seconds = re.search(r"retry after (\d+)", folded)
        return RetryLater(text, float(seconds[1]) if seconds else _GROUP_SEND_FAILED_PAUSE)
    return InDoubt(text)


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return float(after) if isinstance(after, (int, float)) else after.total_seconds()
