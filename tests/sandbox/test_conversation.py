"""Everything that a well-made bot does, once; nobody has anything to complain about."""

import io

from PIL import Image
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputFile,
    InputMediaAnimation,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
    MenuButtonCommands,
    ReplyParameters,
)

from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON, Origins
from sandbox.telegram import METHODS
from tests.oracle import complaints

MARKUP = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("Stop", callback_data="stop:1", api_kwargs={"style": "danger"}),
            InlineKeyboardButton("Copy", copy_text=CopyTextButton("abc")),
            InlineKeyboardButton("Open", url="https://example.org"),
        ]
    ]
)
CARD = (
    '<b>Ready</b> <tg-time unix="1700000000" format="wDT">then</tg-time> <code>id</code>\n'
    '<blockquote expandable>😀 <a href="https://e.org">prompt</a></blockquote>\n'
    '<pre><code class="language-json">{}</code></pre> /help #tag @rushes https://e.org'
)


def files_of(media: Media) -> dict[str, bytes]:
    paths = [media.path(name) for name in media.names()]
    small = io.BytesIO()
    Image.new("RGB", (320, 180), (70, 90, 120)).save(small, "JPEG")
    return {path.name: path.read_bytes() for path in paths if path} | {"small.jpg": small.getvalue()}


async def set_up(api: Bot) -> None:
    await api.delete_webhook()
    await api.get_webhook_info()
    commands = [BotCommand("track", "Follow a task")]
    await api.set_my_commands(commands, scope=BotCommandScopeAllGroupChats(), language_code="zh")
    await api.get_my_commands(scope=BotCommandScopeAllGroupChats(), language_code="zh")
    await api.delete_my_commands()
    await api.set_my_name("Rushes")
    await api.set_my_description("Follows tasks")
    await api.set_my_short_description("Follows", language_code="zh")
    for question in (api.get_my_name, api.get_my_description, api.get_my_short_description):
        await question()
    await api.set_chat_menu_button(menu_button=MenuButtonCommands())
    await api.get_chat_menu_button()
    await api.set_webhook("https://example.org/hook", allowed_updates=["message", "callback_query"])
    await api.delete_webhook()


async def talk(api: Bot, person: Player) -> None:
    command = await person.say("/track 1", language_code="en")
    await api.set_message_reaction(PERSON, command, "👀")
    card = await api.send_message(
        PERSON,
        CARD,
        parse_mode="HTML",
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_parameters=ReplyParameters(command, allow_sending_without_reply=True),
        reply_markup=MARKUP,
        message_effect_id="5046509860389126442",
        protect_content=True,
    )
    await person.tell("press", chat_id=PERSON, message_id=card.message_id, button="Stop")
    *_, last = await api.get_updates(timeout=5, allowed_updates=["message", "callback_query"])
    assert last.callback_query is not None
    await api.answer_callback_query(last.callback_query.id, text="Stopped")
    await api.get_updates(offset=last.update_id + 1)
    await api.edit_message_text("Stopped", PERSON, card.message_id)
    await api.edit_message_reply_markup(PERSON, card.message_id, reply_markup=MARKUP)
    await api.delete_message(PERSON, command)
    await api.delete_messages(PERSON, [card.message_id])


async def show(api: Bot, origins: Origins, media: Media) -> None:
    files = files_of(media)

    def attached(name: str) -> InputFile:
        return InputFile(files[name], filename=name, attach=True)

    await api.send_chat_action(PERSON, "upload_video")
    line = await api.send_message(PERSON, "The video is ready.")
    video = InputMediaVideo(
        attached("noon.mp4"), thumbnail=attached("small.jpg"), width=640, height=360, duration=3, has_spoiler=True
    )
    await api.edit_message_media(video, PERSON, line.message_id, reply_markup=MARKUP)
    await api.edit_message_caption(PERSON, line.message_id, caption="<i>noon</i>", parse_mode="HTML")
    sent = await api.send_video(
        PERSON, f"{origins.cdn}/files/dusk.mp4", cover=f"{origins.cdn}/files/dusk.jpg", start_timestamp=1
    )
    assert sent.video is not None
    await api.send_video(PERSON, sent.video.file_id, caption="again")
    photo = await api.send_photo(PERSON, files["dawn.png"], filename="dawn.png")
    await api.get_file(photo.photo[-1].file_id)
    await api.send_animation(PERSON, InputFile(files["dawn.mp4"], filename="dawn.mp4"), width=640, height=360)
    document = InputFile(files["noon.webp"], filename="noon.webp")
    await api.send_document(PERSON, document, disable_content_type_detection=True)
    audio = await api.send_audio(PERSON, InputFile(files["dawn.mp4"], filename="dawn.mp3"), title="Dawn", duration=3)
    assert audio.audio is not None
    pair = [InputMediaAudio(audio.audio.file_id), InputMediaAudio(audio.audio.file_id, title="Dusk")]
    await api.send_media_group(PERSON, pair)
    items: list[InputMediaPhoto | InputMediaVideo] = [
        InputMediaPhoto(attached("dawn.png"), caption="two"),
        InputMediaVideo(attached("dawn.mp4")),
    ]
    album = await api.send_media_group(PERSON, items, disable_notification=True)
    await api.edit_message_media(InputMediaPhoto(attached("dusk.jpg")), PERSON, album[1].message_id)
    one = await api.send_message(PERSON, "one")
    await api.edit_message_media(InputMediaDocument(attached("noon.webp")), PERSON, one.message_id)
    await api.edit_message_media(InputMediaAnimation(attached("dawn.mp4")), PERSON, one.message_id)


async def offer(api: Bot, person: Player, media: Media) -> None:
    sent = await api.send_photo(PERSON, files_of(media)["dawn.png"], filename="dawn.png")
    asked = await person.tell("inline", user_id=PERSON, query="dawn")
    result = InlineQueryResultCachedPhoto(
        "1", sent.photo[-1].file_id, title="Dawn", caption="<b>dawn</b>", parse_mode="HTML"
    )
    button = InlineQueryResultsButton("Open", start_parameter="inline")
    await api.answer_inline_query(asked["inline_query_id"], [result], 10, True, "1-0", button)
    await person.tell("choose", inline_query_id=asked["inline_query_id"], result_id="1", chat_id=-5)


async def visit_a_group(api: Bot, person: Player) -> None:
    await person.tell("chat", id=-5, title="Crew", topics=[3], admins=[PERSON])
    await person.tell("say", chat_id=-5, user_id=PERSON, message_thread_id=3, text="/list@rushes")
    await api.send_message(-5, "Nothing yet.", message_thread_id=3)
    await api.get_chat(-5)
    await api.get_chat_member(-5, PERSON)
    await api.get_chat_member(-5, api.id)


async def test_nobody_complains(origins: Origins, api: Bot, person: Player, media: Media) -> None:
    await set_up(api)
    await talk(api, person)
    await show(api, origins, media)
    await visit_a_group(api, person)
    await offer(api, person, media)
    await api.get_updates()
    calls = (await person.ask("calls"))["calls"]
    assert complaints(calls) == []
    assert {call["status"] for call in calls} == {200}
    assert {call["method"] for call in calls} == {name for name, _ in METHODS.values()}
