"""The Bot API methods about the bot itself, its updates, its commands and the chats that it knows."""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from sandbox.chats import Chat
from sandbox.files import MAX_DOWNLOAD
from sandbox.params import Params
from sandbox.refusal import CONFLICT, ApiError, bad_request
from sandbox.sending import Method
from sandbox.shapes import Json, chat_shape, person_shape
from sandbox.state import State
from sandbox.webhook import Target

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_MAX_SECRET = 256
_MAX_COMMANDS = 100
_MAX_DESCRIPTION = 256
_MAX_ANSWER = 200
_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
_SCOPES = frozenset(
    {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    }
)
_CREATOR = MappingProxyType({"status": "creator", "is_anonymous": False})


async def get_me(state: State, _params: Params) -> Json:
    """The bot's own account; it reads every group message."""
    abilities = {"can_join_groups": True, "can_read_all_group_messages": True, "supports_inline_queries": True}
    return {**person_shape(state.me), **abilities, "can_connect_to_business": False, "has_main_web_app": False}


async def get_updates(state: State, params: Params) -> list[Any]:
    """The long poll."""
    if state.webhook.target.url:
        text = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        raise ApiError(CONFLICT, f"Conflict: {text}")
    state.updates.allow(params.sequence("allowed_updates"))
    return await state.updates.get(params.integer("offset"), params.integer("limit", 100), params.integer("timeout"))


async def set_webhook(state: State, params: Params) -> bool:
    """From now on updates are handed over there, those that wait included. Only a local server takes http."""
    target = Target(params.text("url"), params.text("secret_token"), params.integer("max_connections", 40))
    if target.url and not target.url.startswith(("https://", "http://") if state.local else "https://"):
        raise bad_request("Bad webhook: An HTTPS URL must be provided for webhook")
    if len(target.secret) > _MAX_SECRET:
        raise bad_request("Secret token is too long")
    if not _SECRET.fullmatch(target.secret):
        raise bad_request("Secret token contains unallowed characters")
    return _change_webhook(state, params, target if target.url else Target())


async def delete_webhook(state: State, params: Params) -> bool:
    """Back to the long poll."""
    return _change_webhook(state, params, Target())


def _change_webhook(state: State, params: Params, target: Target) -> bool:
    if target.url:
        state.updates.cut()
    state.updates.allow(params.sequence("allowed_updates"))
    if params.flag("drop_pending_updates"):
        state.updates.drop()
    state.webhook.aim(target)
    return True


async def get_webhook_info(state: State, _params: Params) -> Json:
    """What setWebhook left behind, and how it goes."""
    info = {**state.webhook.info(), "pending_update_count": state.updates.pending}
    return {**info, **({"allowed_updates": state.updates.allowed} if state.updates.allowed else {})}


async def send_chat_action(state: State, params: Params) -> bool:
    """Kept for /sim/ to see."""
    chat = state.chats.reachable(params.values.get("chat_id"))
    if params.text("action") not in _ACTIONS:
        raise bad_request("Wrong parameter action in request")
    state.actions.append({"chat_id": chat.id, "action": params.text("action"), "time": state.clock()})
    return True


async def answer_callback_query(state: State, params: Params) -> bool:
    """Within 150 seconds of the press."""
    query_id = params.text("callback_query_id")
    if not state.updates.is_open(query_id):
        raise bad_request("Query is too old and response timeout expired or query ID is invalid")
    text = params.text("text")
    if len(text) > _MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    state.popups.append({"callback_query_id": query_id, "text": text, "show_alert": params.flag("show_alert")})
    return True


async def set_my_commands(state: State, params: Params) -> bool:
    """One list per scope and language."""
    commands = params.sequence("commands") or []
    if len(commands) > _MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check_command(command)
    state.commands[_shelf(state, params)] = commands
    return True


def _check_command(command: Any) -> None:
    name, description = (str(command.get(key, "")) for key in ("command", "description"))
    if not _COMMAND.fullmatch(name.removeprefix("/")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= _MAX_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")


async def get_my_commands(state: State, params: Params) -> list[Any]:
    """What setMyCommands left on exactly that shelf."""
    return state.commands.get(_shelf(state, params), [])


def menu_of(state: State, chat: Chat, user_id: int, language: str) -> list[Any]:
    """The commands that a client offers to a person there: of the narrowest scope that has any, best in their words."""
    here, decides = f"/{chat.id}", user_id in chat.admins
    if chat.type == "private":
        scopes = [f"chat{here}", "all_private_chats", "default"]
    else:
        scopes = [f"chat_member{here}/{user_id}", *([f"chat_administrators{here}"] if decides else []), f"chat{here}"]
        scopes += [*(["all_chat_administrators"] if decides else []), "all_group_chats", "default"]
    shelves = [state.commands.get((scope, spoken)) for scope in scopes for spoken in (language, "")]
    return next((commands for commands in shelves if commands), [])


async def delete_my_commands(state: State, params: Params) -> bool:
    """An empty shelf is no error."""
    state.commands.pop(_shelf(state, params), None)
    return True


def _shelf(state: State, params: Params) -> tuple[str, str]:
    scope = params.mapping("scope") or {"type": "default"}
    if scope.get("type") not in _SCOPES:
        raise bad_request("Can't parse BotCommandScope: unsupported scope type specified")
    language = params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("Invalid language code specified")
    if "chat_id" in scope:
        state.chats.reachable(scope["chat_id"])
    return "/".join(str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope), language


async def _set_text(name: str, state: State, params: Params) -> bool:
    state.texts[name, params.text("language_code")] = params.text(name)
    return True


async def _get_text(name: str, state: State, params: Params) -> Json:
    return {name: state.texts.get((name, params.text("language_code")), "")}


async def _set_menu_button(_state: State, params: Params) -> bool:
    params.mapping("menu_button")
    return True


async def _get_menu_button(_state: State, _params: Params) -> Json:
    return {"type": "commands"}


async def get_chat(state: State, params: Params) -> Json:
    """A ChatFullInfo with what must be in it."""
    chat = state.chats.reachable(params.values.get("chat_id"))
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
    return {**chat_shape(chat), **full}


async def get_chat_member(state: State, params: Params) -> Json:
    """An admin counts as the creator; everybody who ever wrote is a member."""
    chat = state.chats.reachable(params.values.get("chat_id"))
    user_id = params.integer("user_id")
    person = state.me if user_id == state.me.id else state.chats.person(user_id)
    if person is None:
        raise bad_request("Member not found")
    if user_id in chat.admins:
        return {**_CREATOR, "user": person_shape(person)}
    return {"status": "member", "user": person_shape(person)}


async def get_file(state: State, params: Params) -> Json:
    """Where to download a file of up to 20 MB; in local mode, where any file lies."""
    stored = state.files.find(params.text("file_id"))
    if stored.size > MAX_DOWNLOAD and not state.local:
        raise bad_request("File is too big")
    ids = {"file_id": stored.file_id, "file_unique_id": stored.unique_id}
    return {**ids, "file_size": stored.size, "file_path": str(stored.path) if state.local else stored.remote_path}


_TEXTS = MappingProxyType({"Name": "name", "Description": "description", "ShortDescription": "short_description"})

ACCOUNT: Mapping[str, Method] = MappingProxyType(
    {
        "getMe": get_me,
        "getUpdates": get_updates,
        "setWebhook": set_webhook,
        "deleteWebhook": delete_webhook,
        "getWebhookInfo": get_webhook_info,
        "sendChatAction": send_chat_action,
        "answerCallbackQuery": answer_callback_query,
        "setMyCommands": set_my_commands,
        "getMyCommands": get_my_commands,
        "deleteMyCommands": delete_my_commands,
        "setChatMenuButton": _set_menu_button,
        "getChatMenuButton": _get_menu_button,
        "getChat": get_chat,
        "getChatMember": get_chat_member,
        "getFile": get_file,
        **{f"setMy{suffix}": partial(_set_text, name) for suffix, name in _TEXTS.items()},
        **{f"getMy{suffix}": partial(_get_text, name) for suffix, name in _TEXTS.items()},
    }
)
