"""The Bot API methods that put a new message into a chat; know nothing of HTTP."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from sandbox.chats import Attachment, Chat
from sandbox.entities import Formatted, finish, from_html, units
from sandbox.keyboards import has_other_markup, inline_keyboard
from sandbox.media_input import receive, thumbnail
from sandbox.params import Params
from sandbox.refusal import bad_request
from sandbox.shapes import Json, message_shape
from sandbox.state import State

Method = Callable[[State, Params], Awaitable[Any]]

MAX_TEXT = 4096
MAX_CAPTION = 1024
_MIN_ALBUM, _MAX_ALBUM = 2, 10
_MIXING = frozenset({"photo", "video"})
_ALBUM_KINDS = _MIXING | {"document", "audio"}


async def send_message(state: State, params: Params) -> Json:
    """Text, which must be there and fit."""
    place = destination(state, params)
    content = text_of(params)
    state.chats.permit(place["chat_id"], "text")
    return message_shape(state.chats, state.chats.post(sender=state.me, content=content, **place))


async def send_media(kind: str, state: State, params: Params) -> Json:
    """SendPhoto, sendVideo, sendAnimation, sendDocument, sendAudio."""
    place = destination(state, params)
    content = caption_of(params)
    value = params.files.get(kind) or params.values.get(kind)
    pictures = {name: params.files.get(name) or params.values.get(name) for name in ("thumbnail", "cover")}
    attachment = await attach(state, params, kind, {**params.values, "media": value, **pictures})
    state.chats.permit(place["chat_id"], attachment.kind)
    message = state.chats.post(sender=state.me, content=content, attachment=attachment, **place)
    return message_shape(state.chats, message)


async def send_media_group(state: State, params: Params) -> list[Json]:
    """An album: all of it or nothing."""
    place = destination(state, params)
    items = params.sequence("media") or []
    _check_album(items)
    contents = [caption_of(Params(item)) for item in items]
    attachments = [await attach(state, params, item["type"], item) for item in items]
    for attachment in attachments:
        state.chats.permit(place["chat_id"], attachment.kind)
    group = str(secrets.randbelow(10**16) + 10**16)
    messages = [
        state.chats.post(sender=state.me, content=content, attachment=attachment, group_id=group, **place)
        for content, attachment in zip(contents, attachments, strict=True)
    ]
    return [message_shape(state.chats, message) for message in messages]


def _check_album(items: list[Any]) -> None:
    if not items:
        raise bad_request("There are no messages to send")
    if len(items) > _MAX_ALBUM:
        raise bad_request("Too many messages to send as an album")
    if len(items) < _MIN_ALBUM:  # the documents say 2 to 10; this one sentence is ours
        raise bad_request("Too few messages to send as an album")
    kinds = {item.get("type") if isinstance(item, dict) else None for item in items}
    if not kinds <= _ALBUM_KINDS:
        raise bad_request("Can't use the media of the specified type in the album")
    if len(kinds) > 1 and not kinds <= _MIXING:
        odd = min(str(kind) for kind in kinds - _MIXING)
        raise bad_request(f"{odd.capitalize()} can't be mixed with other media types")
    if len({bool(item.get("show_caption_above_media")) for item in items}) > 1:
        raise bad_request("Parameter show_caption_above_media must be the same for all messages in the album")


async def attach(state: State, params: Params, kind: str, item: Mapping[str, Any]) -> Attachment:
    """The attachment that an InputMedia, or the parameters of a send method, describe."""
    given = Params(item)
    stored = await receive(state, params, item.get("media"), kind, given)
    preview = await thumbnail(state, params, item.get("thumbnail"))
    # A file that is there already keeps the preview that it came with.
    if preview and not stored.thumbnail:
        stored = state.files.illustrate(stored, preview)
    has_cover = kind == "video" and item.get("cover")
    cover = await receive(state, params, item["cover"], "photo", Params()) if has_cover else None
    shown = "document" if stored.kind == "document" and kind in {"video", "animation"} else kind
    return Attachment(
        shown,
        stored,
        width=stored.width,
        height=stored.height,
        duration=stored.duration,
        title=given.text("title") or None,
        performer=given.text("performer") or None,
        thumbnail=stored.thumbnail,
        cover=cover,
        spoiler=given.flag("has_spoiler"),
    )


def destination(state: State, params: Params) -> dict[str, Any]:
    """Where a new message goes and what it carries: checked keyword arguments for `Chats.post`."""
    chat = state.chats.reachable(params.values.get("chat_id"))
    thread_id = params.integer("message_thread_id") or None
    if thread_id is not None and thread_id not in chat.topics:
        raise bad_request("Message thread not found")
    return {
        "chat_id": chat.id,
        "thread_id": thread_id,
        "reply_to": _replied(state, chat, params),
        "keyboard": inline_keyboard(params),
        "is_editable": not has_other_markup(params),
        "is_silent": params.flag("disable_notification"),
        "is_protected": params.flag("protect_content"),
        "effect_id": _effect(chat, params),
    }


def _effect(chat: Chat, params: Params) -> str | None:
    effect = params.text("message_effect_id") or None
    if effect is not None and (chat.type != "private" or not effect.isdigit()):
        raise bad_request("EFFECT_ID_INVALID")
    return effect


def _replied(state: State, chat: Chat, params: Params) -> int | None:
    reply = params.mapping("reply_parameters") or {
        "message_id": params.integer("reply_to_message_id"),
        "allow_sending_without_reply": params.flag("allow_sending_without_reply"),
    }
    wanted = Params(reply).integer("message_id")
    if not wanted:
        return None
    if state.chats.message(chat.id, wanted) is not None:
        return wanted
    if not Params(reply).flag("allow_sending_without_reply"):
        raise bad_request("Message to be replied not found")
    return None


def text_of(params: Params) -> Formatted:
    """The checked `text` of a message."""
    text = params.text("text")
    if not text:
        raise bad_request("Message text is empty")
    content = _formatted(text, params, "entities")
    if not content.text:
        raise bad_request("Text must be non-empty")
    if units(content.text) > MAX_TEXT:
        raise bad_request("Message is too long")
    return content


def caption_of(params: Params) -> Formatted:
    """The checked `caption`, which may be empty."""
    content = _formatted(params.text("caption"), params, "caption_entities")
    if units(content.text) > MAX_CAPTION:
        raise bad_request("Message caption is too long")
    return content


def _formatted(text: str, params: Params, entities: str) -> Formatted:
    match params.text("parse_mode").lower():
        case "html":
            return finish(from_html(text))
        case "":
            return finish(Formatted(text, tuple(params.sequence(entities) or ())))
        case _:
            raise bad_request("Unsupported parse_mode")


SENDING: Mapping[str, Method] = MappingProxyType(
    {
        "sendMessage": send_message,
        "sendPhoto": partial(send_media, "photo"),
        "sendVideo": partial(send_media, "video"),
        "sendAnimation": partial(send_media, "animation"),
        "sendDocument": partial(send_media, "document"),
        "sendAudio": partial(send_media, "audio"),
        "sendMediaGroup": send_media_group,
    }
)
