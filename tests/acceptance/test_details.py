"""`/status`, the *Details* panel and *Check again*, as people press them."""

from typing import Any

from bot.tracking.seal import Seal
from sandbox.player import Player
from sandbox.servers import PERSON, TOKEN
from tests.acceptance.world import World, card_of, card_shows, delivered, texts_of_bot, until

Json = dict[str, Any]

FAILED: Json = {
    "provider": "token360",
    "id": "t1",
    "end": "failed",
    "pace": 0.3,
    "error": {"code": "E7", "message": "no such luck (request id: 4711)"},
}
OTHER = 7002
FIRST, SECOND = "video_69095b4ce004", "video_7a1c5e9d2b68"


async def press(person: Player, message: Json | None, verb: str, chat_id: int = PERSON) -> None:
    """As if that button hung below the message, whichever do by now."""
    assert message is not None
    data = Seal(TOKEN).closed(verb, chat_id)
    await person.tell("press", chat_id=chat_id, message_id=message["message_id"], data=data)


async def said(world: World, words: str) -> None:
    """Waits until somebody who pressed a button has seen these words."""

    async def look() -> bool:
        return any(words in str(call["params"].get("text")) for call in await world.calls("answerCallbackQuery"))

    await until(look)


async def panel_in(person: Player, *words: str) -> Json:
    async def look() -> Json | None:
        found = [m for m in await person.messages() if m["from_bot"] and "What happened" in str(m["text"])]
        return found[-1] if found and all(one in found[-1]["text"] for one in words) else None

    panel = await until(look)
    assert panel is not None
    return panel


async def test_details_and_check_again_of_a_failed_task(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", **FAILED)
    await world.start_bot()
    await person.say("/track t1")
    card = await card_shows(person, "t1", "no such luck")
    assert "4711" not in card["text"]

    await press(person, card, "details:1")
    panel = await panel_in(person, "E7", "no such luck (request id: 4711)", "in the queue", "UTC", "Kind: video")
    assert panel["reply_to"] == card["message_id"]
    assert [button["text"] for button in panel["buttons"][0]] == ["🔄 Refresh", "🔁 Check again", "📋 Copy ID"]

    await person.tell("tasks", **{**FAILED, "end": "succeeded"})
    await person.tell("press", chat_id=PERSON, message_id=panel["message_id"], button="🔁 Check again")
    await said(world, "Asking the gateway once more")
    await delivered(person)
    done = await card_shows(person, "t1", "Done")
    assert done["message_id"] == card["message_id"]

    await person.tell("press", chat_id=PERSON, message_id=panel["message_id"], button="🔄 Refresh")
    anew = await panel_in(person, "✅ done", "asked for once more", "Files: 1")
    assert anew["message_id"] == panel["message_id"]
    assert [button["text"] for button in anew["buttons"][0]] == ["🔄 Refresh", "📋 Copy ID"]
    await press(person, done, "again:1")
    await said(world, "/resend")
    assert len([m for m in await person.messages() if "What happened" in str(m["text"])]) == 1


async def test_a_stopped_task_is_taken_up_on_the_card_that_stands_there(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", end="stuck", pace=0.2)
    await world.start_bot()
    await person.say("/track t1")
    card = await card_shows(person, "t1", "80 %")
    await press(person, card, "again:1")
    await said(world, "This is being watched")
    await press(person, card, "stop:1")
    await card_shows(person, "t1", "Stopped watching")
    await person.say("/status t1")
    await panel_in(person, "stopped watching")

    await person.tell("tasks", provider="token360", id="t1", pace=0.2)
    await press(person, card, "again:1")
    await delivered(person)
    done = await card_shows(person, "t1", "Done")
    assert done["message_id"] == card["message_id"]


async def test_an_id_that_nobody_knew_can_be_asked_for_again(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    await person.say("/track t1 token360")
    card = await card_shows(person, "t1", "Check that it is complete")
    await person.tell("tasks", provider="token360", id="t1", pace=0.2)
    await press(person, card, "again:1")
    await delivered(person)
    assert card_of(await person.messages(), "t1")["message_id"] == card["message_id"]  # type: ignore[index]


async def test_status_is_of_this_chat_only_and_several_ids_are_several_panels(world: World) -> None:
    person, other = await world.person(), await world.person(OTHER)
    for task_id in (FIRST, SECOND):
        await person.tell("tasks", **{**FAILED, "id": task_id})
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS=f"{PERSON},{OTHER}")
    await person.say("/status", language_code="en")
    await person.say(f"/track {FIRST} {SECOND}")
    await card_shows(person, SECOND, "no such luck")
    card = await card_shows(person, FIRST, "no such luck")
    for words in (f"/status {FIRST} {SECOND} t3", "/status"):
        await person.say(words, **({} if FIRST in words else {"reply_to_message_id": card["message_id"]}))
    await other.say(f"/status {FIRST}", language_code="zh-hans")

    async def answered() -> list[str]:
        texts = texts_of_bot(await person.messages())
        return texts if sum("What happened" in text for text in texts) == 3 else []

    texts = await until(answered)
    assert any("Which ID? For example: /status" in text for text in texts)
    assert any("does not watch t3" in text for text in texts)

    async def refused() -> Json | None:
        return next((m for m in await other.messages() if m["from_bot"]), None)

    answer = await until(refused)
    assert answer is not None
    assert f"没有跟踪 {FIRST}" in answer["text"]
    for verb in ("details:1", "again:1", "details:99", "again:x"):
        await press(other, answer, verb, OTHER)

    async def outdated() -> bool:
        calls = await world.calls("answerCallbackQuery")
        return [call["params"]["text"].startswith("这里已不再跟踪") for call in calls] == [True] * 4

    await until(outdated)
