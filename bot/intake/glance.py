"""A first look at an update as it came, before the library makes objects of it: who speaks, and where. Pure.

Making the objects is nine tenths of what an update costs, and most of a flood is dropped.
"""

from dataclasses import dataclass
from typing import Any

from bot.tracking.model import Subscription

Json = dict[str, Any]

_NOTHING: Json = {}


@dataclass(frozen=True, slots=True)
class Glance:
    """`kind` is Telegram's word for the update. What it does not have is 0, "" or None; `said_at` is an epoch second.

    `query_id` is a press's, for its answer; `via` the name of the bot by way of which something is said, folded.
    """

    kind: str
    user_id: int
    language_code: str | None
    chat_id: int
    is_private: bool
    origin: Subscription
    text: str
    said_at: float
    via: str
    query_id: str


def glance(update: Json) -> Glance:
    """Of what looks like nothing that Telegram sends, nothing is seen."""
    kind = next((name for name in update if name != "update_id"), "")
    part = _object(update, kind)
    message = part if "chat" in part else _object(part, "message")
    sender, chat = _object(part, "from"), _object(message, "chat")
    user_id, chat_id = _number(sender, "id"), _number(chat, "id")
    thread_id = _number(message, "message_thread_id") if message.get("is_topic_message") else 0
    return Glance(
        kind=kind,
        user_id=user_id,
        language_code=sender.get("language_code"),
        chat_id=chat_id,
        is_private=chat.get("type") == "private",
        origin=Subscription(0, 0, chat_id, thread_id, user_id, _number(message, "message_id")),
        text=str(part.get("text") or part.get("caption") or ""),
        said_at=_number(part, "date"),
        via=str(_object(part, "via_bot").get("username", "")).lower(),
        query_id=str(part.get("id", "")),
    )


def _object(body: Json, name: str) -> Json:
    found = body.get(name)
    return found if isinstance(found, dict) else _NOTHING


def _number(body: Json, name: str) -> int:
    found = body.get(name)
    return found if isinstance(found, int) else 0
