from datetime import UTC, datetime

import pytest
from telegram import Chat, ForumTopicCreated, Message, MessageEntity, TextQuote, User

from bot.intake.asks import read_message


def message(text: str | None, *, is_bot: bool = False, **more: object) -> Message:
    return Message(
        5,
        datetime.now(UTC),
        Chat(-7, "supergroup"),
        from_user=User(70, "P", is_bot=is_bot),
        text=text,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/track v1", ("track", "", "v1")),
        ("/TRACK@My_Bot v1 apipod  image", ("track", "my_bot", "v1 apipod  image")),
        ("/track\nv1\nv2", ("track", "", "v1\nv2")),
        ("  /list  ", ("list", "", "")),
        ("/track", ("track", "", "")),
        ("hello /track v1", ("", "", "hello /track v1")),
        ("/", ("", "", "/")),
        ("/tr@ck@x v1", ("", "", "/tr@ck@x v1")),
        ("", ("", "", "")),
        (None, ("", "", "")),
    ],
)
def test_a_command_is_read_out_of_its_text(text: str | None, expected: tuple[str, str, str]) -> None:
    ask = read_message(message(text))
    assert (ask.command, ask.addressee, ask.arguments) == expected


def test_where_it_came_from() -> None:
    ask = read_message(message("/list"))
    assert (ask.chat_id, ask.user_id, ask.message_id, ask.thread_id) == (-7, 70, 5, 0)


def test_only_a_real_topic_is_a_topic() -> None:
    assert read_message(message("/list", message_thread_id=9)).thread_id == 0
    assert read_message(message("/list", message_thread_id=9, is_topic_message=True)).thread_id == 9


def test_a_caption_is_a_text() -> None:
    ask = read_message(message(None, caption="/track v1"))
    assert (ask.command, ask.arguments) == ("track", "v1")


def test_what_it_replies_to() -> None:
    link = MessageEntity(MessageEntity.TEXT_LINK, 0, 4, url="https://api.example/v1")
    code = MessageEntity(MessageEntity.CODE, 5, 2)
    talk = message("here v1", entities=[link, code])
    assert read_message(message("/track")).quoted == ()
    assert read_message(message("/track", reply_to_message=talk)).quoted == ("here v1\nhttps://api.example/v1",)
    picked = message("/track", reply_to_message=talk, quote=TextQuote("v1", 0))
    assert read_message(picked).quoted == ("v1", "here v1\nhttps://api.example/v1")


def test_what_a_bot_set_apart_comes_first() -> None:
    code = MessageEntity(MessageEntity.CODE, 8, 2)
    card = message(None, is_bot=True, caption="sora-2: v1", caption_entities=[code])
    assert read_message(message("/track", reply_to_message=card)).quoted == ("v1", "sora-2: v1")


def test_a_reply_to_a_file_is_a_reply_and_a_message_in_a_topic_is_none() -> None:
    assert read_message(message("/track", reply_to_message=message(None))).quoted == ("",)
    opened = message(None, forum_topic_created=ForumTopicCreated("T", 1))
    assert read_message(message("/track", reply_to_message=opened)).quoted == ()
