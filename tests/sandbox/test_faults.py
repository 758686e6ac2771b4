import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, InputMediaPhoto
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from sandbox.faults import Fault, Faults
from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON
from tests.sandbox.asking import last_call


async def texts(person: Player) -> list[Any]:
    return [shown["text"] for shown in await person.messages()]


async def test_429_says_how_long_to_wait(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="429", method="sendMessage", retry_after=7)
    with pytest.raises(RetryAfter) as caught:
        await api.send_message(PERSON, "x")
    assert caught.value.retry_after == timedelta(seconds=7)
    call = await last_call(person)
    assert (call["status"], call["fault"], call["params"]["text"]) == (429, "429", "x")
    await api.send_message(PERSON, "y")
    assert await texts(person) == ["hello", "y"]


@pytest.mark.parametrize(
    ("order", "kind", "words"),
    [
        ({}, BadRequest, "Sandbox fault"),
        ({"description": "Bad Request: TOPIC_CLOSED"}, BadRequest, "Topic_closed"),
        ({"code": 403, "description": "Forbidden: user is deactivated"}, Forbidden, "Forbidden: user is deactivated"),
        (
            {"code": 400, "description": "Bad Request: upgraded", "parameters": {"migrate_to_chat_id": -100}},
            ChatMigrated,
            "Group migrated to supergroup. New chat id: -100",
        ),
        ({"code": 500, "description": "Internal Server Error"}, NetworkError, "Internal Server Error"),
    ],
)
async def test_any_error_can_be_ordered(
    api: Bot, person: Player, order: dict[str, Any], kind: type[TelegramError], words: str
) -> None:
    await person.tell("faults", kind="error", **order)
    with pytest.raises(kind) as caught:
        await api.send_message(PERSON, "x")
    assert type(caught.value) is kind
    assert caught.value.message == words
    assert await texts(person) == ["hello"]


async def test_a_proxy_answers_html(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="502_html")
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await api.send_message(PERSON, "x")
    assert (await last_call(person))["status"] == 502


@pytest.mark.parametrize(
    ("order", "kind", "words"),
    [
        ({"body": "not JSON"}, TelegramError, "Invalid server response"),
        ({"status": 413, "body": "<html><h1>413 Request Entity Too Large</h1></html>"}, NetworkError, "413"),
        ({"status": 504, "body": "<html><h1>504 Gateway Time-out</h1></html>"}, NetworkError, "504"),
    ],
)
async def test_any_body_can_be_ordered(
    api: Bot, person: Player, order: dict[str, Any], kind: type[TelegramError], words: str
) -> None:
    await person.tell("faults", kind="raw", **order)
    with pytest.raises(kind, match=words):
        await api.send_message(PERSON, "x")
    assert await texts(person) == ["hello"]


@pytest.mark.parametrize("kind", ["429", "error", "502_html", "raw"])
async def test_a_refusal_can_come_after_the_message_stands(api: Bot, person: Player, kind: str) -> None:
    await person.tell("faults", kind=kind, executed=True)
    with pytest.raises(TelegramError):
        await api.send_message(PERSON, "x")
    assert await texts(person) == ["hello", "x"]


async def test_a_message_that_is_shown_later_has_no_number_yet(api: Bot, person: Player, media: Media) -> None:
    await person.tell("faults", kind="zero_id", times=2)
    sent = await api.send_message(PERSON, "x")
    picture = (media.path("dawn.png") or Path()).read_bytes()
    album = await api.send_media_group(PERSON, [InputMediaPhoto(picture, filename="dawn.png")] * 2)
    assert [message.message_id for message in (sent, *album)] == [0, 0, 0]
    assert [shown["message_id"] for shown in await person.messages()] == [1, 2, 3, 4]


async def test_an_order_can_be_for_marked_up_words_only(api: Bot, person: Player) -> None:
    description = "Bad Request: can't parse entities: unexpected end tag"
    await person.tell("faults", kind="error", description=description, parse_mode="HTML", times=9)
    with pytest.raises(BadRequest, match="parse entities"):
        await api.send_message(PERSON, "<b>x</b>", parse_mode="HTML")
    sent = await api.send_message(PERSON, "x")
    with pytest.raises(BadRequest, match="parse entities"):
        await api.edit_message_media(InputMediaPhoto(b"x", caption="y", parse_mode="HTML"), PERSON, sent.message_id)
    assert await texts(person) == ["hello", "x"]


async def test_a_call_is_lost_on_its_way_there(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="drop_before")
    with pytest.raises(NetworkError):
        await api.send_message(PERSON, "x")
    assert await texts(person) == ["hello"]
    call = await last_call(person)
    assert (call["fault"], call["status"], call["answer"]) == ("drop_before", None, None)


async def test_an_answer_is_lost_on_its_way_back(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="drop_after")
    with pytest.raises(NetworkError):
        await api.send_message(PERSON, "x")
    assert await texts(person) == ["hello", "x"]
    call = await last_call(person)
    assert (call["fault"], call["status"], call["answer"]["result"]["text"]) == ("drop_after", None, "x")


async def test_a_proxy_loses_the_answer_of_what_was_carried_out(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="502_after", method="sendMessage")
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await api.send_message(PERSON, "x")
    assert await texts(person) == ["hello", "x"]
    call = await last_call(person)
    assert (call["fault"], call["status"], call["answer"]["ok"]) == ("502_after", None, True)


async def test_an_answer_that_comes_too_late_is_a_message_all_the_same(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="delay", seconds=0.3)
    with pytest.raises(TimedOut):
        await api.send_message(PERSON, "x", read_timeout=0.1)
    assert await texts(person) == ["hello"]
    await asyncio.sleep(0.4)
    assert await texts(person) == ["hello", "x"]


async def test_orders_are_used_up_one_call_at_a_time(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="error", method="sendMessage", chat_id=PERSON, skip=1, times=2)
    await api.send_chat_action(PERSON, "typing")
    await api.send_message(PERSON, "1")
    for text in ("2", "3"):
        with pytest.raises(BadRequest):
            await api.send_message(PERSON, text)
    await api.send_message(PERSON, "4")
    assert await texts(person) == ["hello", "1", "4"]


async def test_an_order_for_one_chat_or_for_every_method_leaves_the_rest_alone(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="error", chat_id=999)
    await api.send_message(PERSON, "1")
    await person.tell("faults", kind="error", method="*")
    assert len(await api.get_updates()) == 1
    with pytest.raises(BadRequest):
        await api.send_chat_action(PERSON, "typing")


async def test_the_long_poll_fails_only_by_its_name(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="error", method="getUpdates", code=409, description="Conflict: elsewhere")
    with pytest.raises(TelegramError, match="Conflict: elsewhere"):
        await api.get_updates()
    assert len(await api.get_updates()) == 1


async def test_orders_can_be_taken_back(api: Bot, person: Player) -> None:
    await person.tell("faults", kind="error", times=99)
    assert await person.ask("faults") == {"waiting": 99}
    await person.take_back("faults")
    assert await person.ask("faults") == {"waiting": 0}
    await api.send_message(PERSON, "x")
    assert await texts(person) == ["hello", "x"]


async def test_in_a_slow_weather_a_call_is_carried_out_before_it_is_answered_and_though_nobody_waits(
    api: Bot, person: Player
) -> None:
    await person.tell("weather", seconds=[0.5, 0.5])
    with pytest.raises(TimedOut):
        await api.send_message(PERSON, "x", read_timeout=0.1)
    assert await texts(person) == ["hello"]
    began = time.time()
    await api.send_message(PERSON, "y")
    call = await last_call(person)
    assert time.time() - 0.15 > call["time"] >= began + 0.28
    assert await texts(person) == ["hello", "x", "y"]
    assert len(await api.get_updates()) == 1


async def test_the_same_seed_makes_the_same_weather_until_it_is_calm_again(api: Bot, person: Player) -> None:
    async def outcome() -> str:
        try:
            await api.send_chat_action(PERSON, "typing")
        except TelegramError:
            return str((await last_call(person))["fault"])
        return ""

    seen = []
    for _ in range(2):
        await person.tell("weather", rate=0.5, seed=1)
        seen.append([await outcome() for _ in range(20)])
    assert seen[0] == seen[1]
    assert set(seen[0]) == {"", "429", "drop_before", "drop_after", "502_after"}
    await person.tell("weather")
    assert [await outcome() for _ in range(10)] == [""] * 10


async def test_an_order_goes_before_the_weather(api: Bot, person: Player) -> None:
    await person.tell("weather", rate=1, kinds=["429"])
    await person.tell("faults", kind="error", method="sendMessage")
    with pytest.raises(BadRequest):
        await api.send_message(PERSON, "x")
    with pytest.raises(RetryAfter):
        await api.send_message(PERSON, "x")


async def test_a_weather_that_makes_no_sense_is_refused(person: Player) -> None:
    orders: list[dict[str, Any]] = [{"kinds": ["rain"]}, {"kinds": []}, {"seconds": 3}, {"seconds": [1]}, {"storm": 1}]
    for wrong in orders:
        with pytest.raises(ValueError, match="Error"):
            await person.tell("weather", **wrong)


async def test_an_unknown_kind_is_refused(person: Player) -> None:
    with pytest.raises(
        ValueError, match="kind must be one of 429, 502_after, 502_html, delay, drop_after, drop_before, error, raw"
    ):
        await person.tell("faults", kind="drop")
    with pytest.raises(
        ValueError, match="kind must be one of 429, cut, drip, hang, html, raw, reset, status, truncate"
    ):
        await person.tell("gateway-faults", kind="error")


def test_the_oldest_order_that_fits_is_used_first() -> None:
    faults = Faults()
    for kind in ("429", "error"):
        faults.add(Fault(kind, {"method": "sendVideo"}))
    assert faults.waiting() == 2
    assert faults.take(method="sendPhoto") is None
    assert [fault.kind for fault in (faults.take(method="sendVideo"), faults.take(method="sendVideo")) if fault] == [
        "429",
        "error",
    ]
    assert faults.take(method="sendVideo") is None
    assert faults.waiting() == 0
