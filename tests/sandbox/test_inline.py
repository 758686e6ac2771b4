"""Inline mode: somebody types, the bot offers files that Telegram holds, one of them is chosen."""

from pathlib import Path
from typing import Any

import pytest
from telegram import (
    Bot,
    InlineQueryResult,
    InlineQueryResultArticle,
    InlineQueryResultCachedAudio,
    InlineQueryResultCachedDocument,
    InlineQueryResultCachedPhoto,
    InlineQueryResultCachedVideo,
    InlineQueryResultsButton,
    InputFile,
    InputTextMessageContent,
)

from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON
from tests.sandbox.asking import refusal

Json = dict[str, Any]

OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


def path_of(media: Media, name: str) -> Path:
    path = media.path(name)
    assert path is not None
    return path


async def video(api: Bot, media: Media) -> str:
    file = InputFile(path_of(media, "dawn.mp4").read_bytes(), filename="dawn.mp4")
    sent = await api.send_video(PERSON, file)
    assert sent.video is not None
    return sent.video.file_id


async def picture(api: Bot, media: Media) -> str:
    sent = await api.send_photo(PERSON, path_of(media, "dawn.png").read_bytes(), filename="dawn.png")
    return sent.photo[-1].file_id


async def typed(person: Player, **more: Any) -> str:
    asked = await person.tell("inline", user_id=PERSON, **more)
    return str(asked["inline_query_id"])


async def test_what_somebody_types_is_an_update(api: Bot, person: Player) -> None:
    query_id = await typed(person, query="dawn", offset="7", chat_type="supergroup", language_code="zh-hans")
    *_, last = await api.get_updates(allowed_updates=["inline_query"])
    assert last.inline_query is not None
    assert (last.inline_query.id, last.inline_query.query, last.inline_query.offset) == (query_id, "dawn", "7")
    assert (last.inline_query.from_user.id, last.inline_query.from_user.language_code) == (PERSON, "zh-hans")
    assert last.inline_query.chat_type == "supergroup"
    assert (await api.get_me()).supports_inline_queries
    assert await person.ask(f"inline/{query_id}") == {"answer": None}


async def test_what_is_offered_and_chosen_stands_in_another_chat(api: Bot, person: Player, media: Media) -> None:
    file_id = await video(api, media)
    query_id = await typed(person)
    result = InlineQueryResultCachedVideo("a", file_id, "Dawn", caption="<b>dawn</b>", parse_mode="HTML")
    button = InlineQueryResultsButton("Open", start_parameter="inline")
    assert await api.answer_inline_query(query_id, [result], 10, is_personal=True, next_offset="3-0", button=button)
    answer = (await person.ask(f"inline/{query_id}"))["answer"]
    assert [one["video_file_id"] for one in answer["results"]] == [file_id]
    assert (answer["next_offset"], answer["cache_time"], answer["is_personal"]) == ("3-0", 10, True)
    assert answer["button"] == {"text": "Open", "start_parameter": "inline"}

    told = await person.tell("choose", inline_query_id=query_id, result_id="a", chat_id=-5)
    (message,) = (await person.ask("chats/-5"))["messages"]
    assert (message["message_id"], message["from"], message["from_bot"]) == (told["message_id"], PERSON, False)
    assert (message["caption"], message["media"]["file_id"]) == ("dawn", file_id)
    *_, last = await api.get_updates()
    assert last.message is not None
    assert last.message.via_bot == await api.get_me()


@pytest.mark.parametrize(
    ("ids", "complaint"),
    [
        (["a", "a"], "RESULT_ID_DUPLICATE"),
        (["x" * 65], "RESULT_ID_INVALID"),
        ([""], "RESULT_ID_INVALID"),
        ([str(number) for number in range(51)], "too many inline query results specified"),
    ],
)
async def test_results_are_few_and_told_apart(
    api: Bot, person: Player, media: Media, ids: list[str], complaint: str
) -> None:
    file_id, query_id = await picture(api, media), await typed(person)
    results = [InlineQueryResultCachedPhoto(one, file_id) for one in ids]
    assert await refusal(person, api.answer_inline_query(query_id, results)) == f"Bad Request: {complaint}"
    assert await person.ask(f"inline/{query_id}") == {"answer": None}


async def test_files_are_known_and_of_the_right_kind(api: Bot, person: Player, media: Media) -> None:
    file_id, query_id = await picture(api, media), await typed(person)
    wrong: list[tuple[InlineQueryResult, str]] = [
        (InlineQueryResultCachedPhoto("a", "AgACunknown"), "wrong file identifier/HTTP URL specified"),
        (InlineQueryResultCachedVideo("a", file_id, "Dawn"), "can't use file of type Photo as Video"),
        (InlineQueryResultCachedAudio("a", file_id), "can't use file of type Photo as Audio"),
        (
            InlineQueryResultCachedDocument("a", " ", file_id),
            "can't parse inline query result: Can't find field \"title\"",
        ),
        (InlineQueryResultCachedPhoto("a", file_id, caption="x" * 1025), "message caption is too long"),
        (
            InlineQueryResultArticle("a", "Dawn", InputTextMessageContent("dawn")),
            "can't parse inline query result: unsupported type specified",
        ),
    ]
    for result, complaint in wrong:
        assert await refusal(person, api.answer_inline_query(query_id, [result])) == f"Bad Request: {complaint}"
    broken = InlineQueryResultCachedPhoto("a", file_id, caption="<b>", parse_mode="HTML")
    assert "can't parse entities" in await refusal(person, api.answer_inline_query(query_id, [broken]))


async def test_the_rest_of_the_answer_is_checked_too(api: Bot, person: Player) -> None:
    query_id = await typed(person)
    answer = api.answer_inline_query
    assert await refusal(person, answer(query_id, [], next_offset="x" * 65)) == "Bad Request: NEXT_OFFSET_INVALID"
    spaced = InlineQueryResultsButton("Open", start_parameter="a b")
    assert "unallowed characters" in await refusal(person, answer(query_id, [], button=spaced))
    bare = InlineQueryResultsButton("Open")
    assert "start_parameter and web_app" in await refusal(person, answer(query_id, [], button=bare))
    assert await refusal(person, answer("77", [])) == OLD


async def test_only_what_was_offered_can_be_chosen(person: Player) -> None:
    query_id = await typed(person)
    with pytest.raises(ValueError, match="no such result"):
        await person.tell("choose", inline_query_id=query_id, result_id="a", chat_id=PERSON)
    with pytest.raises(ValueError, match="no such inline query"):
        await person.ask("inline/77")
