"""Chats, people and messages written as the Bot API writes them; pure."""

from typing import Any

from sandbox.chats import Attachment, Chat, Chats, Message, Person
from sandbox.files import StoredFile

Json = dict[str, Any]

_PHOTO_SIDES = (90, 320, 800, 1280)


def without_blanks(shape: Json) -> Json:
    """Telegram leaves a field out rather than writing null, false or an empty list."""
    return {name: value for name, value in shape.items() if value not in (None, False, [], ())}


def person_shape(person: Person) -> Json:
    """A User."""
    return {
        "id": person.id,
        "is_bot": person.is_bot,
        "first_name": person.first_name,
        **without_blanks({"username": person.username, "language_code": person.language_code}),
    }


def chat_shape(chat: Chat) -> Json:
    """A Chat."""
    names = {"title": chat.title, "first_name": chat.first_name, "is_forum": bool(chat.topics)}
    return {"id": chat.id, "type": chat.type, **without_blanks(names)}


def file_shape(stored: StoredFile) -> Json:
    """What every media object starts with."""
    return {"file_id": stored.file_id, "file_unique_id": stored.unique_id, "file_size": stored.size}


def message_shape(chats: Chats, message: Message, *, with_reply: bool = True) -> Json:
    """A Message; the message it answers is included one level deep."""
    chat = chats.find(message.chat_id)
    assert chat is not None, "a message stands in a chat"  # noqa: S101 - for the type checker
    shape = {
        "message_id": message.message_id,
        "from": person_shape(message.sender),
        "chat": chat_shape(chat),
        "date": message.date,
    }
    replied = chats.message(message.chat_id, message.reply_to) if with_reply and message.reply_to else None
    extra = {
        "edit_date": message.edited_at,
        "message_thread_id": message.thread_id,
        "is_topic_message": message.thread_id is not None,
        "media_group_id": message.group_id,
        "has_protected_content": message.is_protected,
        "effect_id": message.effect_id,
        "via_bot": person_shape(message.via_bot) if message.via_bot else None,
        "reply_to_message": message_shape(chats, replied, with_reply=False) if replied else None,
        "reply_markup": dict(message.keyboard) if message.keyboard else None,
    }
    return {**shape, **without_blanks(extra), **_content_shape(message)}


def _content_shape(message: Message) -> Json:
    entities = [dict(entity) for entity in message.content.entities]
    if message.attachment is None:
        return {"text": message.content.text, **without_blanks({"entities": entities})}
    caption = {"caption": message.content.text or None, "caption_entities": entities}
    spoiler = {"has_media_spoiler": message.attachment.spoiler}
    return {**_attachment_shape(message.attachment), **without_blanks({**caption, **spoiler})}


def _attachment_shape(attachment: Attachment) -> Json:
    match attachment.kind:
        case "photo":
            return {"photo": photo_sizes(attachment.file)}
        case "video":
            cover = photo_sizes(attachment.cover) if attachment.cover else None
            return {"video": {**_moving(attachment), **without_blanks({"cover": cover})}}
        case "animation":
            return {"animation": _moving(attachment), "document": _document(attachment)}
        case "audio":
            facts = {"title": attachment.title, "performer": attachment.performer}
            return {"audio": {**_document(attachment), "duration": attachment.duration, **without_blanks(facts)}}
        case _:
            return {"document": _document(attachment)}


def _document(attachment: Attachment) -> Json:
    stored = attachment.file
    thumbnail = photo_sizes(attachment.thumbnail)[-1] if attachment.thumbnail else None
    facts = {"file_name": stored.name, "mime_type": stored.mime, "thumbnail": thumbnail}
    return {**file_shape(stored), **without_blanks(facts)}


def _moving(attachment: Attachment) -> Json:
    geometry = {"width": attachment.width, "height": attachment.height, "duration": attachment.duration}
    return {**_document(attachment), **geometry}


def photo_sizes(stored: StoredFile) -> list[Json]:
    """The scaled copies and, last, the picture itself. All of them have the file's own id here."""
    longest = max(stored.width, stored.height, 1)
    sizes = [
        {
            "file_id": stored.file_id,
            "file_unique_id": f"{stored.unique_id}{side}",
            "width": max(1, stored.width * side // longest),
            "height": max(1, stored.height * side // longest),
        }
        for side in _PHOTO_SIDES
        if side < longest
    ]
    return [*sizes, {**file_shape(stored), "width": stored.width, "height": stored.height}]
