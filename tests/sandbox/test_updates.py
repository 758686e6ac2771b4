import asyncio
import time
from datetime import timedelta

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.error import Conflict

from sandbox.player import Player
from sandbox.servers import PERSON, TOKEN, Origins
from sandbox.updates import QUERY_LIFE, Updates
from tests.sandbox.asking import refusal, seen


def texts(updates: tuple[Update, ...]) -> list[str | None]:
    return [update.message.text for update in updates if update.message]


# The long poll


async def test_updates_come_again_until_a_later_offset_confirms_them(api: Bot, person: Player) -> None:
    await person.say("/track 1")
    first = await api.get_updates()
    assert texts(first) == ["hello", "/track 1"]
    assert texts(await api.get_updates(offset=first[0].update_id)) == ["hello", "/track 1"]
    assert texts(await api.get_updates(offset=first[0].update_id + 1)) == ["/track 1"]
    assert texts(await api.get_updates()) == ["/track 1"]
    assert await api.get_updates(offset=first[1].update_id + 1) == ()
    assert await api.get_updates() == ()


async def test_the_limit_and_a_negative_offset(api: Bot, person: Player) -> None:
    for number in range(3):
        await person.say(str(number))
    assert texts(await api.get_updates(limit=2)) == ["hello", "0"]
    assert texts(await api.get_updates(offset=-1)) == ["2"]
    assert texts(await api.get_updates()) == ["2"]


async def test_a_long_poll_waits_for_something_to_happen(api: Bot, person: Player) -> None:
    seen_so_far = await api.get_updates()
    polling = asyncio.create_task(api.get_updates(offset=seen_so_far[-1].update_id + 1, timeout=20))
    await asyncio.sleep(0.1)
    assert not polling.done()
    started = time.monotonic()
    await person.say("at last")
    assert texts(await polling) == ["at last"]
    assert time.monotonic() - started < 1


async def test_a_long_poll_ends_with_nothing(api: Bot) -> None:
    started = time.monotonic()
    assert await api.get_updates(timeout=timedelta(seconds=1)) == ()
    assert 0.9 < time.monotonic() - started < 3


async def test_a_second_poller_ends_the_first(api: Bot, origins: Origins, person: Player) -> None:
    offset = (await api.get_updates())[-1].update_id + 1
    first = asyncio.create_task(api.get_updates(offset=offset, timeout=20))
    await asyncio.sleep(0.1)
    async with Bot(TOKEN, base_url=f"{origins.telegram}/bot") as rival:
        second = asyncio.create_task(rival.get_updates(offset=offset, timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        await person.say("for the second")
        assert texts(await second) == ["for the second"]


async def test_updates_that_nobody_asked_for_do_not_come(api: Bot, person: Player) -> None:
    await api.get_updates(offset=-1, allowed_updates=["callback_query"])
    await person.say("unheard")
    assert texts(await api.get_updates()) == ["hello"]
    await api.get_updates(allowed_updates=[])
    await person.say("heard")
    assert texts(await api.get_updates()) == ["hello", "heard"]


async def test_a_webhook_and_the_long_poll_exclude_each_other(api: Bot, person: Player) -> None:
    assert await api.set_webhook("https://example.org/hook", allowed_updates=["message"])
    info = await api.get_webhook_info()
    assert (info.url, info.pending_update_count, info.allowed_updates) == ("https://example.org/hook", 1, ("message",))
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await api.get_updates()
    assert await refusal(person, api.set_webhook("http://example.org")) == (
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    )
    assert await api.delete_webhook(drop_pending_updates=True)
    assert await api.get_updates() == ()


# What people do


async def test_what_a_person_says_arrives_with_everything_known_of_them(api: Bot, person: Player) -> None:
    await person.say("/track <b>", first_name="Ada", username="ada", language_code="zh", reply_to_message_id=1)
    message = (await api.get_updates())[-1].message
    assert message is not None
    assert message.from_user is not None
    assert message.from_user.to_dict() == {
        "id": PERSON,
        "is_bot": False,
        "first_name": "Ada",
        "username": "ada",
        "language_code": "zh",
    }
    assert message.text == "/track <b>"
    assert message.reply_to_message is not None
    assert [(entity.type, entity.offset, entity.length) for entity in message.entities] == [("bot_command", 0, 6)]


async def test_in_a_group_several_people_speak(api: Bot, origins: Origins) -> None:
    async with Player(origins.sim, -7, 8) as other:
        await other.say("hi", title="Crew")
        assert len(await other.messages()) == 1
    message = (await api.get_updates())[-1].message
    assert message is not None
    assert message.from_user is not None
    assert (message.chat.id, message.chat.type, message.chat.title, message.from_user.id) == (
        -7,
        "supergroup",
        "Crew",
        8,
    )


async def with_button(api: Bot) -> Message:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Stop", callback_data="stop:1")]])
    return await api.send_message(PERSON, "running", reply_markup=markup)


async def test_a_press_is_a_callback_query(api: Bot, person: Player) -> None:
    sent = await with_button(api)
    pressed = await person.tell("press", chat_id=PERSON, message_id=sent.message_id, button="Stop")
    query = (await api.get_updates())[-1].callback_query
    assert query is not None
    assert (query.id, query.data, query.from_user.id) == (pressed["callback_query_id"], "stop:1", PERSON)
    assert query.message == sent
    assert await api.answer_callback_query(query.id, "Stopped", show_alert=True)


async def test_somebody_else_presses_with_forged_data(api: Bot, person: Player) -> None:
    sent = await with_button(api)
    await person.tell("press", chat_id=PERSON, user_id=66, message_id=sent.message_id, data="stop:2")
    query = (await api.get_updates())[-1].callback_query
    assert query is not None
    assert (query.data, query.from_user.id) == ("stop:2", 66)


async def test_what_cannot_be_pressed(api: Bot, person: Player) -> None:
    sent = await with_button(api)
    with pytest.raises(ValueError, match="no button 'Go' that can be pressed"):
        await person.tell("press", chat_id=PERSON, message_id=sent.message_id, button="Go")
    with pytest.raises(ValueError, match="no such message"):
        await person.tell("press", chat_id=PERSON, message_id=99, data="x")


async def test_a_callback_query_that_nobody_made_is_too_old(api: Bot, person: Player) -> None:
    assert await refusal(person, api.answer_callback_query("77")) == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
    sent = await with_button(api)
    pressed = await person.tell("press", chat_id=PERSON, message_id=sent.message_id, button="Stop")
    assert await refusal(person, api.answer_callback_query(pressed["callback_query_id"], "x" * 201)) == (
        "Bad Request: MESSAGE_TOO_LONG"
    )


def test_a_callback_query_ages() -> None:
    now = 0.0
    updates = Updates(lambda: now)
    updates.ask("1")
    now = QUERY_LIFE - 1
    assert updates.is_open("1")
    now = QUERY_LIFE
    assert not updates.is_open("1")


# The switches of a chat


async def test_a_chat_that_nobody_opened_does_not_exist(api: Bot, person: Player) -> None:
    assert await refusal(person, api.send_message(5, "x")) == "Bad Request: chat not found"
    assert await refusal(person, api.send_message("@somebody", "x")) == "Bad Request: chat not found"
    assert await refusal(person, api.send_message("", "x")) == "Bad Request: chat_id is empty"


async def test_a_person_blocks_the_bot_and_comes_back(api: Bot, person: Player) -> None:
    sent = await api.send_message(PERSON, "before")
    await person.tell("chat", id=PERSON, blocked=True)
    blocked = "Forbidden: bot was blocked by the user"
    for attempt in (
        api.send_message(PERSON, "x"),
        api.edit_message_text("x", PERSON, sent.message_id),
        api.send_chat_action(PERSON, "typing"),
        api.delete_message(PERSON, sent.message_id),
    ):
        assert await refusal(person, attempt) == blocked
    await person.tell("chat", id=PERSON, blocked=False)
    assert (await api.edit_message_text("after", PERSON, sent.message_id)) is not True
    assert (await seen(person, sent))["text"] == "after"


async def test_a_group_throws_the_bot_out(api: Bot, person: Player) -> None:
    await person.tell("chat", id=-5, title="Crew", blocked=True)
    assert await refusal(person, api.send_message(-5, "x")) == "Forbidden: bot was kicked from the supergroup chat"


async def test_a_topic_has_to_exist(api: Bot, person: Player) -> None:
    await person.tell("chat", id=-5, title="Crew", topics=[3])
    sent = await api.send_message(-5, "x", message_thread_id=3)
    assert (sent.message_thread_id, sent.is_topic_message) == (3, True)
    assert await refusal(person, api.send_message(-5, "x", message_thread_id=4)) == (
        "Bad Request: message thread not found"
    )
    await person.tell("say", chat_id=-5, user_id=PERSON, message_thread_id=3, text="in the topic")
    message = (await api.get_updates())[-1].message
    assert message is not None
    assert message.message_thread_id == 3


async def test_a_group_becomes_a_supergroup(api: Bot, person: Player) -> None:
    await person.tell("chat", id=-5, type="group", title="Crew", migrated_to=-1005)
    await person.tell("chat", id=-1005, title="Crew")
    said = await refusal(person, api.send_message(-5, "x"))
    assert said == "Bad Request: group chat was upgraded to a supergroup chat"
    assert (await api.send_message(-1005, "x")).chat.id == -1005


async def test_a_misspelt_switch_is_an_error_and_not_silence(person: Player) -> None:
    with pytest.raises(ValueError, match="unknown fields: bocked"):
        await person.tell("chat", id=PERSON, bocked=True)


async def test_a_wrong_order_is_told_what_is_wrong_with_it(person: Player) -> None:
    with pytest.raises(ValueError, match="KeyError: 'text'"):
        await person.tell("say", chat_id=PERSON)
    with pytest.raises(ValueError, match="no such file"):
        await person.ask("files/unknown")


async def test_a_person_deletes_what_the_bot_wrote(api: Bot, person: Player) -> None:
    sent = await api.send_message(PERSON, "x")
    await person.tell("delete", chat_id=PERSON, message_id=sent.message_id)
    assert await refusal(person, api.edit_message_text("y", PERSON, sent.message_id)) == (
        "Bad Request: message to edit not found"
    )
    with pytest.raises(ValueError, match="no such message"):
        await person.tell("delete", chat_id=PERSON, message_id=sent.message_id)
