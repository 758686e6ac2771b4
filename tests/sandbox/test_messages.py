from html import escape
from typing import Any

import aiohttp
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputMediaVideo,
    MenuButtonCommands,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import EndPointNotFound, InvalidToken

from sandbox.player import Player
from sandbox.servers import PERSON, TOKEN, Origins
from tests.sandbox.asking import last_call, refusal, seen


def keyboard(**button: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Refresh", **button)]])


REFRESH = keyboard(callback_data="refresh:1")


# sendMessage


async def test_a_message_stands_in_the_chat_as_it_was_sent(api: Bot, person: Player) -> None:
    sent = await api.send_message(
        PERSON,
        "<b>Ready</b> at https://example.org",
        parse_mode="HTML",
        disable_notification=True,
        reply_parameters=ReplyParameters(1),
        reply_markup=REFRESH,
    )
    assert sent.text == "Ready at https://example.org"
    assert sent.from_user is not None
    assert sent.from_user.id == api.id
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "hello"
    assert sent.parse_entities() == {
        MessageEntity("bold", 0, 5): "Ready",
        MessageEntity("url", 9, 19): "https://example.org",
    }
    assert sent.reply_markup == REFRESH
    shown = await seen(person, sent)
    assert (shown["silent"], shown["reply_to"], shown["edits"], shown["from_bot"]) == (True, 1, 0, True)
    assert shown["buttons"] == [[{"text": "Refresh", "callback_data": "refresh:1"}]]


async def test_message_ids_grow_and_people_and_the_bot_share_them(api: Bot, person: Player) -> None:
    ids = [(await api.send_message(PERSON, "one")).message_id, await person.say("two")]
    ids.append((await api.send_message(PERSON, "three")).message_id)
    assert ids == [2, 3, 4]


async def test_text_may_have_4096_units_and_no_more(api: Bot, person: Player) -> None:
    await api.send_message(PERSON, "x" * 4096)
    await api.send_message(PERSON, f"<b>{escape('<' * 4096)}</b>", parse_mode="HTML")
    too_long = "Bad Request: message is too long"
    assert await refusal(person, api.send_message(PERSON, "x" * 4097)) == too_long
    assert await refusal(person, api.send_message(PERSON, "😀" * 2049)) == too_long


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "message text is empty"),
        (" \n ", "text must be non-empty"),
        ("<b></b>", "text must be non-empty"),
        ("<b>", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("<font>x</font>", 'can\'t parse entities: Unsupported start tag "font" at byte offset 0'),
    ],
)
async def test_text_that_telegram_refuses(api: Bot, person: Player, text: str, complaint: str) -> None:
    said = await refusal(person, api.send_message(PERSON, text, parse_mode="HTML"))
    assert said == f"Bad Request: {complaint}"


async def test_markdown_is_not_imitated_but_refused(api: Bot, person: Player) -> None:
    assert await refusal(person, api.send_message(PERSON, "*x*", parse_mode="MarkdownV2")) == (
        "Bad Request: unsupported parse_mode"
    )


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        (keyboard(callback_data="x" * 65), "BUTTON_DATA_INVALID"),
        (keyboard(callback_data="é" * 33), "BUTTON_DATA_INVALID"),
        (keyboard(callback_data=""), "BUTTON_DATA_INVALID"),
        (keyboard(copy_text=CopyTextButton("x" * 257)), "BUTTON_COPY_TEXT_INVALID"),
        (
            keyboard(url="ftp://example.org"),
            "inline keyboard button URL 'ftp://example.org' is invalid: Unsupported URL protocol",
        ),
        (
            keyboard(),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            keyboard(callback_data="x", api_kwargs={"style": "purple"}),
            "can't parse inline keyboard button: Invalid button style specified",
        ),
    ],
)
async def test_buttons_that_telegram_refuses(
    api: Bot, person: Player, markup: InlineKeyboardMarkup, complaint: str
) -> None:
    said = await refusal(person, api.send_message(PERSON, "x", reply_markup=markup))
    assert said == f"Bad Request: {complaint}"


async def test_64_bytes_of_callback_data_are_fine(api: Bot, person: Player) -> None:
    sent = await api.send_message(PERSON, "x", reply_markup=keyboard(callback_data="x" * 64))
    assert (await seen(person, sent))["buttons"][0][0]["callback_data"] == "x" * 64


async def test_a_reply_needs_its_message_unless_told_otherwise(api: Bot, person: Player) -> None:
    assert await refusal(person, api.send_message(PERSON, "x", reply_to_message_id=77)) == (
        "Bad Request: message to be replied not found"
    )
    sent = await api.send_message(PERSON, "x", reply_to_message_id=77, allow_sending_without_reply=True)
    assert (await seen(person, sent))["reply_to"] is None


async def test_effects_belong_to_private_chats(api: Bot, person: Player) -> None:
    assert (await api.send_message(PERSON, "x", message_effect_id="5046509860389126442")).effect_id
    await person.tell("say", chat_id=-5, user_id=PERSON, text="hello, group")
    assert await refusal(person, api.send_message(-5, "x", message_effect_id="5046509860389126442")) == (
        "Bad Request: EFFECT_ID_INVALID"
    )


# Edits


async def test_an_edit_replaces_the_text_and_leaves_the_place(api: Bot, person: Player) -> None:
    sent = await api.send_message(PERSON, "queued", reply_markup=REFRESH)
    edited = await api.edit_message_text("running", PERSON, sent.message_id, reply_markup=REFRESH)
    assert isinstance(edited, type(sent))
    assert (edited.message_id, edited.text, edited.date) == (sent.message_id, "running", sent.date)
    assert edited.edit_date is not None
    shown = await seen(person, sent)
    assert (shown["text"], shown["edits"]) == ("running", 1)


async def test_an_edit_that_changes_nothing_visible_is_refused(api: Bot, person: Player) -> None:
    sent = await api.send_message(PERSON, "queued", reply_markup=REFRESH)
    said = await refusal(
        person,
        api.edit_message_text(" <i></i>queued ", PERSON, sent.message_id, parse_mode="HTML", reply_markup=REFRESH),
    )
    assert said == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    said = await refusal(person, api.edit_message_reply_markup(PERSON, sent.message_id, reply_markup=REFRESH))
    assert said.startswith("Bad Request: message is not modified")


async def test_an_edit_without_buttons_takes_the_buttons_away(api: Bot, person: Player) -> None:
    sent = await api.send_message(PERSON, "queued", reply_markup=REFRESH)
    await api.edit_message_text("queued", PERSON, sent.message_id)
    assert (await seen(person, sent))["buttons"] == []
    await api.edit_message_reply_markup(PERSON, sent.message_id, reply_markup=REFRESH)
    assert len((await seen(person, sent))["buttons"]) == 1


async def test_what_cannot_be_edited(api: Bot, person: Player) -> None:
    assert await refusal(person, api.edit_message_text("x", PERSON, 99)) == "Bad Request: message to edit not found"
    assert await refusal(person, api.edit_message_text("x", PERSON, 1)) == "Bad Request: message can't be edited"
    asked = await api.send_message(PERSON, "which one?", reply_markup=ForceReply())
    assert await refusal(person, api.edit_message_text("x", PERSON, asked.message_id)) == (
        "Bad Request: message can't be edited"
    )
    sent = await api.send_message(PERSON, "x")
    assert await refusal(person, api.edit_message_caption(PERSON, sent.message_id, caption="y")) == (
        "Bad Request: there is no caption in the message to edit"
    )


async def test_deleting(api: Bot, person: Player) -> None:
    sent = [await api.send_message(PERSON, word) for word in ("one", "two", "three")]
    assert await api.delete_message(PERSON, sent[0].message_id)
    assert await api.delete_messages(PERSON, [sent[1].message_id, sent[2].message_id, 99])
    assert await refusal(person, api.delete_message(PERSON, sent[0].message_id)) == (
        "Bad Request: message to delete not found"
    )
    assert [shown["text"] for shown in await person.messages()] == ["hello"]
    gone = (await person.ask(f"chats/{PERSON}"))["deleted"]
    assert [shown["text"] for shown in gone] == ["one", "two", "three"]


async def test_in_a_group_only_the_bots_own_messages_can_be_deleted(api: Bot, person: Player) -> None:
    said = await person.tell("say", chat_id=-5, user_id=PERSON, text="hello, group")
    assert await refusal(person, api.delete_message(-5, said["message_id"])) == (
        "Bad Request: message can't be deleted"
    )
    assert await api.delete_message(-5, (await api.send_message(-5, "x")).message_id)


async def test_reactions(api: Bot, person: Player) -> None:
    assert await api.set_message_reaction(PERSON, 1, "👀")
    assert (await person.messages())[0]["reactions"] == ["👀"]
    assert (await person.messages())[0]["edits"] == 0
    assert await api.set_message_reaction(PERSON, 1)
    assert (await person.messages())[0]["reactions"] == []
    assert await refusal(person, api.set_message_reaction(PERSON, 1, "🦖")) == "Bad Request: REACTION_INVALID"
    assert await refusal(person, api.set_message_reaction(PERSON, 1, ["👀", "👍"])) == (
        "Bad Request: REACTIONS_TOO_MANY"
    )
    assert await refusal(person, api.set_message_reaction(PERSON, 9, "👀")) == (
        "Bad Request: message to react not found"
    )


# The account


async def test_the_bots_own_account(api: Bot) -> None:
    me = await api.get_me()
    assert (me.is_bot, me.username, me.id) == (True, "rushes_sandbox_bot", int(TOKEN.partition(":")[0]))


async def test_commands_lie_on_one_shelf_per_scope_and_language(api: Bot, person: Player) -> None:
    track, watch = BotCommand("track", "Follow a task"), BotCommand("track", "跟踪任务")
    scope = BotCommandScopeAllPrivateChats()
    assert await api.set_my_commands([track])
    assert await api.set_my_commands([watch], scope=scope, language_code="zh")
    assert list(await api.get_my_commands()) == [track]
    assert list(await api.get_my_commands(scope=scope, language_code="zh")) == [watch]
    assert list(await api.get_my_commands(scope=BotCommandScopeChat(PERSON))) == []
    nowhere = BotCommandScopeChat(4321)
    assert await refusal(person, api.set_my_commands([track], scope=nowhere)) == "Bad Request: chat not found"
    assert await api.delete_my_commands()
    assert list(await api.get_my_commands()) == []
    for command, complaint in (
        (BotCommand("Track", "x"), "BOT_COMMAND_INVALID"),
        (BotCommand("track", ""), "BOT_COMMAND_DESCRIPTION_INVALID"),
    ):
        assert await refusal(person, api.set_my_commands([command])) == f"Bad Request: {complaint}"
    assert await refusal(person, api.set_my_commands([track], language_code="zh-hans")) == (
        "Bad Request: invalid language code specified"
    )


async def test_names_and_descriptions(api: Bot) -> None:
    assert await api.set_my_name("Rushes")
    assert await api.set_my_description("123")
    assert await api.set_my_short_description("短", language_code="zh")
    assert (await api.get_my_name()).name == "Rushes"
    assert (await api.get_my_description()).description == "123"
    assert (await api.get_my_short_description(language_code="zh")).short_description == "短"
    assert (await api.get_my_short_description()).short_description == ""


async def test_the_menu_button(api: Bot) -> None:
    assert await api.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert isinstance(await api.get_chat_menu_button(), MenuButtonCommands)


async def test_chats_and_members(api: Bot, person: Player) -> None:
    await person.tell("chat", id=-5, type="supergroup", title="Crew", topics=[3], admins=[PERSON])
    chat = await api.get_chat(-5)
    assert (chat.type, chat.title, chat.is_forum) == ("supergroup", "Crew", True)
    assert (await api.get_chat_member(-5, PERSON)).status == "creator"
    assert (await api.get_chat_member(-5, api.id)).status == "member"
    assert await refusal(person, api.get_chat_member(-5, 4)) == "Bad Request: member not found"


async def test_chat_actions_are_kept_for_the_test_to_see(api: Bot, person: Player) -> None:
    assert await api.send_chat_action(PERSON, "upload_video")
    assert [action["action"] for action in (await person.ask(f"chats/{PERSON}"))["actions"]] == ["upload_video"]
    assert await refusal(person, api.send_chat_action(PERSON, "dancing")) == (
        "Bad Request: wrong parameter action in request"
    )


# Who may ask, and how


@pytest.mark.parametrize("token", ["4242424242:AnotherToken", "not-a-token"])
async def test_a_wrong_token_opens_nothing(origins: Origins, token: str) -> None:
    stranger = Bot(token, base_url=f"{origins.telegram}/bot")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_an_unknown_method_is_refused_as_python_telegram_bot_expects(api: Bot, person: Player) -> None:
    with pytest.raises(EndPointNotFound):
        await api.do_api_request("noSuchMethod")
    call = await last_call(person)
    assert (call["status"], call["params"]) == (404, {})
    assert call["answer"]["description"] == "Not Found: method not found"


async def test_json_forms_and_query_strings_mean_the_same(
    origins: Origins, person: Player, web: aiohttp.ClientSession
) -> None:
    address = f"{origins.telegram}/bot{TOKEN}/sendmessage"
    params: dict[str, Any] = {"chat_id": PERSON, "text": "42"}
    for request in (
        web.get(address, params=params),
        web.post(address, data=params),
        web.post(address, json=params),
        web.post(address, data=aiohttp.FormData({"text": "42", "chat_id": str(PERSON)}, default_to_multipart=True)),
    ):
        async with request as answer:
            assert answer.status == 200
        call = await last_call(person)
        assert (call["method"], call["params"]) == ("sendMessage", params)
    assert [shown["text"] for shown in await person.messages()] == ["hello", *["42"] * 4]


async def test_a_body_that_is_no_json_object_is_refused(
    origins: Origins, person: Player, web: aiohttp.ClientSession
) -> None:
    for body in ("{", "[1]"):
        headers = {"Content-Type": "application/json"}
        async with web.post(f"{origins.telegram}/bot{TOKEN}/getMe", data=body, headers=headers) as answer:
            assert (await answer.json())["description"] == "Bad Request: can't parse request JSON object"
        assert (await last_call(person))["params"] is None


# Rights


async def test_what_a_group_forbids_is_refused_by_its_kind(api: Bot, person: Player, origins: Origins) -> None:
    text = await api.send_message(PERSON, "x")
    await person.tell("chat", id=PERSON, denied=["text", "video", "photo"])
    assert await refusal(person, api.send_message(PERSON, "y")) == (
        "Bad Request: not enough rights to send text messages to the chat"
    )
    clip = InputMediaVideo(f"{origins.cdn}/files/dawn.mp4")
    assert await refusal(person, api.edit_message_media(clip, PERSON, text.message_id)) == (
        "Bad Request: not enough rights to send videos to the chat"
    )
    album = [InputMediaPhoto(f"{origins.cdn}/files/{name}.png") for name in ("dawn", "noon")]
    assert await refusal(person, api.send_media_group(PERSON, album)) == (
        "Bad Request: not enough rights to send photos to the chat"
    )
    await api.edit_message_text("z", PERSON, text.message_id)
    await api.send_document(PERSON, f"{origins.cdn}/files/dawn.mp4")
    assert [message["text"] for message in await person.messages()] == ["hello", "z", None]


async def test_an_unknown_right_is_refused(person: Player) -> None:
    with pytest.raises(ValueError, match="unknown kinds: movies"):
        await person.tell("chat", id=PERSON, denied=["movies"])
