import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from telegram import Bot, InputMediaVideo

from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON, Origins, serving
from tests.sandbox.asking import refusal, seen


@pytest.fixture
async def origins(media: Media) -> AsyncIterator[Origins]:
    async with serving(media=media, local=True) as listening:
        yield listening


@pytest.fixture
def shared(media: Media) -> Iterator[Path]:
    """A clip where every user of this machine can read it; pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a b" / "dawn.mp4"
        path.parent.mkdir()
        shutil.copyfile(media.path("dawn.mp4") or "", path)
        for open_to_all, mode in ((path.parents[1], 0o755), (path.parent, 0o711), (path, 0o644)):
            open_to_all.chmod(mode)
        yield path


def remove(path: Path) -> None:
    path.unlink()


def size_of(path: str) -> int:
    return Path(path).stat().st_size


async def test_a_path_is_read_and_kept(api: Bot, person: Player, media: Media, shared: Path) -> None:
    sent = await api.send_video(PERSON, shared.as_uri())
    text = await api.send_message(PERSON, "x")
    edited = await api.edit_message_media(InputMediaVideo(shared), PERSON, text.message_id)
    remove(shared)
    for message in (sent, edited):
        assert not isinstance(message, bool)
        shown = (await seen(person, message))["media"]
        assert (shown["sha256"], shown["kind"], shown["width"]) == (media.sha256("dawn.mp4"), "video", 640)
        assert (shown["file_name"], shown["mime"]) == ("dawn.mp4", "video/mp4")


async def test_thumbnail_and_cover_may_be_paths(api: Bot, person: Player, media: Media, shared: Path) -> None:
    picture = shared.with_name("dawn.png")
    shutil.copyfile(media.path("dawn.png") or "", picture)
    sent = await api.send_video(PERSON, shared.as_uri(), cover=picture.as_uri(), thumbnail=picture.as_uri())
    assert sent.video is not None
    assert sent.video.cover is not None
    assert sent.video.cover[-1].width == 960
    assert await person.messages()


async def test_what_other_users_cannot_read_is_refused(api: Bot, person: Player, shared: Path) -> None:
    attempts = {
        "nothing there": (shared.with_name("none.mp4"), shared, 0o644),
        "a folder": (shared.parent, shared, 0o644),
        "an unreadable file": (shared, shared, 0o640),
        "a closed folder": (shared, shared.parent, 0o750),
        "a closed folder further up": (shared, shared.parents[1], 0o700),
    }
    said = {}
    for name, (path, changed, mode) in attempts.items():
        before = changed.stat().st_mode
        changed.chmod(mode)
        said[name] = await refusal(person, api.send_video(PERSON, path.as_uri()))
        changed.chmod(before)
    assert said == {
        "nothing there": "Bad Request: can't find real file path",
        "a folder": "Bad Request: file must be a regular file",
        "an unreadable file": f'Bad Request: file "{shared}" can\'t be opened for reading',
        "a closed folder": "Bad Request: can't find real file path",
        "a closed folder further up": "Bad Request: can't find real file path",
    }


async def test_sizes_are_those_of_a_local_server(api: Bot, person: Player, shared: Path) -> None:
    with shared.open("r+b") as file:
        file.truncate(60_000_000)
    sent = await api.send_video(PERSON, shared.as_uri(), width=640, height=360, duration=3)
    assert sent.video is not None
    held = await api.get_file(sent.video.file_id)
    assert size_of(held.file_path or "") == 60_000_000
    for size, complaint in (
        (0, "file must be non-empty"),
        (2000 * 1024 * 1024 + 1, "file of size 2097152001 bytes is"),
    ):
        with shared.open("r+b") as file:
            file.truncate(size)  # sparse: nothing of it is on the disk
        said = await refusal(person, api.send_video(PERSON, shared.as_uri()))
        assert said.startswith(f"Bad Request: {complaint}")
