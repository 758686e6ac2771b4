"""Telegram tells chats to wait, again and again: they hear nothing until then, and everything afterwards."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.board import ALBUM, Board, Row
from tests.acceptance.world import World, card_shows, delivered, until

Json = dict[str, Any]

# What was on its way when the refusal came, and what two clocks may differ by, in seconds.
TOLERANCE = 0.05
STATES = ("queue", "15 %", "45 %", "80 %", "Done")


def too_early(calls: Sequence[Json], refusals: Sequence[Json] = ()) -> list[tuple[str, float]]:
    """Calls inside a time that Telegram asked to wait, by their own refusals or by `refusals`; and how far inside."""
    return [
        (call["method"], round(call["time"] - refused["time"], 2))
        for refused in refusals or list(_refused(calls))
        for call in calls
        if TOLERANCE < call["time"] - refused["time"] < _seconds(refused) - TOLERANCE
    ]


def _refused(calls: Sequence[Json]) -> Iterator[Json]:
    return (call for call in calls if call["fault"] == "429")


def _seconds(refused: Json) -> float:
    return float(refused["answer"].rpartition('"retry_after": ')[2].rstrip("}"))


async def refusal_of(world: World, chat_id: int) -> Json:
    """Waits until the chat was told to wait; the call that was refused."""

    async def look() -> Json | None:
        return next(_refused(await world.calls_to(chat_id)), None)

    found = await until(look)
    assert found is not None
    return found


@pytest.mark.long
async def test_a_chat_in_a_storm_waits_alone_and_ends_with_the_newest_state(world: World) -> None:
    person = await world.person()
    stormy, others = await world.person(5000), [await world.person(5001 + number) for number in range(3)]
    paces = {"s1": 13, "s2": 5, "o0": 4, "o1": 6, "o2": 10}
    for task_id, pace in paces.items():
        await person.tell("tasks", provider="token360", id=task_id, pace=pace)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for task_id in ("s1", "s2"):
        await stormy.say(f"/track {task_id} token360")
    for number, other in enumerate(others):
        await other.say(f"/track o{number} token360")
    for task_id in ("s1", "s2"):
        await card_shows(stormy, task_id, task_id)
    await person.tell("faults", kind="429", chat_id=5000, retry_after=5, times=99)
    for number, other in enumerate(others):
        await delivered(other)
        assert await delay_of(world, f"o{number}", 5001 + number) < 3
    assert not [message for message in await stormy.messages() if message["media"]]
    await person.take_back("faults")
    await delivered(stormy, 2)
    for task_id in ("s1", "s2"):
        await card_shows(stormy, task_id, "Done")
    calls = await world.calls_to(5000)
    refused = [call["time"] for call in _refused(calls)]
    assert max(refused) - min(refused) > 4.9
    assert too_early(calls) == []
    for task_id in ("s1", "s2"):
        assert_never_backwards(calls, task_id)


async def delay_of(world: World, task_id: str, chat_id: int) -> float:
    """Seconds from the gateway's last word about the task to the media in the chat."""
    shown = [call for call in await world.calls_to(chat_id) if call["method"] == "editMessageMedia"]
    return float(shown[-1]["time"] - (await world.questions(task_id))[-1]["time"])


def assert_never_backwards(calls: Sequence[Json], task_id: str) -> None:
    texts = [call["params"]["text"] for call in calls if call["method"] == "editMessageText" and call["status"] == 200]
    order = [STATES.index(next(state for state in STATES if state in text)) for text in texts if f">{task_id}<" in text]
    assert order == sorted(order)
    assert order[-1] == len(STATES) - 1


async def test_a_new_start_does_not_forget_that_a_chat_has_to_wait(world: World) -> None:
    person, other = await world.person(5000), await world.person(5001)
    await person.tell("tasks", provider="token360", id="t1", pace=4)
    await person.tell("faults", kind="429", method="editMessageText", chat_id=5000, retry_after=9)
    bot = await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await person.say("/track t1 token360")
    await refusal_of(world, 5000)
    await asyncio.sleep(0.5)  # written down by then
    await bot.kill()
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await person.say("/list")
    await other.say("/track t1 token360")
    await delivered(other)
    await delivered(person)
    await card_shows(person, "t1", "Done")
    calls = await world.calls_to(5000)
    assert too_early(calls) == []
    assert [call["method"] for call in calls].count("sendMessage") == 3
    others = [call["time"] for call in await world.calls_to(5001) if call["method"] == "editMessageMedia"]
    refused = next(_refused(calls))
    assert others[0] < calls[calls.index(refused) + 1]["time"], "the other chat waited too"


async def test_two_chats_that_have_to_wait_are_a_sign_for_all(world: World) -> None:
    person = await world.person()
    follow = {"provider": "token360", "kind": "video", "pace": 3}
    wait: Json = {"kind": "429", "method": "sendMessage", "skip": 1, "retry_after": 4}
    rows = [
        Row("one", "card, video", (wait,), {**follow, "id": "t1"}),
        Row("two", "card, video", (wait,), {**follow, "id": "t1"}),
        Row("three", "card, video", (), {**follow, "pace": 5}),
        Row("four", "card, header, photo, photo", (), {**ALBUM, "pace": 5}),
    ]
    board = Board(world, person, rows)
    await board.start()
    await board.ends_as_told()
    calls = await world.calls()
    refused = sorted(_refused(calls), key=lambda call: float(call["time"]))
    assert refused[1]["time"] - refused[0]["time"] < 1
    to_chats = [call for call in calls if "chat_id" in (call["params"] or {})]
    assert too_early(to_chats, refused[1:]) == []


async def test_a_file_that_is_ready_while_its_chat_has_to_wait_waits_as_well(world: World) -> None:
    person = await world.person(5000)
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    states = [{"after": after, "status": "in_progress", "progress": after * 10} for after in range(9)]
    await person.tell("tasks", provider="token360", id="t2", states=[*states, {"after": 9, "status": "completed"}])
    await person.tell("gateway-faults", provider="cdn", id="dawn.mp4", kind="hang", seconds=4)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await person.say("/track t2 token360")
    await person.say("/track t1 token360")
    await until(lambda: is_announced(person))
    await person.tell("faults", kind="429", method="editMessageText", chat_id=5000, retry_after=6)
    await delivered(person, 2)
    calls = await world.calls_to(5000)
    refused = next(_refused(calls))
    fetched = [call["time"] for call in (await person.ask("gateway-calls"))["calls"] if call["provider"] == "cdn"]
    assert refused["time"] < fetched[1] < refused["time"] + 5, "the file did not come while the chat had to wait"
    assert too_early(calls) == []


async def is_announced(person: Player) -> bool:
    return any("is ready" in (message["text"] or "") for message in await person.messages())
