"""The status card while its task is open: buttons, times, reactions, and chats that want less of it."""

import asyncio
import itertools
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.world import World, card_shows, delivered, texts_of_bot, until

Json = dict[str, Any]

GROUP = -100500
TRACKER, MEMBER, ADMIN = 1001, 2001, 2002


async def press(person: Player, card: Json, button: str, chat_id: int = TRACKER, user_id: int = TRACKER) -> str:
    """Presses a button; the number of the question that the bot has to answer."""
    message_id = card["message_id"]
    pressed = await person.tell("press", chat_id=chat_id, user_id=user_id, message_id=message_id, button=button)
    return str(pressed["callback_query_id"])


async def toast(world: World, query_id: str) -> str:
    """Waits for what the person saw for a moment."""

    async def look() -> list[Json]:
        answers = await world.calls("answerCallbackQuery")
        return [call for call in answers if call["params"]["callback_query_id"] == query_id]

    (answer,) = await until(look)
    return str(answer["params"].get("text", ""))


def labels(message: Json) -> list[list[str]]:
    return [[button["text"] for button in row] for row in message["buttons"]]


OPEN = [["🔄 Refresh", "⏹ Stop watching"], ["📋 Copy ID"]]


async def test_whoever_tracks_a_task_may_stop_it(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", end="stuck")
    await world.start_bot()
    await person.say("/track t1 token360")
    card = await card_shows(person, "t1", "Token360")
    assert labels(card) == OPEN
    assert card["buttons"][1][0]["copy_text"] == {"text": "t1"}
    assert "Stopped watching" in await toast(world, await press(person, card, "⏹ Stop watching"))
    stopped = await card_shows(person, "t1", "Stopped watching")
    assert stopped["message_id"] == card["message_id"]
    assert labels(stopped) == [["🔁 Check again"], ["📋 Copy ID"]]
    asked = len(await world.questions("t1"))
    await asyncio.sleep(1)
    assert len(await world.questions("t1")) <= asked + 1


@pytest.mark.long
async def test_in_a_group_only_the_tracker_and_admins_may_stop_a_task(world: World) -> None:
    group = await world.person(GROUP, user_id=TRACKER)
    await group.tell("chat", id=GROUP, type="supergroup", title="Studio", admins=[ADMIN])
    for task_id in ("t1", "t2"):
        await group.tell("tasks", provider="token360", id=task_id, end="stuck")
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for task_id in ("t1", "t2"):
        await group.say(f"/track {task_id} token360")
    one, two = [await card_shows(group, task_id, "Rendering") for task_id in ("t1", "t2")]
    refused = await toast(world, await press(group, one, "⏹ Stop watching", GROUP, MEMBER))
    assert "Only whoever tracks this" in refused
    assert "Stopped" in await toast(world, await press(group, two, "⏹ Stop watching", GROUP, ADMIN))
    await card_shows(group, "t2", "Stopped watching")
    assert labels(await card_shows(group, "t1", "Rendering")) == OPEN
    assert "Stopped" in await toast(world, await press(group, one, "⏹ Stop watching", GROUP, TRACKER))
    await card_shows(group, "t1", "Stopped watching")


async def test_a_refresh_asks_the_gateway_soon_and_hammering_it_asks_no_more(world: World) -> None:
    person = await world.person()
    states = [
        {"after": 0, "status": "in_progress", "progress": 20},
        {"after": 1, "status": "in_progress", "progress": 70},
    ]
    await person.tell("tasks", provider="token360", id="t1", end="stuck", states=states)
    await world.start_bot(POLL_INTERVAL="600", POLL_MAX_INTERVAL="600")
    await person.say("/track t1 token360")
    card = await card_shows(person, "t1", "20 %")
    for _ in range(20):
        query_id = await press(person, card, "🔄 Refresh")
    assert "Asking the gateway" in await toast(world, query_id)
    await card_shows(person, "t1", "70 %")
    times = [call["time"] for call in await world.questions("t1")]
    assert len(times) == 2
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 2.5


async def test_a_refresh_does_not_break_into_a_pause_that_the_gateway_wants(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", end="stuck")
    await world.start_bot()
    await person.say("/track t1 token360")
    card = await card_shows(person, "t1", "Token360")
    await person.tell("gateway-faults", provider="token360", kind="429", retry_after=4)

    async def paused() -> list[Json]:
        return [call for call in await world.questions("t1") if call["fault"] == "429"]

    (refused,) = await until(paused)
    for _ in range(5):
        await toast(world, await press(person, card, "🔄 Refresh"))

    async def asked_again() -> list[Json]:
        return [call for call in await world.questions("t1") if call["n"] > refused["n"]]

    assert (await until(asked_again))[0]["time"] - refused["time"] > 3.5


async def test_a_refresh_of_what_has_ended_says_so(world: World) -> None:
    """A phone may still show the buttons of a moment ago."""
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=2)
    await world.start_bot()
    await person.say("/track t1 token360")
    card = await card_shows(person, "t1", "Token360")
    await delivered(person)
    done = await card_shows(person, "t1", "Done")
    assert labels(done) == [["📋 Copy ID"]]
    old = {"chat_id": TRACKER, "message_id": card["message_id"], "data": card["buttons"][0][0]["callback_data"]}
    pressed = await person.tell("press", **old)
    assert "has ended" in await toast(world, pressed["callback_query_id"])
    assert (await card_shows(person, "t1", "Done"))["edits"] == done["edits"]


async def test_a_quiet_card_is_drawn_anew_now_and_then(world: World) -> None:
    person = await world.person()
    states = [{"after": 0, "status": "in_progress"}]
    await person.tell("tasks", provider="token360", id="t1", end="stuck", states=states)
    bot = await world.start_bot()
    await person.say("/track t1 token360")
    card = await card_shows(person, "t1", "Rendering")
    assert await bot.stop() == 0
    let_pass(world, 600)
    await world.start_bot()
    later = await card_shows(person, "t1", "No change for 10 min; still watching")
    assert "Rendering · 10 min so far" in later["text"]
    assert (later["message_id"], later["edits"]) == (card["message_id"], card["edits"] + 1)
    edits = len(await world.calls("editMessageText"))
    await asyncio.sleep(1)
    assert len(await world.calls("editMessageText")) == edits


def let_pass(world: World, seconds: float) -> None:
    """While no bot runs: all that is written down happened so much earlier."""
    with closing(sqlite3.connect(world.database)) as connection:
        connection.execute("UPDATE tasks SET created_at = created_at - ?1, changed_at = changed_at - ?1", (seconds,))
        connection.execute("UPDATE outbox SET not_before = not_before - ? WHERE not_before > 0", (seconds,))
        connection.commit()


async def test_the_estimate_comes_from_what_such_renders_took(world: World) -> None:
    person = await world.person()
    for number in range(3):
        await person.tell("tasks", provider="token360", id=f"t{number}", pace=1)
    states = [{"after": 0, "status": "in_progress"}]
    await person.tell("tasks", provider="token360", id="t9", end="stuck", states=states)
    await world.start_bot()
    for number in range(3):
        await person.say(f"/track t{number} token360")
    await delivered(person, 3)
    await person.say("/track t9 token360")
    await card_shows(person, "t9", "Rendering · usually less than a minute")


async def test_a_reply_to_the_finished_video_is_enough_to_have_it_again(world: World) -> None:
    person = await world.person()
    extra = {"prompt": "a cat, seed task_01k74ynm13exf9ha36zz7820hv", "created_at": int(time.time()) - 60}
    await person.tell("tasks", provider="token360", id="vid_8hq2m4", pace=0.3, extra=extra)
    await world.start_bot()
    await person.say("/track vid_8hq2m4")
    (video,) = await delivered(person)
    assert video["caption"].startswith("✅ ")
    assert video["caption"].endswith("s\nvid_8hq2m4")
    assert "3 s long · made in" in video["caption"]
    await person.say("/resend", reply_to_message_id=video["message_id"])
    one, two = await delivered(person, 2)
    assert one["media"]["file_id"] == two["media"]["file_id"]


async def reactions(person: Player, message_id: int) -> list[str]:
    (message,) = [message for message in await person.messages() if message["message_id"] == message_id]
    return list(message["reactions"])


async def reacted(person: Player, message_id: int, emoji: str) -> None:
    async def look() -> bool:
        return await reactions(person, message_id) == [emoji]

    await until(look)


async def test_the_command_shows_whether_all_that_it_asked_for_is_done(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await person.tell("tasks", provider="token360", id="t2", pace=4)
    await person.tell("tasks", provider="token360", id="f1", end="failed", pace=0.3)
    await world.start_bot()
    both = await person.say("/track t1 t2 token360")
    failing = await person.say("/track f1 token360")
    await reacted(person, both, "👀")
    await reacted(person, failing, "👎")
    await delivered(person, 2)
    await reacted(person, both, "🎉")
    calls = [call["params"] for call in await world.calls("setMessageReaction")]
    shown = [call["reaction"][0]["emoji"] for call in calls if call["message_id"] == both]
    assert shown == ["👀", "🎉"]


@pytest.mark.parametrize(
    "refusal",
    [
        {"code": 404, "description": "Not Found: method not found"},
        {"code": 403, "description": "Forbidden: bot was blocked by the user"},
        {"code": 400, "description": "Bad Request: REACTION_INVALID"},
    ],
)
async def test_where_there_are_no_reactions_everything_else_goes_on(world: World, refusal: Json) -> None:
    person = await world.person()
    await person.tell("faults", method="setMessageReaction", kind="error", times=99, **refusal)
    await person.tell("tasks", provider="token360", id="t1", pace=1.5)
    await world.start_bot()
    began = time.monotonic()
    await person.say("/track t1 token360")
    await delivered(person)
    assert time.monotonic() - began < 20
    await card_shows(person, "t1", "Done")
    assert await world.calls("setMessageReaction")


@pytest.mark.parametrize(("notify", "is_silent"), [("end", False), ("silent", True)])
async def test_a_chat_that_wants_less_is_told_only_where_a_task_stands(
    world: World, notify: str, *, is_silent: bool
) -> None:
    person = await world.person()
    progress = [{"after": step / 2, "status": "in_progress", "progress": 12 * step} for step in range(8)]
    states = [*progress, {"after": 4, "status": "completed"}]
    await person.tell("tasks", provider="token360", id="t1", states=states)
    await world.start_bot()
    await person.say("/help")
    await until(lambda: _answered(person))
    with closing(sqlite3.connect(world.database, timeout=10)) as connection:
        connection.execute("INSERT INTO choices (chat_id, notify) VALUES (?, ?)", (TRACKER, notify))
        connection.commit()
    await person.say("/track t1 token360")
    (video,) = await delivered(person)
    assert video["silent"] == is_silent
    await card_shows(person, "t1", "Done")
    # Seven steps of progress, of which at most the first is shown: the state has changed only there.
    shown = [call["params"]["text"] for call in await world.calls("sendMessage", "editMessageText")]
    assert sum("Rendering" in text for text in shown) <= 1


async def _answered(person: Player) -> bool:
    return bool(texts_of_bot(await person.messages()))
