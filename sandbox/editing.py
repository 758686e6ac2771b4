"""The Bot API methods that change or remove what stands in a chat; know nothing of HTTP."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.chats import Attachment, Message
from sandbox.entities import Formatted
from sandbox.keyboards import Keyboard, only_inline
from sandbox.params import Params
from sandbox.refusal import bad_request
from sandbox.sending import Method, attach, caption_of, text_of
from sandbox.shapes import Json, message_shape
from sandbox.state import State

_NOT_MODIFIED = (
    "Message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_EDITABLE_KINDS = frozenset({"photo", "video", "animation", "document", "audio"})
_INTERCHANGEABLE = frozenset({"photo", "video"})
# fmt: off
_REACTIONS = frozenset({
    "👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩",
    "🤮", "💩", "🙏", "👌", "🕊", "🤡", "🥱", "🥴", "😍", "🐳", "❤\u200d🔥", "🌚", "🌭", "💯",
    "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓", "🍾", "💋", "🖕", "😈", "😴", "😭",
    "🤓", "👻", "👨\u200d💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄",
    "☃", "💅", "🤪", "🗿", "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷\u200d♂",
    "🤷", "🤷\u200d♀", "😡",
})
# fmt: on


async def edit_message_text(state: State, params: Params) -> Json:
    """Text stays text: a media message has none."""
    message = _own_message(state, params)
    content, keyboard = text_of(params), only_inline(params)
    if message.attachment is not None:
        raise bad_request("There is no text in the message to edit")
    return _apply(state, message, content, None, keyboard)


async def edit_message_caption(state: State, params: Params) -> Json:
    """The words under a medium."""
    message = _own_message(state, params)
    content, keyboard = caption_of(params), only_inline(params)
    if message.attachment is None:
        raise bad_request("There is no caption in the message to edit")
    return _apply(state, message, content, message.attachment, keyboard)


async def edit_message_reply_markup(state: State, params: Params) -> Json:
    """Only the buttons."""
    message = _own_message(state, params)
    return _apply(state, message, message.content, message.attachment, only_inline(params))


async def edit_message_media(state: State, params: Params) -> Json:
    """Text or a medium becomes a medium. The message is looked up again, for an upload takes its time."""
    message = _own_message(state, params)
    item = params.mapping("media")
    if item is None or item.get("type") not in _EDITABLE_KINDS:
        raise bad_request("Media type must be one of animation, audio, document, photo, or video")
    _check_album_item(message, str(item["type"]))
    content, keyboard = caption_of(Params(item)), only_inline(params)
    attachment = await attach(state, params, str(item["type"]), item)
    state.chats.permit(message.chat_id, attachment.kind)
    return _apply(state, _own_message(state, params), content, attachment, keyboard)


async def delete_message(state: State, params: Params) -> bool:
    """Any message of a private chat, elsewhere only the bot's own."""
    chat = state.chats.reachable(params.values.get("chat_id"))
    message = state.chats.message(chat.id, params.integer("message_id"))
    if message is None:
        raise bad_request("Message to delete not found")
    if chat.type != "private" and message.sender.id != state.me.id:
        raise bad_request("Message can't be deleted")
    state.chats.delete(message)
    return True


async def delete_messages(state: State, params: Params) -> bool:
    """Several at once; those that are not there are skipped."""
    chat = state.chats.reachable(params.values.get("chat_id"))
    for message_id in params.sequence("message_ids") or []:
        message = state.chats.message(chat.id, int(message_id))
        if message is not None:
            state.chats.delete(message)
    return True


async def set_message_reaction(state: State, params: Params) -> bool:
    """At most one emoji of Telegram's list."""
    chat = state.chats.reachable(params.values.get("chat_id"))
    message = state.chats.message(chat.id, params.integer("message_id"))
    if message is None:
        raise bad_request("Message to react not found")
    emoji = [str(item.get("emoji")).replace("\ufe0f", "") for item in params.sequence("reaction") or []]
    if len(emoji) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if not _REACTIONS.issuperset(emoji):
        raise bad_request("REACTION_INVALID")
    state.chats.react(message, tuple(emoji))
    return True


def _own_message(state: State, params: Params) -> Message:
    if params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = state.chats.reachable(params.values.get("chat_id"))
    message_id = params.integer("message_id")
    if not message_id:
        raise bad_request("Message identifier is not specified")
    message = state.chats.message(chat.id, message_id)
    if message is None:
        raise bad_request("Message to edit not found")
    if message.sender.id != state.me.id or not message.is_editable:
        raise bad_request("Message can't be edited")
    return message


def _check_album_item(message: Message, kind: str) -> None:
    if message.group_id is None or message.attachment is None:
        return
    if kind != message.attachment.kind and not {kind, message.attachment.kind} <= _INTERCHANGEABLE:
        raise bad_request("Can't use the media of the specified type in the album")


def _apply(
    state: State, message: Message, content: Formatted, attachment: Attachment | None, keyboard: Keyboard | None
) -> Json:
    if message.group_id is not None and keyboard is not None:
        raise bad_request("Message can't be edited")
    if (content, keyboard) == (message.content, message.keyboard) and _same(message.attachment, attachment):
        raise bad_request(_NOT_MODIFIED)
    edited = state.chats.edit(message, content=content, attachment=attachment, keyboard=keyboard)
    return message_shape(state.chats, edited)


def _same(one: Attachment | None, other: Attachment | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.kind, one.file.unique_id, one.spoiler) == (other.kind, other.file.unique_id, other.spoiler)


EDITING: Mapping[str, Method] = MappingProxyType(
    {
        "editMessageText": edit_message_text,
        "editMessageCaption": edit_message_caption,
        "editMessageReplyMarkup": edit_message_reply_markup,
        "editMessageMedia": edit_message_media,
        "deleteMessage": delete_message,
        "deleteMessages": delete_messages,
        "setMessageReaction": set_message_reaction,
    }
)
