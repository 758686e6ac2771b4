"""What leaves the bot for Telegram, as a server gets it."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot

from bot.delivery.errors import Refused, RetryLater
from bot.delivery.media import Upload
from bot.delivery.pacing import Pacing
from bot.delivery.telegram import Telegram
from bot.media.probe import Format, Media, MediaKind
from bot.text.catalogue import Html
from bot.text.message import ActionButton, CopyButton, LinkButton, Message
from bot.tracking.seal import Seal
from sandbox import media as sandbox_media
from sandbox.player import Player
from sandbox.servers import PERSON, TOKEN, Origins, serving

Json = dict[str, Any]
NAMES = {"media": "clip.mp4", "thumbnail": "thumbnail.jpg", "cover": "cover.jpg"}


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    """Three files that are no media at all; what is sent does not depend on that."""
    for name in NAMES.values():
        (tmp_path / name).write_text(name)
    media = Media(Format.MP4, MediaKind.VIDEO, "video/mp4", 6, 720, 1280, 2.6)
    paths = (tmp_path / NAMES["thumbnail"], tmp_path / NAMES["cover"])
    return Upload(MediaKind.VIDEO, tmp_path / NAMES["media"], media, *paths)


@pytest.fixture
async def origins(tmp_path: Path) -> AsyncIterator[Origins]:
    async with serving(media=sandbox_media.Media(tmp_path)) as listening:
        yield listening


@asynccontextmanager
async def at_work(origins: Origins) -> AsyncIterator[tuple[Telegram, Pacing, Player, int]]:
    """The bot's hands, how they are paced, a person, and the number of what that person has said."""
    pacing = Pacing()
    async with Player(origins.sim, PERSON) as person, Bot(TOKEN, base_url=f"{origins.telegram}/bot") as client:
        said = await person.say("hello")
        yield Telegram(client, pacing, Seal("secret"), time.monotonic), pacing, person, said


async def sent(origins: Origins, item: Upload, *, local_mode: bool = False) -> Json:
    """The parameters of the call that would put it into a message."""
    async with (
        Player(origins.sim, PERSON) as person,
        Bot(TOKEN, base_url=f"{origins.telegram}/bot", local_mode=local_mode) as client,
    ):
        await person.say("hello")
        line = await client.send_message(PERSON, "ready")
        with suppress(Refused):
            hands = Telegram(client, Pacing(), Seal("secret"), time.monotonic, local_mode=local_mode)
            await hands.put_media(PERSON, line.message_id, item, Html(""))
        found: Json = (await person.ask("calls"))["calls"][-1]["params"]
        return found


def file(name: str, shown: str) -> Json:
    return {"file": shown, "size": len(name), "sha256": hashlib.sha256(name.encode()).hexdigest()}


async def test_a_video_travels_with_both_pictures(origins: Origins, upload: Upload) -> None:
    params = await sent(origins, upload)
    media = params.pop("media")
    attached = media.pop("media").removeprefix("attach://")
    assert params.pop(attached) == file("clip.mp4", "clip.mp4")
    assert params.pop("thumbnail") == file("thumbnail.jpg", "thumbnail.jpg")
    assert params.pop("cover") == file("cover.jpg", "cover.jpg")
    assert params.keys() == {"chat_id", "message_id"}
    assert media == {
        "type": "video",
        "thumbnail": "attach://thumbnail",
        "cover": "attach://cover",
        "width": 720,
        "height": 1280,
        "duration": 3,
        "supports_streaming": True,
        "parse_mode": "HTML",
    }


async def test_a_local_server_gets_three_paths(origins: Origins, upload: Upload, tmp_path: Path) -> None:
    params = await sent(origins, upload, local_mode=True)
    assert params.keys() == {"chat_id", "message_id", "media"}
    assert {field: params["media"][field] for field in NAMES} == {
        field: f"file://{tmp_path}/{name}" for field, name in NAMES.items()
    }


@pytest.mark.parametrize("form", [MediaKind.DOCUMENT, MediaKind.ANIMATION])
async def test_only_a_video_has_a_cover(origins: Origins, upload: Upload, form: MediaKind) -> None:
    params = await sent(origins, replace(upload, form=form))
    assert "cover" not in params
    assert "cover" not in params["media"]
    assert params["media"]["thumbnail"] == "attach://thumbnail"


async def test_without_pictures_nothing_is_said_of_them(origins: Origins, upload: Upload) -> None:
    params = await sent(origins, replace(upload, thumbnail=None, cover=None))
    assert params["media"].keys().isdisjoint({"thumbnail", "cover"})
    assert len(params) == 4


@pytest.mark.parametrize(
    "refusal",
    [
        {"kind": "error", "code": 404, "description": "Not Found: method not found"},
        {"kind": "error", "code": 403, "description": "Forbidden: bot was blocked by the user"},
        {"kind": "error", "code": 401, "description": "Unauthorized"},
        {"kind": "error", "code": 400, "description": "Bad Request: REACTION_INVALID"},
        {"kind": "502_html"},
        {"kind": "drop_before"},
        {"kind": "raw", "body": "{}"},
        {"kind": "raw", "body": "no JSON"},
    ],
)
async def test_a_reaction_that_is_not_taken_is_nobodys_trouble(origins: Origins, refusal: Json) -> None:
    async with at_work(origins) as (hands, pacing, person, said):
        await person.tell("faults", method="setMessageReaction", **refusal)
        await hands.react(PERSON, said, "👀")
        assert (await person.ask("faults"))["waiting"] == 0
        assert pacing.pauses(time.monotonic()) == {}
        await hands.react(PERSON, said, "👀")
        assert [message["reactions"] for message in await person.messages()] == [["👀"]]


async def test_a_reaction_that_has_to_wait_waits_with_its_chat(origins: Origins) -> None:
    async with at_work(origins) as (hands, pacing, person, said):
        await person.tell("faults", method="setMessageReaction", kind="429", retry_after=7)
        with pytest.raises(RetryLater):
            await hands.react(PERSON, said, "👀")
        assert pacing.pauses(time.monotonic()).keys() == {PERSON}


async def test_a_message_does_not_wait_for_a_reaction(origins: Origins) -> None:
    async with at_work(origins) as (hands, _, person, said):
        await person.tell("faults", method="setMessageReaction", kind="delay", seconds=3)
        reacting = asyncio.create_task(hands.react(PERSON, said, "👀"))
        await asyncio.sleep(0.2)
        await hands.send_text(PERSON, 0, Message(Html("news")), reply_to=0, silent=True)
        assert not reacting.done()
        await reacting


UNKNOWN_BUTTON = {
    "kind": "error",
    "code": 400,
    "description": "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
}


async def test_where_buttons_are_not_taken_the_words_are_sent_without_them(origins: Origins) -> None:
    message = Message(Html("a card"), ((ActionButton("Stop", "stop:1", "danger"), CopyButton("Copy", "v1")),))
    async with at_work(origins) as (hands, _, person, _):
        await person.tell("faults", method="sendMessage", **UNKNOWN_BUTTON)
        number = await hands.send_text(PERSON, 0, message, reply_to=0, silent=True)
        assert [(m["text"], m["buttons"]) for m in await person.messages()][1:] == [("a card", [])]
        await person.tell("faults", method="editMessageText", **UNKNOWN_BUTTON)
        await hands.edit_text(PERSON, number, Message(Html("the card"), message.buttons))
        assert [(m["text"], m["buttons"]) for m in await person.messages()][1:] == [("the card", [])]


async def test_words_that_need_their_link_are_not_sent_without_it(origins: Origins) -> None:
    message = Message(Html("behind the button"), ((LinkButton("Open", "https://x.example/v"),),))
    async with at_work(origins) as (hands, _, person, _):
        await person.tell("faults", method="sendMessage", **UNKNOWN_BUTTON)
        with pytest.raises(Refused):
            await hands.send_text(PERSON, 0, message, reply_to=0, silent=True)
        assert len(await person.messages()) == 1
