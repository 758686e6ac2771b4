"""Chats and what stands in them, in memory; knows nothing of HTTP, of methods or of the shape of JSON messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sandbox.entities import Formatted
from sandbox.files import StoredFile
from sandbox.refusal import ApiError, bad_request, forbidden

# What a group may forbid, and Telegram's word for it.
DENIABLE: Mapping[str, str] = MappingProxyType(
    {
        "text": "text messages",
        "photo": "photos",
        "video": "videos",
        "animation": "animations",
        "audio": "music",
        "document": "documents",
    }
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote something; the bot is one of them."""

    id: int
    first_name: str
    is_bot: bool = False
    username: str | None = None
    language_code: str | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """A place. `blocked`: the person blocked the bot, or the group threw it out. `topics`: thread ids of a forum.

    `denied`: what the bot may not send here, of `DENIABLE`.
    """

    id: int
    type: str = "private"
    title: str | None = None
    first_name: str | None = None
    blocked: bool = False
    topics: frozenset[int] = frozenset()
    admins: frozenset[int] = frozenset()
    migrated_to: int | None = None
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Attachment:
    """Media in a message. Geometry in pixels and duration in seconds are as the message states them."""

    kind: str
    file: StoredFile
    width: int = 0
    height: int = 0
    duration: int = 0
    title: str | None = None
    performer: str | None = None
    thumbnail: StoredFile | None = None
    cover: StoredFile | None = None
    spoiler: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is now. `content` is its text, or the caption where there is an attachment."""

    chat_id: int
    message_id: int
    date: int
    sender: Person
    content: Formatted
    attachment: Attachment | None = None
    group_id: str | None = None
    reply_to: int | None = None
    thread_id: int | None = None
    keyboard: Mapping[str, Any] | None = None
    is_editable: bool = True
    is_silent: bool = False
    is_protected: bool = False
    effect_id: str | None = None
    via_bot: Person | None = None
    edited_at: int | None = None
    edits: int = 0
    reactions: tuple[str, ...] = ()


@dataclass(slots=True)
class _Room:
    chat: Chat
    last_id: int = 0
    messages: dict[int, Message] = field(default_factory=dict)
    deleted: list[Message] = field(default_factory=list)


class Chats:
    """Every chat with its messages in order, and Telegram's rules about reaching them.

    `version` counts the changes to what stands in them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.version = 0
        self._clock = clock
        self._rooms: dict[int, _Room] = {}
        self._people: dict[int, Person] = {}

    def put(self, chat: Chat) -> None:
        """Create the chat or change what is known of it."""
        self.version += 1
        if chat.id in self._rooms:
            self._rooms[chat.id].chat = chat
        else:
            self._rooms[chat.id] = _Room(chat)

    def find(self, chat_id: int) -> Chat | None:
        """The chat, None where it does not exist."""
        room = self._rooms.get(chat_id)
        return room.chat if room else None

    def all(self) -> list[Chat]:
        """Every chat, in the order in which they came to be."""
        return [room.chat for room in self._rooms.values()]

    def meet(self, person: Person) -> None:
        """Remember somebody who wrote or pressed."""
        self._people[person.id] = person

    def person(self, user_id: int) -> Person | None:
        """Somebody who wrote before."""
        return self._people.get(user_id)

    def reachable(self, chat_id: Any) -> Chat:
        """The chat where the bot may act; Telegram's complaint otherwise."""
        if chat_id is None or chat_id == "":
            raise bad_request("chat_id is empty")
        chat = self.find(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad_request("Chat not found")
        if chat.migrated_to is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, text, {"migrate_to_chat_id": chat.migrated_to})
        if chat.blocked:
            private = chat.type == "private"
            raise forbidden("bot was blocked by the user" if private else f"bot was kicked from the {chat.type} chat")
        return chat

    def permit(self, chat_id: int, kind: str) -> None:
        """Telegram's complaint where the bot may not send this kind of message."""
        if kind in self._rooms[chat_id].chat.denied:
            raise bad_request(f"Not enough rights to send {DENIABLE[kind]} to the chat")

    def messages(self, chat_id: int) -> list[Message]:
        """What stands in the chat now, in order."""
        room = self._rooms.get(chat_id)
        return list(room.messages.values()) if room else []

    def deleted(self, chat_id: int) -> list[Message]:
        """What stood in the chat once."""
        room = self._rooms.get(chat_id)
        return list(room.deleted) if room else []

    def message(self, chat_id: int, message_id: int) -> Message | None:
        """One message, None where it is not or no longer there."""
        room = self._rooms.get(chat_id)
        return room.messages.get(message_id) if room else None

    def post(self, chat_id: int, sender: Person, content: Formatted, **facts: Any) -> Message:
        """Add a message at the end of an existing chat."""
        room = self._rooms[chat_id]
        room.last_id += 1
        self.version += 1
        message = Message(chat_id, room.last_id, int(self._clock()), sender, content, **facts)
        room.messages[message.message_id] = message
        return message

    def edit(self, message: Message, **changes: Any) -> Message:
        """Replace a message by its next version."""
        self.version += 1
        now = int(self._clock())
        edited = replace(message, edited_at=now, edits=message.edits + 1, **changes)
        self._rooms[message.chat_id].messages[message.message_id] = edited
        return edited

    def react(self, message: Message, reactions: tuple[str, ...]) -> None:
        """Put the bot's reactions on a message; that is no edit."""
        self.version += 1
        self._rooms[message.chat_id].messages[message.message_id] = replace(message, reactions=reactions)

    def delete(self, message: Message) -> None:
        """Take a message out of the chat."""
        self.version += 1
        room = self._rooms[message.chat_id]
        room.deleted.append(room.messages.pop(message.message_id))
