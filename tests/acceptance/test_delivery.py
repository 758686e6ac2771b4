"""How media reach a chat: dead links, albums of every mixture, many chats, once more on demand."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sandbox.media import Media
from sandbox.player import Player
from tests.acceptance.world import World, card_shows, delivered, media_in, texts_of_bot, until

Json = dict[str, Any]


async def uploads(world: World) -> list[Json]:
    """The edits that brought bytes of their own."""
    return [call for call in await world.calls("editMessageMedia") if "sha256" in str(call["params"])]


async def downloads(world: World, name: str) -> int:
    calls = (await (await world.person()).ask("gateway-calls"))["calls"]
    return len([call for call in calls if call["provider"] == "cdn" and name in str(call)])


async def settled(person: Player, count: int) -> list[Json]:
    """What the bot has in the chat once so many files are there and nothing is blank any more."""

    async def look() -> list[Json]:
        shown = media_in(await person.messages())
        return shown if len(shown) == count and all(m["media"]["size"] > 1000 for m in shown) else []

    await until(look)
    await asyncio.sleep(1)
    shown = media_in(await person.messages())
    assert len(shown) == count
    return shown


async def test_a_link_that_died_before_it_was_used_is_asked_for_anew(world: World, media: Media) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=["noon.mp4"], link_life=4.0, pace=0.2)
    await person.tell("faults", method="sendMessage", kind="delay", seconds=6, skip=1)
    await world.start_bot()
    await person.say("/track t1 token360")
    (message,) = await delivered(person)
    assert message["media"]["sha256"] == media.sha256("noon.mp4")
    assert "gave fresh ones" in world.log()


async def test_dead_links_of_an_album_end_in_one_line_and_no_blanks(world: World) -> None:
    person = await world.person()
    outputs = ["dawn.png", "noon.png"]
    await person.tell("tasks", provider="apipod", kind="image", id="i1", outputs=outputs, link_life=-5, pace=0.2)
    await world.start_bot()
    await person.say("/track i1 apipod image")

    async def told() -> list[str]:
        return [text for text in texts_of_bot(await person.messages()) if "link has expired" in text]

    assert len(await until(told)) == 1
    await asyncio.sleep(1)
    assert media_in([*await person.messages(), *(await person.ask("chats/1001"))["deleted"]]) == []


@pytest.mark.parametrize(
    ("outputs", "kinds"),
    [
        (["dawn.png", "noon.png", "noon.webp"], ["photo", "photo", "document"]),
        (["dawn.png", "noon.webp"], ["photo", "document"]),
        (["noon.webp", "plain-7000x5400.png"], ["document", "document"]),
        (["noon.mp4", "dawn.png", "noon.webp"], ["video", "photo", "document"]),
    ],
)
async def test_what_fits_into_no_album_comes_by_itself(
    world: World, media: Media, outputs: list[str], kinds: list[str]
) -> None:
    person = await world.person()
    await person.tell("tasks", provider="apipod", kind="image", id="i1", outputs=outputs, pace=0.2)
    await world.start_bot()
    await person.say("/track i1 apipod image")
    shown = await settled(person, len(outputs))
    assert [m["media"]["kind"] for m in shown] == kinds
    assert {m["media"]["sha256"] for m in shown} == {media.sha256(name) for name in outputs}
    grouped = [m["media"]["kind"] for m in shown if m["media_group_id"]]
    assert len(grouped) != 1
    assert not {"photo", "document"} <= set(grouped)


async def test_a_picture_that_telegram_refuses_leaves_its_album_and_comes_as_a_file(world: World, media: Media) -> None:
    person = await world.person()
    outputs = ["dawn.png", "noon.png", "dusk.jpg"]
    await person.tell("tasks", provider="apipod", kind="image", id="i1", outputs=outputs, pace=0.2)
    refusal = "Bad Request: PHOTO_INVALID_DIMENSIONS"
    for _ in range(2):  # in the album, and as a photo of its own
        await person.tell("faults", method="editMessageMedia", kind="error", code=400, description=refusal, skip=1)
    await world.start_bot()
    await person.say("/track i1 apipod image")
    shown = await settled(person, 3)
    assert {m["media"]["sha256"] for m in shown} == {media.sha256(name) for name in outputs}
    assert len([m for m in shown if m["media_group_id"]]) == 2
    assert len([m for m in await person.messages() if m["from_bot"]]) == 5  # card, line, two pictures, one file


async def test_more_than_ten_pictures_are_several_albums(world: World) -> None:
    person = await world.person()
    outputs = [f"plain-{640 + number}x480.png" for number in range(12)]
    await person.tell("tasks", provider="apipod", kind="image", id="i1", outputs=outputs, pace=0.2)
    await world.start_bot()
    await person.say("/track i1 apipod image")
    shown = await delivered(person, 12, patience=60)
    assert [m["media"]["width"] for m in shown] == [640 + number for number in range(12)]
    groups = [m["media_group_id"] for m in shown]
    assert [groups.count(group) for group in dict.fromkeys(groups)] == [10, 2]


async def test_fifty_chats_cost_one_download_and_one_upload(world: World, media: Media) -> None:
    people = [await world.person(9000 + number) for number in range(50)]
    await people[0].tell("tasks", provider="token360", id="t1", outputs=["noon.mp4"], pace=8)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for person in people:
        await person.say("/track t1 token360")
    for person in people:
        (message,) = await delivered(person, patience=60)
        assert message["media"]["sha256"] == media.sha256("noon.mp4")
    assert len(await uploads(world)) == 1
    assert await downloads(world, "noon.mp4") == 1


def memory(pid: int, name: str) -> int:
    """A line of the kernel's about the process, in KiB."""
    (line,) = (row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith(name))
    return int(line.split()[1])


def forget_peak(pid: int) -> None:
    """The peak is counted from here."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the system does not tell a process's peak")
async def test_a_large_file_passes_through_without_growing_the_bot(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=["dawn.mp4"], pace=0.2)
    await person.tell("tasks", provider="token360", id="t2", outputs=["big-49000000.mp4"], pace=0.2)
    bot = await world.start_bot()
    await person.say("/track t1 token360")
    await delivered(person)
    before = memory(bot.pid, "VmRSS")
    forget_peak(bot.pid)
    await person.say("/track t2 token360")
    shown = await delivered(person, 2)
    assert shown[1]["media"]["size"] == 49_000_000
    assert memory(bot.pid, "VmHWM") - before < 16 * 1024

    async def cleared() -> bool:
        return not list(world.database.with_name("rushes.db.media").iterdir())

    await until(cleared)


async def test_a_chat_that_takes_no_films_gets_the_file_and_spoils_it_for_nobody(world: World) -> None:
    one, two, three = [await world.person(number) for number in (9001, 9002, 9003)]
    await one.tell("tasks", provider="token360", id="t1", outputs=["noon.mp4"], pace=0.2)
    await one.tell("chat", id=9002, type="private", first_name="Two", denied=["video"])
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for person, kind in ((one, "video"), (two, "document"), (three, "video")):
        await person.say("/track t1 token360")
        (message,) = await delivered(person)
        assert message["media"]["kind"] == kind
    offered = [call for call in await world.calls_to(9002) if call["method"] == "editMessageMedia"]
    assert [call["params"]["media"]["type"] for call in offered] == ["video", "document"]
    assert len(await uploads(world)) == 2


async def test_the_card_is_closed_while_the_file_is_still_on_its_way(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.5)
    await person.tell("faults", method="editMessageMedia", kind="delay", seconds=4)
    await world.start_bot()
    await person.say("/track t1 token360")
    await card_shows(person, "t1", "Done")
    assert media_in(await person.messages()) == []
    await delivered(person)


async def test_resend_brings_the_media_again_without_a_download(world: World) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=["noon.mp4"], pace=0.2)
    await person.tell("tasks", provider="token360", id="t2", end="stuck")
    await person.tell("tasks", provider="token360", id="t3", end="failed", pace=0.2)
    await world.start_bot()
    for task_id in ("t1", "t2", "t3"):
        await person.say(f"/track {task_id} token360")
    await delivered(person)
    await card_shows(person, "t3", "Failed")
    again = await person.say("/resend t1 t2 t3 t4")
    shown = await delivered(person, 2)
    assert shown[1]["reply_to"] == again
    assert shown[0]["media"]["file_id"] == shown[1]["media"]["file_id"]
    assert (len(await uploads(world)), await downloads(world, "noon.mp4")) == (1, 1)

    async def answered() -> str | None:
        replies = [m for m in await person.messages() if m["reply_to"] == again and not m["media"]]
        return next((m["text"] for m in replies if "t2" in m["text"]), None)

    answer = await until(answered)
    assert answer is not None
    assert "t2 is not finished yet" in answer
    assert "t3 has brought no file" in answer
    assert "does not watch t4" in answer
    usage = await person.say("/resend")
    await until(lambda: _answer_to(person, usage))


async def _answer_to(person: Player, command: int) -> bool:
    return any(m["reply_to"] == command and "Which ID?" in m["text"] for m in await person.messages())
