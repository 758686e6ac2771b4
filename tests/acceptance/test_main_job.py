"""`/track ID` → card → finished media in the chat, on each of the five endpoints."""

import asyncio
import hashlib
import itertools
from typing import Any

import pytest

from sandbox.media import Media
from sandbox.player import Player
from tests.acceptance.world import World, card_of, card_shows, media_in, texts_of_bot, until

Json = dict[str, Any]

ENDPOINTS: list[Json] = [
    {"provider": "apipod", "id": "11111111-7da1-4128-8e30-7ea3d81446b3", "outputs": ["noon.mp4"]},
    {"provider": "apipod", "id": "22222222-7da1-4128-8e30-7ea3d81446b3", "kind": "image", "outputs": ["dawn.png"]},
    {"provider": "token360", "id": "vid_token", "outputs": ["dawn.mp4"], "last_frame": "noon-last-frame.png"},
    {"provider": "octopusx", "id": "sora-2:task_01k74ynm13exf9ha36zz7820hv", "outputs": ["dusk.mp4"]},
    {"provider": "ai_nebula", "id": "video_69095b4ce0048190893a01510c0c98b1", "outputs": ["night.mp4"]},
    {"provider": "ai_nebula", "id": "video_69095b4ce0048190893a01510c0c98b2", "outputs": ["night.mp4"], "fetch": True},
]


def wanted(media: Media, task: Json) -> list[str]:
    names = [*task["outputs"], *([task["last_frame"]] if "last_frame" in task else [])]
    return [media.sha256(name) for name in names]


def finished(person: Player, count: int) -> Any:
    async def look() -> list[Json]:
        shown = media_in(await person.messages())
        return shown if len(shown) >= count and all(m["media"]["size"] > 1000 for m in shown) else []

    return look


def has_link(message: Json) -> bool:
    return any("url" in button for row in message["buttons"] for button in row)


@pytest.mark.parametrize("task", ENDPOINTS, ids=lambda task: f"{task['provider']}-{task['id'][:9]}")
async def test_each_endpoint_ends_in_the_chat(world: World, media: Media, task: Json) -> None:
    person = await world.person()
    await person.tell("tasks", **task, pace=1.2)
    await world.start_bot()
    command = await person.say(f"/track {task['id']}")
    prints = wanted(media, task)
    shown = await until(finished(person, len(prints)))
    assert [message["media"]["sha256"] for message in shown] == prints
    assert all(message["reply_to"] == command for message in shown)
    assert [message["silent"] for message in shown] == [False, True][: len(shown)]

    async def closed() -> Json | None:
        card = card_of(await person.messages(), task["id"])
        return card if card and "Done" in card["text"] else None

    card = await until(closed)
    assert card is not None
    assert card["reply_to"] == command
    assert card["edits"] > 0


async def test_a_video_is_a_real_one_with_its_geometry(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="octopusx", id="t1", outputs=["dusk.mp4"], pace=0.5)
    await world.start_bot()
    await person.say("/track t1")
    (message,) = await until(finished(person, 1))
    video = message["media"]
    assert (video["kind"], video["width"], video["height"], video["duration"]) == ("video", 360, 640, 3)
    assert video["file_name"].endswith(".mp4")
    (call,) = await world.calls("editMessageMedia")
    assert call["params"]["media"]["supports_streaming"] is True


async def test_several_pictures_are_one_album_below_one_line(world: World, media: Media) -> None:
    person = await world.person()
    names = ["dawn.png", "noon.png", "dusk.jpg"]
    await person.tell("tasks", provider="apipod", id="i1", kind="image", outputs=names, pace=0.5)
    await world.start_bot()
    command = await person.say("/track i1 apipod image")
    shown = await until(finished(person, 3))
    assert [message["media"]["sha256"] for message in shown] == [media.sha256(name) for name in names]
    assert len({message["media_group_id"] for message in shown}) == 1
    assert all(message["reply_to"] == command for message in shown)
    loud = [m for m in await person.messages() if m["from_bot"] and not m["silent"]]
    assert [m["text"] for m in loud] == ["✅ APIPod: 3 files are ready"]


async def test_the_card_follows_the_task_and_never_goes_back(world: World) -> None:
    person = await world.person()
    states = [
        {"after": 0, "status": "queued", "progress": 0},
        {"after": 1.5, "status": "in_progress", "progress": 30},
        {"after": 3.0, "status": "queued", "progress": 10},
        {"after": 4.5, "status": "in_progress", "progress": 70},
        {"after": 6.0, "status": "completed", "progress": 100},
    ]
    await person.tell("tasks", provider="token360", id="t1", states=states)
    await world.start_bot()
    await person.say("/track t1 token360")
    await until(finished(person, 1))
    edits = [call["params"]["text"] for call in await world.calls("editMessageText")]
    order = [
        next(step for step, sign in enumerate(("queue", "30 %", "70 %", "Done")) if sign in text)
        for text in edits
        if "Asking" not in text
    ]
    assert order == sorted(order)
    assert len(set(edits)) == len(edits)
    assert any("30 %" in text for text in edits)
    assert all(call["params"].get("disable_notification") for call in (await world.calls("sendMessage"))[:1])


@pytest.mark.parametrize(
    ("task", "sign", "said"),
    [
        (
            {"provider": "ai_nebula", "end": "failed", "error": {"code": 400, "message": "Prompt <b>rejected</b>"}},
            "❌",
            ["Prompt <b>rejected</b>", "400"],
        ),
        (
            {"provider": "token360", "end": "failed", "error": {"code": "E7", "message": "blocked"}},
            "❌",
            ["blocked", "E7"],
        ),
        ({"provider": "apipod", "end": "cancelled"}, "🚫", ["Cancelled"]),
        ({"provider": "octopusx", "states": [{"after": 0, "status": "expired"}]}, "⌛", ["Expired"]),
    ],
)
async def test_a_bad_end_is_told_in_plain_words_and_with_a_sound(
    world: World, task: Json, sign: str, said: list[str]
) -> None:
    person = await world.person()
    await person.tell("tasks", **task, id="t1", pace=0.5)
    await world.start_bot()
    await person.say("/track t1")

    card = await card_shows(person, "t1", sign)
    assert all(word in card["text"] for word in said)

    async def sounded() -> list[Json]:
        return [m for m in await person.messages() if m["from_bot"] and not m["silent"]]

    (line,) = await until(sounded)
    assert line["text"].startswith(sign)
    assert not media_in(await person.messages())


async def test_several_chats_follow_one_task_with_one_poll_and_one_upload(world: World, media: Media) -> None:
    one, two = await world.person(), await world.person(7002)
    await one.tell("tasks", provider="token360", id="t1", outputs=["noon.mp4"], pace=4)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    await one.say("/track t1")

    async def known() -> bool:
        card = card_of(await one.messages(), "t1")
        return bool(card) and "Token360" in str(card and card["text"])

    await until(known)
    await two.say("/track t1")
    for person in (one, two):
        (message,) = await until(finished(person, 1))
        assert message["media"]["sha256"] == media.sha256("noon.mp4")
    questions = await world.questions("t1")
    asked = [call["time"] for call in questions if call["provider"] == "token360"]
    assert min(later - earlier for earlier, later in itertools.pairwise(asked)) > 0.15
    uploads = [call for call in await world.calls("editMessageMedia") if "sha256" in str(call["params"])]
    assert len(uploads) == 1


async def test_who_asks_for_a_finished_task_gets_it_again_without_a_new_upload(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.2)
    await world.start_bot()
    await person.say("/track t1")
    await until(finished(person, 1))
    again = await person.say("/track t1")
    shown = await until(finished(person, 2))
    assert shown[1]["reply_to"] == again
    assert shown[0]["media"]["file_id"] == shown[1]["media"]["file_id"]


async def test_an_impatient_second_command_does_not_bring_the_media_twice(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.2)
    await person.tell("faults", method="editMessageMedia", kind="delay", seconds=3)
    await world.start_bot()
    await person.say("/track t1")

    async def announced() -> bool:
        return any("is ready" in text for text in texts_of_bot(await person.messages()))

    await until(announced)
    await person.say("/track t1")
    await until(finished(person, 1))
    await asyncio.sleep(3)
    assert len(media_in(await person.messages())) == 1


async def test_a_second_command_for_a_running_task_points_to_its_card(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", end="stuck")
    await world.start_bot()
    await person.say("/track t1")
    await until(lambda: _card(person, "t1"))
    again = await person.say("/track t1")

    async def answered() -> list[Json]:
        return [m for m in await person.messages() if m["reply_to"] == again]

    (answer,) = await until(answered)
    assert "Already watching" in answer["text"]


async def _card(person: Player, task_id: str) -> Json | None:
    return card_of(await person.messages(), task_id)


async def _said(person: Player, words: str) -> bool:
    return any(words in text for text in texts_of_bot(await person.messages()))


async def test_list_untrack_and_track_again(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", end="stuck")
    await world.start_bot()
    await person.say("/list")
    await until(lambda: _said(person, "Nothing is watched"))  # a list shows what is so when it is sent
    await person.say("/track t1")
    await person.say("/list")
    await until(lambda: _card(person, "t1"))
    await person.say("/untrack t1")
    await person.say("/untrack t1")
    await person.say("/list")

    async def all_answered() -> list[str]:
        texts = texts_of_bot(await person.messages())
        return texts if len(texts) >= 6 else []

    texts = await until(all_answered)
    answers = [text for text in texts if not text.endswith("t1") or "does not watch" in text]
    assert answers[0].startswith("Nothing is watched")
    assert any("Stopped watching t1. The render itself goes on" in text for text in texts)
    assert any("does not watch t1" in text for text in texts)
    card = card_of(await person.messages(), "t1")
    assert card is not None
    asked = len(await world.questions("t1"))
    await person.say("/track t1")

    async def asked_again() -> bool:
        return len(await world.questions("t1")) > asked + 1

    await until(asked_again)


async def test_every_command_gets_exactly_one_answer(world: World) -> None:
    people = [await world.person(8000 + number) for number in range(25)]
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    commands = [(person, await person.say(text)) for text in ("/help", "/list", "/untrack x") for person in people]

    async def all_answered() -> bool:
        return all([len(texts_of_bot(await person.messages())) >= 3 for person in people])

    await until(all_answered)
    for person, command in commands:
        assert len([m for m in await person.messages() if m["reply_to"] == command]) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_start_and_help_in_both_languages(world: World, language: str) -> None:
    person = await world.person()
    await world.start_bot(DEFAULT_LANGUAGE=language)
    await person.say("/start")
    await person.say("/help")
    await person.say("hello there")
    await person.say("/unheardof")

    async def all_answered() -> list[str]:
        texts = texts_of_bot(await person.messages())
        return texts if len(texts) == 4 else []

    texts = await until(all_answered)
    assert all("apipod" in text for text in texts[:2])
    assert all(command in texts[1] for command in ("/track", "/list", "/untrack"))
    assert ("跟踪" in texts[1]) == (language == "zh")


async def test_a_file_that_is_too_large_ends_as_a_link(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=["big-60000000.mp4"], pace=0.2)
    await world.start_bot()
    await person.say("/track t1")

    async def linked() -> Json | None:
        return next((m for m in await person.messages() if has_link(m)), None)

    message = await until(linked)
    assert message is not None
    assert "60 MB" in message["text"]
    assert message["buttons"][0][0]["url"].endswith("/files/big-60000000.mp4")


async def test_a_file_that_telegram_refuses_goes_as_a_document_and_then_as_a_link(world: World) -> None:
    person = await world.person()
    refusal = {"method": "editMessageMedia", "kind": "error", "code": 400, "description": "Bad Request: MEDIA_INVALID"}
    for task_id, refusals in (("t1", 1), ("t2", 9)):
        await person.tell("tasks", provider="token360", id=task_id, pace=0.2)
        await person.tell("faults", **refusal, times=refusals)
        if task_id == "t1":
            await world.start_bot()
        await person.say(f"/track {task_id}")
        if task_id == "t1":
            (message,) = await until(finished(person, 1))
            assert message["media"]["kind"] == "document"
            await person.take_back("faults")

    async def linked() -> Json | None:
        return next((m for m in await person.messages() if has_link(m)), None)

    message = await until(linked)
    assert message is not None
    assert "did not take the file" in message["text"]


@pytest.mark.parametrize("url", ["http://localhost:1/v.mp4", "http://127.0.0.1:1/v.mp4", "https://10.0.0.1/v.mp4"])
async def test_a_result_at_a_forbidden_address_is_not_fetched_and_not_silence(world: World, url: str) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=[url], pace=0.2)
    await world.start_bot()
    await person.say("/track t1")

    async def told() -> bool:
        return any("could not be" in text for text in texts_of_bot(await person.messages()))

    await until(told)
    assert media_in(await person.messages()) == []


async def test_an_expired_link_is_said_to_be_expired(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", link_life=-5, pace=0.2)
    await world.start_bot()
    await person.say("/track t1")

    async def told() -> bool:
        return any("link has expired" in text for text in texts_of_bot(await person.messages()))

    await until(told)


async def test_answers_keep_their_order_and_stay_in_their_topic(world: World) -> None:
    group = await world.person(-100500, user_id=1001)
    await group.tell("chat", id=-100500, type="supergroup", title="Studio", topics=[7])
    await group.tell("tasks", provider="token360", id="t1", pace=0.5)
    await world.start_bot()
    command = await group.say("/track@rushes_sandbox_bot t1", message_thread_id=7)
    (message,) = await until(finished(group, 1))
    assert message["reply_to"] == command
    assert {m["thread_id"] for m in await group.messages()} == {7}


def test_the_fingerprints_are_real(media: Media) -> None:
    path = media.path("dawn.png")
    assert path is not None
    assert media.sha256("dawn.png") == hashlib.sha256(path.read_bytes()).hexdigest()
