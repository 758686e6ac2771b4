from datetime import UTC, datetime

import pytest
from telegram import Chat, Message, User

from bot.intake.router import read_message


def message(text: str | None, **more: object) -> Message:
    return Message(
        5,
        datetime.now(UTC),
        Chat(-7, "supergroup"),
        from_user=User(70, "P", is_bot=False),
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
        ("hello /track v1", ("", "", "")),
        ("/", ("", "", "")),
        ("/tr@ck@x v1", ("", "", "")),
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
