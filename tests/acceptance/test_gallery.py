"""Inline mode: somebody's own finished media in any chat, without another upload."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.world import World, delivered, media_in, until

Json = dict[str, Any]

HOSTILE = '<b>cat</b> & <a href="http://evil.example">x</a> \u202e😀' + "&amp;" * 400


async def offered(person: Player, query: str = "", user_id: int = 1001, **more: Any) -> Json:
    """What the bot offers to somebody who types this; `id` is that of the question."""
    asked = await person.tell("inline", user_id=user_id, query=query, **more)

    async def look() -> Json | None:
        answer = (await person.ask(f"inline/{asked['inline_query_id']}"))["answer"]
        return {"id": asked["inline_query_id"], **answer} if answer else None

    answer = await until(look)
    assert answer is not None
    return answer


async def all_finished(person: Player, count: int) -> list[Json]:
    """Waits until so many results are found; they are once they are written down as delivered."""

    async def look() -> list[Json]:
        results: list[Json] = (await offered(person))["results"]
        return results if len(results) >= count else []

    return await until(look)


async def test_ones_own_media_in_any_chat_without_an_upload(world: World) -> None:
    person = await world.person()
    video = {"provider": "token360", "id": "t1", "extra": {"prompt": "A cat on a wall", "model": "seedance-2.0"}}
    await person.tell("tasks", **video, pace=0.3)
    await person.tell("tasks", provider="apipod", id="i1", kind="image", outputs=["dawn.png"], pace=0.3)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="1001,1003")
    nothing = await offered(person)
    assert (nothing["results"], nothing["button"]["start_parameter"]) == ([], "inline")
    await person.say("/track t1 token360")
    shown = {m["media"]["kind"]: m["media"] for m in await delivered(person)}
    await person.say("/track i1 apipod image")
    shown |= {m["media"]["kind"]: m["media"] for m in await delivered(person, 2)}

    picture, clip = await all_finished(person, 2)
    assert (picture["type"], picture["photo_file_id"]) == ("photo", shown["photo"]["file_id"])
    assert (clip["type"], clip["video_file_id"]) == ("video", shown["video"]["file_id"])
    assert clip["title"] == "seedance-2.0: A cat on a wall"
    assert clip["caption"] == "<b>seedance-2.0</b> · Token360\n<blockquote expandable>A cat on a wall</blockquote>"
    assert picture["title"] == "APIPod: i1"

    found = await offered(person, "CAT seedance")
    assert [result["id"] for result in found["results"]] == [clip["id"]]
    assert (found["is_personal"], found["next_offset"], found["button"]) == (True, "", None)
    missed = await offered(person, "dog", language_code="zh-hans")
    assert missed["results"] == []
    assert "没有找到" in missed["button"]["text"]

    before = len(await world.calls())
    await person.tell("choose", inline_query_id=found["id"], result_id=clip["id"], chat_id=-100_777)
    (sent,) = media_in((await person.ask("chats/-100777"))["messages"])
    assert sent["media"]["file_id"] == shown["video"]["file_id"]
    assert sent["caption"] == "seedance-2.0 · Token360\nA cat on a wall"
    for user_id in (1003, 6666):  # somebody else who is let in, and a stranger
        assert (await offered(person, "cat", user_id=user_id))["results"] == []
    called = {call["method"] for call in (await world.calls())[before:]}
    assert called <= {"getUpdates", "answerInlineQuery", "editMessageText", "setMyCommands"}
    assert (await world.calls("answerInlineQuery"))[-1]["params"]["cache_time"] == 60


async def test_what_was_chosen_into_the_chat_with_the_bot_is_no_command(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await world.start_bot()
    await person.say("/track t1 token360")
    (result,) = await all_finished(person, 1)
    answer = await offered(person)
    chosen = await person.tell("choose", inline_query_id=answer["id"], result_id=result["id"], chat_id=1001)
    command = await person.say("/help")  # a chat's messages are answered in their order
    await until(lambda: _answers_to(person, command))
    assert await _answers_to(person, chosen["message_id"]) == []


async def _answers_to(person: Player, command: int) -> list[Json]:
    return [m for m in await person.messages() if m["from_bot"] and m["reply_to"] == command]


async def test_a_hostile_prompt_stays_a_prompt(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", extra={"prompt": HOSTILE, "model": "<i>m"}, pace=0.3)
    await world.start_bot()
    await person.say("/track t1 token360")
    await delivered(person)
    (result,) = await all_finished(person, 1)
    assert result["title"].startswith('<i>m: <b>cat</b> & <a href="http://evil.example">x</a> 😀')
    assert len(result["title"]) <= 100
    answer = await offered(person, "<b>CAT</b> &")
    await person.tell("choose", inline_query_id=answer["id"], result_id=result["id"], chat_id=-100_777)
    (sent,) = media_in((await person.ask("chats/-100777"))["messages"])
    assert (
        sent["caption"]
        .replace("\u2060", "")
        .startswith('<i>m · Token360\n<b>cat</b> & <a href="http://evil.example">x</a>')
    )
    assert {entity["type"] for entity in sent["entities"]} == {"bold", "expandable_blockquote"}


COPIES = """
INSERT INTO tasks (provider, account, kind, external_id, snapshot, ending, created_at, changed_at, deadline)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 69)
SELECT provider, account, kind, 'copy' || i, snapshot, ending, created_at, changed_at, deadline FROM n, tasks;
INSERT INTO subscriptions (task_id, chat_id, user_id, created_at)
SELECT t.id, 1001, 1001, 0 FROM tasks t WHERE t.external_id LIKE 'copy%';
INSERT INTO outbox (subscription_id, chat_id, kind, outputs, state, created_at)
SELECT s.id, 1001, 'result', '[0]', 'sent', 0 FROM subscriptions s JOIN tasks t ON t.id = s.task_id
WHERE t.external_id LIKE 'copy%';
INSERT INTO files (task_id, output, form, file_id)
SELECT t.id, 0, f.form, f.file_id FROM tasks t, files f WHERE t.external_id LIKE 'copy%';
"""


async def test_a_long_list_goes_on_where_it_ended(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="apipod", id="i1", kind="image", outputs=["dawn.png"], pace=0.2)
    await world.start_bot()
    await person.say("/track i1 apipod image")
    await delivered(person)
    await all_finished(person, 1)
    with closing(sqlite3.connect(world.database, timeout=10)) as connection:
        connection.executescript(COPIES)
    pages = [await offered(person)]
    while pages[-1]["next_offset"]:
        pages.append(await offered(person, offset=pages[-1]["next_offset"]))
    assert [len(page["results"]) for page in pages] == [30, 30, 10]
    assert len({result["id"] for page in pages for result in page["results"]}) == 70
    assert {page["button"] for page in pages} == {None}
    assert len((await offered(person, offset="nonsense"))["results"]) == 30


async def test_whoever_goes_on_typing_gets_the_answer_to_the_last_letter(world: World) -> None:
    person = await world.person()
    await person.tell("faults", method="answerInlineQuery", kind="delay", seconds=4)
    await world.start_bot()
    typed = [(await person.tell("inline", user_id=1001, query=text))["inline_query_id"] for text in ("c", "ca", "cat")]

    async def answered() -> bool:
        return bool((await person.ask(f"inline/{typed[-1]}"))["answer"])

    await until(answered)
    assert (await person.ask(f"inline/{typed[1]}"))["answer"] is None


@pytest.mark.parametrize("fault", [{"kind": "error", "code": 404, "description": "Not Found"}, {"kind": "429"}])
async def test_an_answer_that_telegram_does_not_take_holds_up_nothing(world: World, fault: Json) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.2)
    await person.tell("faults", method="answerInlineQuery", retry_after=3600, **fault)
    await world.start_bot()
    for letter in "cats":
        await person.tell("inline", user_id=1001, query=letter)
    await until(lambda: world.calls("answerInlineQuery"))
    await person.say("/track t1 token360")
    await delivered(person, patience=15)
