"""A Bot API server of one's own: files go by their path, up to 2000 MB."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sandbox.media import Media
from sandbox.servers import serving
from tests.acceptance.nursery import Nursery
from tests.acceptance.world import World, card_shows, delivered, until
from tests.oracle import complaints


@pytest.fixture
async def world(media: Media, nursery: Nursery) -> AsyncIterator[World]:
    """The bot's folder is one that other users may pass through, as the server is another user."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # noqa: ASYNC240 - nothing waits for it
        async with serving(media=media, local=True) as origins, AsyncExitStack() as stack:
            world = World(origins, Path(folder), nursery, stack)
            yield world
            assert complaints(await world.calls()) == []


async def nothing_is_left_behind(world: World) -> None:
    """Waits until there are only the database and the log."""

    async def cleared() -> bool:
        return all(path.parent == world.folder for path in world.folder.rglob("*") if path.is_file())

    await until(cleared)


async def test_a_large_video_goes_by_its_path_and_leaves_nothing_behind(world: World, media: Media) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=["big-60000000.mp4"], pace=0.3)
    await world.start_bot()
    await person.say("/track t1 token360")
    (message,) = await delivered(person)
    await card_shows(person, "t1", "Done")
    video = message["media"]
    assert (video["kind"], video["size"], video["sha256"]) == ("video", 60_000_000, media.sha256("big-60000000.mp4"))
    assert (video["width"], video["height"], video["duration"]) == (640, 360, 3)
    assert video["file_name"].endswith(".mp4")
    (call,) = await world.calls("editMessageMedia")
    assert call["params"]["media"]["media"].startswith("file:///")
    assert "sha256" not in str(call["params"])
    await nothing_is_left_behind(world)


async def test_pictures_go_by_their_path_too(world: World, media: Media) -> None:
    person = await world.person()
    outputs = ["dawn.png", "noon.png"]
    await person.tell("tasks", provider="apipod", kind="image", id="i1", outputs=outputs, pace=0.3)
    await world.start_bot()
    await person.say("/track i1 apipod image")
    shown = await delivered(person, 2)
    assert [message["media"]["sha256"] for message in shown] == [media.sha256(name) for name in outputs]
    assert {message["media"]["kind"] for message in shown} == {"photo"}
    assert all("sha256" not in str(call["params"]) for call in await world.calls("editMessageMedia"))
    await nothing_is_left_behind(world)
