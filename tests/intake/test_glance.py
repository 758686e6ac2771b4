from typing import Any

import pytest
from telegram import Bot, Update

from bot.intake.asks import read_message
from bot.intake.glance import glance

USER = {"id": 70, "is_bot": False, "first_name": "P", "language_code": "zh-hans"}
PRIVATE, GROUP = {"id": 70, "type": "private", "first_name": "P"}, {"id": -7, "type": "supergroup", "title": "G"}
MESSAGE: dict[str, Any] = {"message_id": 5, "date": 1_700_000_000, "from": USER, "chat": PRIVATE, "text": "/list"}


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        {**MESSAGE, "chat": GROUP, "message_thread_id": 9, "is_topic_message": True},
        {**MESSAGE, "chat": GROUP, "message_thread_id": 9},
        {**MESSAGE, "text": None, "caption": "/track v1"},
    ],
)
def test_it_sees_what_reading_it_finds(message: dict[str, Any]) -> None:
    seen = glance({"update_id": 1, "message": message})
    update = Update.de_json({"update_id": 1, "message": message}, Bot("1:a"))
    assert update.message
    ask = read_message(update.message)
    assert (seen.kind, seen.user_id, seen.chat_id) == ("message", ask.user_id, ask.chat_id)
    assert (seen.origin, seen.is_private) == (ask.origin, ask.is_private)
    assert seen.said_at == update.message.date.timestamp()
    assert seen.text in {"/list", "/track v1"}


def test_a_press() -> None:
    query = {"id": "55", "from": {**USER, "id": 71}, "message": {**MESSAGE, "chat": GROUP}, "data": "x"}
    seen = glance({"update_id": 1, "callback_query": query})
    assert (seen.kind, seen.user_id, seen.chat_id, seen.query_id) == ("callback_query", 71, -7, "55")
    assert (seen.said_at, seen.text, seen.language_code) == (0, "", "zh-hans")


@pytest.mark.parametrize(
    "body",
    [{}, {"update_id": 1}, {"update_id": 1, "message": 5}, {"message": {"from": {"id": "x"}}}, {"poll": {"id": "1"}}],
)
def test_of_what_telegram_does_not_send_nothing_is_seen(body: dict[str, Any]) -> None:
    assert (glance(body).user_id, glance(body).chat_id) == (0, 0)
