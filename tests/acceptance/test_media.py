"""How a film looks in the chat before somebody plays it: its shape and its pictures."""

import io
from typing import Any

import pytest
from PIL import Image

from sandbox.media import Media
from tests.acceptance.world import World, delivered

Json = dict[str, Any]


async def film(world: World, media: Media, name: str) -> Json:
    """What the chat shows of a finished task with that output."""
    assert media.path(name)  # made before somebody waits for it
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", outputs=[name], pace=0.2)
    await world.start_bot()
    await person.say("/track t1")
    (message,) = await delivered(person)
    shown: Json = message["media"]
    assert shown["sha256"] == media.sha256(name)
    return shown


async def picture(world: World, shown: Json) -> Image.Image:
    """A picture of the film, which is what the stand-in says that it is."""
    image = Image.open(io.BytesIO(await (await world.person()).file(shown["file_id"])))
    assert (image.format, image.size) == ("JPEG", (shown["width"], shown["height"]))
    return image.convert("RGB")


def is_upright(image: Image.Image) -> bool:
    """Whether the sky is above and the land is below: noon's blue and green."""
    thin = image.resize((1, 20), Image.Resampling.BOX)
    red, green, blue = zip(*(thin.getpixel((0, y)) for y in (1, 18)), strict=True)
    return bool(blue[0] > green[0] > red[0] and green[1] > blue[1])


@pytest.mark.parametrize(
    ("name", "size", "thumbnail", "cover"),
    [
        ("heavy-tall.mp4", (720, 1280), (180, 320), (720, 1280)),
        ("heavy-turned.mp4", (720, 1280), (180, 320), (720, 1280)),
        ("heavy-squeezed.mp4", (1280, 720), (320, 180), (1280, 720)),
    ],
)
async def test_a_film_into_which_telegram_does_not_look_has_its_shape_and_its_pictures(
    world: World, media: Media, name: str, size: tuple[int, int], thumbnail: tuple[int, int], cover: tuple[int, int]
) -> None:
    shown = await film(world, media, name)
    assert shown["size"] > 10 * 2**20
    assert (shown["kind"], shown["width"], shown["height"], shown["duration"]) == ("video", *size, 1)
    for seen, wanted in ((shown["thumbnail"], thumbnail), (shown["cover"], cover)):
        image = await picture(world, seen)
        assert image.size == wanted
        assert is_upright(image)


async def test_a_broken_film_arrives_all_the_same(world: World, media: Media) -> None:
    shown = await film(world, media, "broken.mp4")
    assert (shown["kind"], shown["width"], shown["height"]) == ("video", 640, 360)
    assert (shown["thumbnail"], shown["cover"]) == (None, None)
    assert "no pictures of a file" in world.log()


async def test_a_picture_that_goes_as_a_document_has_a_thumbnail(world: World, media: Media) -> None:
    shown = await film(world, media, "noon.webp")
    assert (shown["kind"], shown["cover"]) == ("document", None)
    image = await picture(world, shown["thumbnail"])
    assert image.size == (320, 213)
    assert is_upright(image)


async def test_a_photo_needs_no_pictures_of_it(world: World, media: Media) -> None:
    shown = await film(world, media, "noon.png")
    assert (shown["kind"], shown["thumbnail"]) == ("photo", None)
    (call,) = await world.calls("editMessageMedia")
    assert call["params"]["media"].keys() <= {"type", "media", "caption", "parse_mode"}


async def test_a_second_chat_gets_the_pictures_with_the_file(world: World, media: Media) -> None:
    shown = await film(world, media, "dusk.mp4")
    person = await world.person()
    await person.say("/track t1")
    again = (await delivered(person, 2))[1]["media"]
    assert again["file_id"] == shown["file_id"]
    assert again["thumbnail"] == shown["thumbnail"] is not None
    assert again["cover"] == shown["cover"] is not None
