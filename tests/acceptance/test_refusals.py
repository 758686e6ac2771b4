"""Whatever Telegram can answer, in its own words, and what stands in the chat in the end: every row of its errors."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.acceptance.board import ALBUM, PICTURE, VIDEO, Board, Row
from tests.acceptance.world import World, card_shows, delivered, media_in, until

Json = dict[str, Any]

OFTEN = 9
UNDER_WAY = 0.2  # seconds
# Telegram fetches nothing from here and neither can the bot: no such name exists.
OUT_OF_REACH = "https://media.invalid/clip.mp4"

LINE: Json = {"method": "sendMessage", "skip": 1}  # after the card, the line that makes the sound
CARD: Json = {"method": "sendMessage"}
CARD_EDIT: Json = {"method": "editMessageText"}
MEDIA: Json = {"method": "editMessageMedia"}
BLANKS: Json = {"method": "sendMediaGroup"}


def bad(text: str, **more: Any) -> Json:
    return {"description": f"Bad Request: {text}", **more}


# Media

IN_NO_FORM_OF_ITS_KIND: dict[str, Mapping[str, Any]] = {
    "wrong file identifier/HTTP URL specified": VIDEO,
    "wrong remote file identifier specified: can't unserialize it. Wrong last symbol": VIDEO,
    "wrong type of the web page content": VIDEO,
    "can't use the media of the specified type in the album": VIDEO,
    "MEDIA_INVALID": VIDEO,
    "VIDEO_CONTENT_TYPE_INVALID": VIDEO,
    "something that nobody has heard yet": VIDEO,
    "PHOTO_INVALID_DIMENSIONS": PICTURE,
    "IMAGE_PROCESS_FAILED": PICTURE,
    "PHOTO_SAVE_FILE_INVALID": PICTURE,
    "photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp": PICTURE,
    "file of size 12582912 bytes is too big for a photo; the maximum size is 10485760 bytes": PICTURE,
}
TOO_LARGE = {
    "JSON": {"code": 413, "description": "Request Entity Too Large"},
    "HTML": {"kind": "raw", "status": 413, "body": "<html><h1>413 Request Entity Too Large</h1></html>"},
}
PARSE = bad('can\'t parse entities: unsupported start tag "b" at byte offset 5', parse_mode="HTML", times=OFTEN)


def media_rows() -> list[Row]:
    tried = "editMessageMedia"
    rows = []
    for text, task in IN_NO_FORM_OF_ITS_KIND.items():
        rows += [
            Row(f"{text}, once", f"card, document | 2 {tried}", ({**MEDIA, **bad(text)},), task, counted=tried),
            Row(
                f"{text}, always",
                f"card, link: refused | 2 {tried}",
                ({**MEDIA, **bad(text, times=OFTEN)},),
                task,
                counted=tried,
            ),
        ]
    for form, fault in TOO_LARGE.items():
        shows = f"card, link: too large, 1 MB | 1 {tried}"
        rows.append(Row(f"413 as {form}", shows, ({**MEDIA, **fault, "times": OFTEN},), counted=tried))
    return rows


def caption_rows() -> list[Row]:
    tried = "editMessageMedia"
    too_long, superseded = bad("message caption is too long"), bad("canceled by new edit message request")
    return [
        Row("caption too long", f"card, video plain | 2 {tried}", ({**MEDIA, **too_long},), counted=tried),
        Row("caption not understood", f"card, video plain | 2 {tried}", ({**MEDIA, **PARSE},), counted=tried),
        Row("superseded", f"card, video | 2 {tried}", ({**MEDIA, **superseded},), counted=tried),
    ]


def rights_rows() -> list[Row]:
    tried = "editMessageMedia"
    no_videos, no_documents = bad("CHAT_SEND_VIDEOS_FORBIDDEN"), bad("CHAT_SEND_DOCS_FORBIDDEN", times=OFTEN)

    def denied(name: str, shows: str, task: Mapping[str, Any], *kinds: str) -> Row:
        return Row(name, f"{shows} | 2 {tried}", (), task, {"denied": kinds}, counted=tried)

    def forbidden(name: str, shows: str, *faults: Json) -> Row:
        return Row(name, f"{shows} | 2 {tried}", tuple({**MEDIA, **fault} for fault in faults), counted=tried)

    return [
        denied("no videos", "card, document", VIDEO, "video"),
        denied("no photos", "card, document", PICTURE, "photo"),
        denied("no files at all", "card, link: not allowed", VIDEO, "video", "document"),
        denied("no pictures at all", "card, link: not allowed", PICTURE, "photo", "document"),
        forbidden("no videos, by name", "card, document", no_videos),
        forbidden("no files at all, by name", "card, link: not allowed", no_videos, no_documents),
    ]


async def test_media_that_is_refused_takes_the_next_best_form(world: World) -> None:
    board = Board(world, await world.person(), [*media_rows(), *caption_rows(), *rights_rows()])
    await board.start()
    await board.ends_as_told()


async def test_an_upload_that_arrived_empty_is_fetched_once_more(world: World) -> None:
    tried, empty = "editMessageMedia", bad("file must be non-empty")
    once, always = ({**VIDEO, "outputs": [f"{name}.mp4"]} for name in ("noon", "night"))
    rows = [
        Row("once", f"card, video | 2 {tried}", ({**MEDIA, **empty},), once, counted=tried),
        Row("always", f"card, link: refused | 3 {tried}", ({**MEDIA, **empty, "times": OFTEN},), always, counted=tried),
    ]
    person = await world.person()
    board = Board(world, person, rows)
    await board.start()
    await board.ends_as_told()
    fetched = [call["path"] for call in (await person.ask("gateway-calls"))["calls"] if call["provider"] == "cdn"]
    assert sorted(fetched) == ["/files/night.mp4", "/files/night.mp4", "/files/noon.mp4", "/files/noon.mp4"]


@pytest.mark.long
async def test_an_address_that_telegram_refuses_as_well_is_a_link(world: World) -> None:
    texts = [
        "failed to get HTTP URL content",
        "wrong HTTP URL specified",
        "can't upload file by URL",
        "invalid file HTTP URL specified: Unsupported URL protocol",
        "wrong type of the web page content",
    ]
    task, shows = {**VIDEO, "outputs": [OUT_OF_REACH]}, "card, link: unavailable | 1 editMessageMedia"
    rows = [
        Row(text, shows, ({**MEDIA, **bad(text, times=OFTEN)},), task, counted="editMessageMedia") for text in texts
    ]
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()
    assert {call["params"]["media"]["media"] for call in await world.calls("editMessageMedia")} == {OUT_OF_REACH}


# Albums

ONE_BY_ONE = {
    "not as an album": bad("can't use the media of the specified type in the album", times=OFTEN),
    "one of them": bad('failed to send message #1 with the error message "MEDIA_INVALID"', times=OFTEN),
    "unknown": bad("MULTI_MEDIA_INVALID", times=OFTEN),
}


async def test_pictures_that_are_no_album_come_all_the_same(world: World) -> None:
    pictures, files = "card, header, photo, photo", "card, document, document, header"
    gone = bad("message to edit not found")
    rows = [
        Row("group send failed", pictures, ({**BLANKS, **bad("group send failed")},), ALBUM),
        Row("no photos here", files, (), ALBUM, {"denied": ["photo"]}),
        Row("no photos here, by name", files, ({**BLANKS, **bad("CHAT_SEND_PHOTOS_FORBIDDEN")},), ALBUM),
        Row("deleted blank", f"blank, blank, {pictures}", ({**MEDIA, **gone},), ALBUM),
        Row("without numbers", f"blank, blank, {pictures}", ({**BLANKS, "kind": "zero_id"},), ALBUM),
        *(Row(name, pictures, ({**BLANKS, **fault},), ALBUM) for name, fault in ONE_BY_ONE.items()),
    ]
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()
    assert not await calls_to_nothing(world)


async def test_a_picture_that_its_album_does_not_take_is_told_of_and_not_tried_for_ever(world: World) -> None:
    texts = ["MEDIA_INVALID", "can't use the media of the specified type in the album", "PHOTO_INVALID_DIMENSIONS"]
    rows = [Row(text, "", ({**MEDIA, **bad(text, times=99)},), ALBUM) for text in texts]
    board = Board(world, await world.person(), rows)
    await board.start()

    async def told() -> bool:
        return all([words_of(await board.messages(text)).count("did not take") == 2 for text in texts])

    await until(told)
    tried = await world.calls("editMessageMedia")
    await asyncio.sleep(4)
    assert await world.calls("editMessageMedia") == tried


def words_of(messages: list[Json]) -> str:
    return "\n".join(message["text"] or message["caption"] or "" for message in messages if message["from_bot"])


# Text


async def test_words_that_telegram_does_not_understand_come_plain(world: World) -> None:
    too_long = bad("message is too long")
    rows = [
        Row("card", "card plain, video", ({**CARD, **PARSE}, {**CARD_EDIT, **PARSE})),
        Row("card's edit", "card plain, video", ({**CARD_EDIT, **PARSE},)),
        Row("line", "card, line plain", ({**LINE, **PARSE}, {**MEDIA, "kind": "429", "retry_after": 99})),
        Row("header", "card, header plain, photo, photo", ({**LINE, **PARSE},), ALBUM),
        Row("card too long", "card, video", ({**CARD, **too_long},)),
    ]
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()


async def test_a_message_that_is_not_there_is_not_edited_again(world: World) -> None:
    rows = []
    for text in ("message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID"):
        once, twice = ({**MEDIA, **bad(text, times=times)} for times in (1, 2))
        rows += [
            Row(
                f"card: {text}",
                "card (old), video | 1 editMessageText",
                ({**CARD_EDIT, **bad(text)},),
                counted="editMessageText",
            ),
            Row(f"line: {text}", "card, line, video | 2 editMessageMedia", (once,), counted="editMessageMedia"),
            Row(f"line, twice: {text}", "card, line, line | 2 editMessageMedia", (twice,), counted="editMessageMedia"),
        ]
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()


async def test_a_line_that_is_deleted_while_its_file_is_on_the_way_comes_once_more(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await person.tell("faults", method="editMessageMedia", kind="delay", seconds=2)
    await world.start_bot()
    await person.say("/track t1 token360")

    async def announced() -> Json | None:
        return next((m for m in await person.messages() if m["text"] and "is ready" in m["text"]), None)

    line = await until(announced)
    assert line is not None
    await person.tell("delete", chat_id=1001, message_id=line["message_id"])
    (message,) = await delivered(person)
    await card_shows(person, "t1", "Done")
    assert (message["media"]["kind"], message["silent"], len(await person.messages())) == ("video", False, 3)


async def test_what_stands_there_already_is_not_edited_again(world: World) -> None:
    same = bad(
        "message is not modified: specified new message content and reply markup are exactly the same as a"
        " current content and reply markup of the message",
        executed=True,
    )
    rows = [
        Row("media", "card, video | 1 editMessageMedia", ({**MEDIA, **same},), counted="editMessageMedia"),
        Row("card", "card, video", ({**CARD_EDIT, **same, "times": OFTEN},)),
    ]
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()
    texts = [call["params"]["text"] for call in (await board.calls())["card"] if call["method"] == "editMessageText"]
    assert len(set(texts)) == len(texts)


async def test_a_command_that_was_deleted_is_answered_all_the_same(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    command = await person.say("/track t1 token360")
    await person.tell("delete", chat_id=1001, message_id=command)
    await world.start_bot()
    (message,) = await delivered(person)
    assert message["reply_to"] is None


async def test_a_message_without_a_number_stands_and_is_no_anchor(world: World) -> None:
    rows = [
        Row("card", "card (old), video", ({**CARD, "kind": "zero_id"},)),
        Row("line", "card, line, video", ({**LINE, "kind": "zero_id"},)),
        Row("media", "card, video | 1 editMessageMedia", ({**MEDIA, "kind": "zero_id"},), counted="editMessageMedia"),
    ]
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()
    assert not await calls_to_nothing(world)


async def calls_to_nothing(world: World) -> list[Json]:
    """Calls about a message with the number 0: there is none."""
    return [call for call in await world.calls() if (call["params"] or {}).get("message_id") == 0]


# Chats that are closed, moved, without their topic

CLOSED = {
    "blocked": {"code": 403, "description": "Forbidden: bot was blocked by the user"},
    "deactivated": {"code": 403, "description": "Forbidden: user is deactivated"},
    "kicked": {"code": 403, "description": "Forbidden: bot was kicked from the supergroup chat"},
    "no member": {"code": 403, "description": "Forbidden: bot is not a member of the supergroup chat"},
    "group deleted": {"code": 403, "description": "Forbidden: the group chat was deleted"},
    "never met": {"code": 403, "description": "Forbidden: bot can't initiate conversation with a user"},
    "not found": bad("chat not found"),
    "private, not found": bad("private chat not found"),
    "unknown": bad("PEER_ID_INVALID"),
}
MAY_NOT_WRITE = {
    "forbidden": bad("CHAT_WRITE_FORBIDDEN"),
    "no access": bad("have no write access to the chat"),
    "no texts": bad("not enough rights to send text messages to the chat"),
}


async def test_a_closed_chat_is_left_alone_and_the_others_get_what_they_wait_for(world: World) -> None:
    """All of them follow one task."""
    task = {**VIDEO, "id": "shared", "pace": 6}
    rows = [Row("witness", "card, video", task=task)]
    for cause, fault in CLOSED.items():
        rows += [
            Row(f"line: {cause}", "card", ({**LINE, **fault, "times": OFTEN},), task),
            Row(f"card's edit: {cause}", "card", ({**CARD_EDIT, **fault, "times": OFTEN},), task),
            Row(f"media: {cause}", "card, line", ({**MEDIA, **fault, "times": OFTEN},), task),
        ]
    for cause, fault in MAY_NOT_WRITE.items():
        rows.append(Row(f"line: {cause}", "card", ({**LINE, **fault, "times": OFTEN},), task))
    album = {**ALBUM, "id": "pictures", "pace": 6}  # so that the card stands before the chat closes
    rows.append(Row("album's witness", "card, header, photo, photo", task=album))
    rows.append(Row("album: kicked", "card, header", ({**BLANKS, **CLOSED["kicked"], "times": OFTEN},), album))
    board = Board(world, await world.person(), rows)
    await board.start()
    # Whether the card shows the end already when the chat closes is a matter of milliseconds.
    await board.ends_as_told(old_cards=True)
    calls = {name: calls for name, calls in (await board.calls()).items() if "witness" not in name}
    assert {name for name, called in calls.items() if sum(bool(call["fault"]) for call in called) != 1} == set()
    assert {name for name, called in calls.items() if after_refusal(called)} == set()


def after_refusal(calls: list[Json]) -> list[str]:
    """Methods called once a refusal must have been noticed; what was on its way beside it does not count."""
    refused_at = next((call["time"] for call in calls if call["fault"]), math.inf)
    return [call["method"] for call in calls if call["time"] > refused_at + UNDER_WAY]


async def test_a_closed_chat_costs_no_polls_and_opens_with_its_next_command(world: World) -> None:
    person = await world.person()
    causes = {**CLOSED, **MAY_NOT_WRITE}
    task = {**VIDEO, "pace": 4}
    rows = [Row(cause, "card, video", ({**CARD, **fault},), task) for cause, fault in causes.items()]
    rows.append(Row("no texts, really", "card, video", (), task, {"denied": ["text"]}))
    board = Board(world, person, rows)
    await board.start()

    async def closed() -> bool:
        return all(calls and calls[-1]["status"] in {400, 403} for calls in (await board.calls()).values())

    await until(closed)
    await asyncio.sleep(1)
    before = await quiet_facts(world, board)
    await asyncio.sleep(1.5)
    assert await quiet_facts(world, board) == before
    await person.tell("chat", id=board.chats["no texts, really"], first_name="You")
    for row in rows:
        await board.ask(row.name)
    await board.ends_as_told()


async def quiet_facts(world: World, board: Board) -> dict[str, tuple[int, int]]:
    """How often each row's chat was called and its task was asked for."""
    calls = await board.calls()
    return {name: (len(calls[name]), len(await world.questions(task))) for name, task in board.tasks.items()}


async def test_a_group_that_moves_gets_its_result_where_it_is_now(world: World) -> None:
    person = await world.person()
    points = {"card": CARD, "line": LINE, "card's edit": CARD_EDIT, "media": MEDIA}
    rows, homes = [], {}
    for number, (name, point) in enumerate([*points.items(), ("album", BLANKS)]):
        homes[name] = -1_000_100 - number
        moved = bad("group chat was upgraded to a supergroup chat", parameters={"migrate_to_chat_id": homes[name]})
        # A card in a group is edited only now and then: that task takes its time.
        task = ALBUM if name == "album" else {**VIDEO, "pace": 8 if name == "card's edit" else 0.3}
        chat = {"id": -100 - number, "type": "group", "title": "Studio"}
        rows.append(Row(name, "", ({**point, **moved},), task, chat))
        await person.tell("chat", id=homes[name], type="supergroup", title="Studio")
    board = Board(world, person, rows)
    await board.start()

    async def arrived() -> dict[str, list[str]]:
        seen = {name: (await person.ask(f"chats/{home}"))["messages"] for name, home in homes.items()}
        return {
            name: [m["media"]["kind"] for m in media_in(found) if m["media"]["size"] > 1000]
            for name, found in seen.items()
        }

    wanted = {name: ["photo", "photo"] if name == "album" else ["video"] for name in homes}

    async def all_arrived() -> bool:
        return await arrived() == wanted

    await until(all_arrived)
    await asyncio.sleep(4)
    assert await arrived() == wanted
    calls = await board.calls()
    assert {name for name in homes if after_refusal(calls[name])} == set()


async def test_a_number_of_the_old_chat_means_no_message_of_the_new_one(world: World) -> None:
    """B's line stands when the group moves; in the new chat its number belongs to what became of A."""
    person, group = await world.person(-500, user_id=1001), await world.person(-1000500, user_id=1001)
    for task_id, name, pace in (("a", "dawn", 6), ("b", "night", 0.3)):
        await person.tell("tasks", provider="token360", id=task_id, outputs=[f"{name}.mp4"], pace=pace)
    await person.tell("gateway-faults", provider="cdn", id="night.mp4", kind="hang", seconds=8)
    await world.start_bot()
    await person.say("/track a token360")
    await person.say("/track b token360")

    async def announced() -> Json | None:
        return next((m for m in await person.messages() if "is ready" in m["text"]), None)

    line = await until(announced)
    assert line is not None
    await person.tell("chat", id=-1000500, type="supergroup", title="Studio")
    for number in range(1, line["message_id"]):
        await group.say(f"{number}")
    await person.tell("chat", id=-500, type="group", title="Studio", migrated_to=-1000500)
    prints = {message["media"]["sha256"] for message in await delivered(group, 2)}
    assert len(prints) == 2


@pytest.mark.long
async def test_without_its_topic_a_message_goes_to_the_chat(world: World) -> None:
    rows = []
    for number, text in enumerate(("message thread not found", "TOPIC_CLOSED", "TOPIC_DELETED")):
        chats = (
            {"id": -(200 + number * 10 + i), "type": "supergroup", "title": "Studio", "topics": [7]} for i in range(3)
        )
        rows += [
            Row(f"card: {text}", "card, video", ({**CARD, **bad(text)},), {**VIDEO, "pace": 5}, next(chats), thread=7),
            Row(f"line: {text}", "card in topic, video", ({**LINE, **bad(text)},), VIDEO, next(chats), thread=7),
            Row(
                f"album: {text}",
                "card in topic, header in topic, photo, photo",
                ({**BLANKS, **bad(text)},),
                ALBUM,
                next(chats),
                thread=7,
            ),
        ]
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()


# What may or may not have arrived

DOUBTS: dict[str, Json] = {
    "restart": {"code": 500, "description": "Internal Server Error: restart"},
    "closing": {"code": 500, "description": "Internal Server Error: closing"},
    "502": {"kind": "502_html"},
    "504": {"kind": "raw", "status": 504, "body": "<html><h1>504 Gateway Time-out</h1></html>"},
    "no JSON": {"kind": "raw", "body": "it works"},
    "not ok": {"kind": "raw", "body": '{"ok": false}'},
    "cut": {"kind": "drop_before"},
}


def doubtful(what: str, point: Json, not_done: str, done: str, task: Mapping[str, Any] = VIDEO) -> list[Row]:
    """Each trouble before the call was carried out, and after it."""
    return [
        Row(f"{what}: {name}, {when}", shows, ({**point, **fault, "executed": when == "done"},), task)
        for name, fault in DOUBTS.items()
        for when, shows in (("not done", not_done), ("done", done))
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [
            # A card rests for twenty seconds; by then the result has said it all.
            *doubtful("card", CARD, "video", "card (old), video"),
            *doubtful("line", LINE, "card, video", "card, line, video"),
        ],
        [
            *doubtful("card's edit", CARD_EDIT, "card, video", "card, video"),
            *doubtful("media", MEDIA, "card, video", "card, video"),
            *doubtful("album", BLANKS, "card, header, photo, photo", "blank, blank, card, header, photo, photo", ALBUM),
        ],
    ],
    ids=["sends", "edits and albums"],
)
async def test_in_doubt_nothing_is_lost_and_no_media_comes_twice(world: World, rows: list[Row]) -> None:
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()


async def test_what_somebody_in_the_chat_removes_at_once_is_not_sent_again(world: World) -> None:
    removed: Json = {"code": 500, "times": OFTEN}
    removed["description"] = "Internal Server Error: sent message was immediately deleted and can't be returned"
    rows = [
        Row("card", "", ({**CARD, **removed},), counted="sendMessage"),
        Row("line", "card | 2 sendMessage", ({**LINE, **removed},), counted="sendMessage"),
        Row("album", "card, header | 1 sendMediaGroup", ({**BLANKS, **removed},), ALBUM, counted="sendMediaGroup"),
    ]
    rows[0] = Row("card", " | 2 sendMessage", rows[0].faults, counted="sendMessage")
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()


# What has to wait


@pytest.mark.long
async def test_a_chat_that_is_told_to_wait_hears_nothing_meanwhile_and_everything_afterwards(world: World) -> None:
    seconds, points = 3, {"card": CARD, "line": LINE, "card's edit": CARD_EDIT, "media": MEDIA}
    ways = {
        "with parameters": {"kind": "429", "retry_after": seconds},
        "in words": {"code": 429, "description": f"Too Many Requests: retry after {seconds}"},
    }
    rows = []
    for way, fault in ways.items():
        # So many that have to wait hold up everybody; that card is edited only if its task still runs by then.
        rows += [
            Row(f"{name}, {way}", "card, video", ({**point, **fault},), {**VIDEO, "pace": 8 if "edit" in name else 0.3})
            for name, point in points.items()
        ]
        rows.append(Row(f"album, {way}", "card, header, photo, photo", ({**BLANKS, **fault},), ALBUM))
    board = Board(world, await world.person(), rows)
    await board.start()
    await board.ends_as_told()
    calls = (await board.calls()).items()
    refused_at = {name: [call["time"] for call in called if call["fault"]] for name, called in calls}
    assert {name for name, times in refused_at.items() if len(times) != 1} == set()
    too_early = {
        name: (call["method"], after)
        for name, called in calls
        for call in called
        if 0.05 < (after := call["time"] - refused_at[name][0]) < seconds - 0.05
    }
    assert too_early == {}


@pytest.mark.parametrize(
    "fault", [{"code": 401, "description": "Unauthorized"}, {"code": 404, "description": "Not Found"}]
)
async def test_without_a_valid_token_everything_waits(world: World, fault: Json) -> None:
    rows = [Row("one", "", ({**LINE, **fault, "times": 99},)), Row("other", "", task={**VIDEO, "pace": 2})]
    board = Board(world, await world.person(), rows)
    await board.start()

    async def refused() -> list[Json]:
        return [call for call in await world.calls() if call["fault"]]

    await until(refused)
    await asyncio.sleep(0.5)  # what was under way
    calls = await world.calls()
    await asyncio.sleep(4)
    assert [call["method"] for call in (await world.calls())[len(calls) :] if call["method"] != "getUpdates"] == []
    assert "token is not accepted" in world.log()
    assert len(await refused()) == 1


async def test_getting_updates_survives_every_refusal(world: World) -> None:
    person = await world.person()
    for code, description in ((409, "Conflict: terminated by other getUpdates request"), (421, "Misdirected Request")):
        await person.tell("faults", method="getUpdates", kind="error", code=code, description=description)
    await world.start_bot()
    await person.say("/help")

    async def answered() -> bool:
        return len(await person.messages()) > 1

    await until(answered)


# A wire that can be cut


@asynccontextmanager
async def relay(origin: str) -> AsyncIterator["Wire"]:
    wire = Wire(origin)
    await wire.open()
    try:
        yield wire
    finally:
        await wire.cut()


class Wire:
    """Passes bytes on to a server; when it is cut, connections break and new ones are refused."""

    def __init__(self, origin: str) -> None:
        self._target = int(origin.rpartition(":")[2])
        self.port = 0

    async def open(self) -> None:
        self._ends: set[asyncio.StreamWriter] = set()
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        self._server.close()
        for end in self._ends:
            end.transport.abort()
        await self._server.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._ends |= {writer, there_writer}
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer), return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def test_while_telegram_is_out_of_reach_everything_waits_and_then_comes_once(world: World) -> None:
    rows = [Row(f"{number}", "card, video", task={**VIDEO, "pace": 1 + number * 0.3}) for number in range(6)]
    board = Board(world, await world.person(), rows)
    async with relay(world.origins.telegram) as wire:
        await board.start(TELEGRAM_API_BASE_URL=f"http://127.0.0.1:{wire.port}")

        async def begun() -> bool:
            return any("line" in shown or "video" in shown for shown in (await board.shown()).values())

        await until(begun)
        await wire.cut()
        await asyncio.sleep(2)
        await wire.open()

        async def all_there() -> bool:
            return all("video" in shown and "(old)" not in shown for shown in (await board.shown()).values())

        await until(all_there)
        await asyncio.sleep(4)
    # A line that was being sent when the wire was cut may stand there twice, but not the media.
    allowed = {"card, video", "card, line, video"}
    assert {name: shown for name, shown in (await board.shown()).items() if shown not in allowed} == {}
