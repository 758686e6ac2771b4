import hashlib
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import aiohttp
import av
import pytest
from PIL import Image
from telegram import (
    Animation,
    Bot,
    Document,
    InputFile,
    InputMediaAnimation,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    Message,
)
from telegram.error import NetworkError

from sandbox.media import Media
from sandbox.player import Player
from sandbox.servers import PERSON, TOKEN, Origins
from tests.sandbox.asking import last_call, refusal, seen

Item = InputMediaPhoto | InputMediaVideo | InputMediaDocument | InputMediaAnimation


@pytest.fixture
def upload(media: Media) -> Callable[[str], InputFile]:
    """A file of the stand-in's as a bot hands it over: for a parameter of its own, not for an `attach://`."""

    def make(name: str) -> InputFile:
        return InputFile(path_of(media, name).read_bytes(), filename=name)

    return make


@pytest.fixture
def attached(media: Media) -> Callable[[str], InputFile]:
    def make(name: str) -> InputFile:
        return InputFile(path_of(media, name).read_bytes(), filename=name, attach=True)

    return make


Files = Callable[[str], InputFile]


def path_of(media: Media, name: str) -> Path:
    path = media.path(name)
    assert path is not None
    return path


def jpeg(width: int, height: int, size: int = 0) -> bytes:
    """A picture, filled up to `size` bytes."""
    made = io.BytesIO()
    Image.new("RGB", (width, height), (70, 90, 120)).save(made, "JPEG")
    return made.getvalue().ljust(size, b"\0")


def sound(seconds: int = 2) -> bytes:
    """Silence, but in a real audio file."""
    made = io.BytesIO()
    with av.open(made, "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=8000 * seconds)
        frame.sample_rate = 8000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return made.getvalue()


# Uploads


async def test_an_uploaded_video_is_kept_byte_for_byte_and_measured(
    api: Bot, person: Player, media: Media, upload: Files
) -> None:
    sent = await api.send_video(PERSON, upload("dusk.mp4"), caption="<i>dusk</i>", parse_mode="HTML", width=1, height=1)
    assert sent.video is not None
    assert (sent.video.width, sent.video.height, sent.video.mime_type) == (360, 640, "video/mp4")
    assert sent.caption == "dusk"
    shown = (await seen(person, sent))["media"]
    assert (shown["kind"], shown["file_name"], shown["duration"]) == ("video", "dusk.mp4", 3)
    assert shown["sha256"] == media.sha256("dusk.mp4")
    assert hashlib.sha256(await person.file(sent.video.file_id)).hexdigest() == media.sha256("dusk.mp4")
    assert (await last_call(person))["params"]["video"] == {
        "file": "dusk.mp4",
        "size": path_of(media, "dusk.mp4").stat().st_size,
        "sha256": media.sha256("dusk.mp4"),
    }


async def test_a_streamed_upload_arrives_whole(api: Bot, person: Player, media: Media) -> None:
    with path_of(media, "noon.mp4").open("rb") as file:
        sent = await api.send_video(PERSON, InputFile(file, filename="noon.mp4", read_file_handle=False))
    assert (await seen(person, sent))["media"]["sha256"] == media.sha256("noon.mp4")


async def test_getfile_leads_to_the_bytes(api: Bot, person: Player, media: Media, upload: Files) -> None:
    sent = await api.send_photo(PERSON, upload("dawn.png"))
    downloaded = await (await api.get_file(sent.photo[-1].file_id)).download_as_bytearray()
    assert hashlib.sha256(downloaded).hexdigest() == media.sha256("dawn.png")
    said = await refusal(person, api.get_file("unknown"))
    assert said == "Bad Request: wrong file identifier/HTTP URL specified"


async def test_getfile_ends_at_20_megabytes(api: Bot, person: Player) -> None:
    sent = await api.send_document(PERSON, InputFile(bytes(20 * 1024 * 1024 + 1), filename="much.bin"))
    assert sent.document is not None
    assert await refusal(person, api.get_file(sent.document.file_id)) == "Bad Request: file is too big"


async def test_a_photo_comes_in_sizes_up_to_its_own(api: Bot, person: Player, upload: Files) -> None:
    sent = await api.send_photo(PERSON, upload("noon.png"), has_spoiler=True)
    assert [(size.width, size.height) for size in sent.photo] == [(90, 60), (320, 213), (800, 533), (960, 640)]
    assert sent.has_media_spoiler
    assert (await seen(person, sent))["media"]["kind"] == "photo"


async def test_an_animation_is_also_a_document(api: Bot, person: Player, upload: Files) -> None:
    sent = await api.send_animation(PERSON, upload("dawn.mp4"))
    assert isinstance(sent.animation, Animation)
    assert isinstance(sent.document, Document)
    assert (await seen(person, sent))["media"]["kind"] == "animation"


async def test_audio_has_its_own_duration(api: Bot, person: Player) -> None:
    sent = await api.send_audio(PERSON, InputFile(sound(2), filename="calm.wav"), title="Calm", performer="Nobody")
    assert sent.audio is not None
    assert (sent.audio.title, sent.audio.performer) == ("Calm", "Nobody")
    assert (await seen(person, sent))["media"]["duration"] == 2


async def test_a_document_is_taken_as_it_is(api: Bot, person: Player) -> None:
    sent = await api.send_document(PERSON, InputFile(b"anything", filename="notes.txt"))
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.mime_type, sent.document.file_size) == ("notes.txt", "text/plain", 8)
    assert (await seen(person, sent))["media"]["width"] == 0


async def test_what_is_no_video_becomes_a_document(api: Bot, person: Player) -> None:
    sent = await api.send_video(PERSON, InputFile(b"no video at all", filename="x.mp4"))
    assert sent.video is None
    assert sent.document is not None
    assert (await seen(person, sent))["media"]["kind"] == "document"


async def test_above_ten_megabytes_only_the_bot_knows_the_geometry(api: Bot, person: Player, media: Media) -> None:
    big = path_of(media, "big-11000000.mp4").read_bytes()
    blind = await api.send_video(PERSON, InputFile(big, filename="big.mp4"))
    told = await api.send_video(PERSON, InputFile(big, filename="big.mp4"), width=640, height=360, duration=3)
    for sent, geometry in ((blind, (320, 320, 0)), (told, (640, 360, 3))):
        shown = (await seen(person, sent))["media"]
        assert (shown["width"], shown["height"], shown["duration"]) == geometry


@pytest.mark.usefixtures("person")
async def test_a_usable_thumbnail_and_a_cover_are_shown_and_others_are_ignored(api: Bot, upload: Files) -> None:
    small, large = InputFile(jpeg(320, 180), filename="t.jpg"), InputFile(jpeg(640, 360), filename="t.jpg")
    cover = InputFile(jpeg(640, 360), filename="cover.jpg", attach=True)
    good = await api.send_video(PERSON, upload("noon.mp4"), thumbnail=small, cover=cover)
    assert good.video is not None
    assert good.video.thumbnail is not None
    assert (good.video.thumbnail.width, good.video.thumbnail.height) == (320, 180)
    assert good.video.cover is not None
    assert good.video.cover[-1].width == 640
    bad = await api.send_video(PERSON, upload("noon.mp4"), thumbnail=large)
    assert bad.video is not None
    assert bad.video.thumbnail is None


# Limits


async def test_captions_may_have_1024_units_and_no_more(api: Bot, person: Player, upload: Files) -> None:
    await api.send_photo(PERSON, upload("dawn.png"), caption=f"<b>{'x' * 1024}</b>", parse_mode="HTML")
    said = await refusal(person, api.send_photo(PERSON, upload("dawn.png"), caption="x" * 1025))
    assert said == "Bad Request: message caption is too long"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.jpg", b"", "file must be non-empty"),
        ("x.jpg", b"no picture", "IMAGE_PROCESS_FAILED"),
        ("x.webp", b"any", "photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp"),
        ("x.jpg", jpeg(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        ("x.jpg", jpeg(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
        (
            "x.jpg",
            jpeg(10, 10, 10 * 1024 * 1024 + 1),
            "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
        ),
    ],
    ids=["empty", "broken", "webp", "large", "narrow", "heavy"],
)
async def test_photos_that_telegram_refuses(
    api: Bot, person: Player, name: str, content: bytes, complaint: str
) -> None:
    said = await refusal(person, api.send_photo(PERSON, InputFile(content, filename=name)))
    assert said == f"Bad Request: {complaint}"
    assert len(await person.messages()) == 1


@pytest.mark.parametrize("size", [(9000, 1000), (2000, 100)])
async def test_photos_at_the_limit(api: Bot, person: Player, size: tuple[int, int]) -> None:
    sent = await api.send_photo(PERSON, InputFile(jpeg(*size), filename="x.jpg"))
    assert (sent.photo[-1].width, sent.photo[-1].height) == size
    assert len(await person.messages()) == 2


async def test_a_webp_under_another_name_is_no_photo_either(api: Bot, person: Player, media: Media) -> None:
    content = path_of(media, "noon.webp").read_bytes()
    said = await refusal(person, api.send_photo(PERSON, InputFile(content, filename="x.jpg")))
    assert said == "Bad Request: IMAGE_PROCESS_FAILED"


async def test_more_than_50_megabytes_are_413_which_python_telegram_bot_calls_a_network_error(
    api: Bot, person: Player
) -> None:
    heavy = InputFile(bytes(50 * 1024 * 1024 + 1), filename="x.mp4")
    with pytest.raises(NetworkError, match="Request Entity Too Large") as caught:
        await api.send_video(PERSON, heavy)
    assert type(caught.value) is NetworkError
    call = await last_call(person)
    assert (call["status"], call["params"]) == (413, None)
    assert len(await person.messages()) == 1


# By file_id and by URL


async def test_a_file_id_needs_no_second_upload(api: Bot, person: Player, upload: Files) -> None:
    first = await api.send_video(PERSON, upload("dawn.mp4"))
    assert first.video is not None
    again = await api.send_video(PERSON, first.video.file_id)
    assert again.video == first.video
    shown = [message["media"] for message in await person.messages() if message["media"]]
    assert shown[0] == shown[1]
    assert await refusal(person, api.send_photo(PERSON, first.video.file_id)) == (
        "Bad Request: can't use file of type Video as Photo"
    )
    assert await refusal(person, api.send_video(PERSON, "BAACunknown")) == (
        "Bad Request: wrong file identifier/HTTP URL specified"
    )


async def test_by_url_telegram_fetches_the_file_itself(
    origins: Origins, api: Bot, person: Player, media: Media
) -> None:
    sent = await api.send_video(PERSON, f"{origins.cdn}/files/night.mp4", width=1, height=1)
    shown = (await seen(person, sent))["media"]
    assert (shown["sha256"], shown["width"]) == (media.sha256("night.mp4"), 640)
    fetched = (await person.ask("gateway-calls"))["calls"][-1]
    assert (fetched["provider"], fetched["path"], fetched["authorization"]) == ("cdn", "/files/night.mp4", False)


@pytest.mark.parametrize(
    ("kind", "address", "complaint"),
    [
        ("video", "{cdn}/files/none.mp4", "failed to get HTTP URL content"),
        ("video", "{cdn}/files/big-20971521.mp4", "failed to get HTTP URL content"),
        ("video", "http://127.0.0.1:1/x.mp4", "failed to get HTTP URL content"),
        ("video", "https://example.org/x.mp4", "failed to get HTTP URL content"),
        ("video", "{cdn}/files/dawn.png", "wrong type of the web page content"),
        ("photo", "{cdn}/files/dawn.mp4", "wrong type of the web page content"),
        ("photo", "{cdn}/files/noon.webp", "photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, "),
        ("video", "http://[::1/x.mp4", "wrong HTTP URL specified"),
        ("video", "ftp://127.0.0.1/x.mp4", "invalid file HTTP URL specified: Unsupported URL protocol"),
    ],
)
async def test_addresses_that_telegram_refuses(
    origins: Origins, api: Bot, person: Player, kind: str, address: str, complaint: str
) -> None:
    url = address.format(cdn=origins.cdn)
    attempt = api.send_video(PERSON, url) if kind == "video" else api.send_photo(PERSON, url)
    said = await refusal(person, attempt)
    assert said.startswith(f"Bad Request: {complaint}")


async def test_a_path_means_nothing_to_telegram_itself(
    origins: Origins, person: Player, web: aiohttp.ClientSession
) -> None:
    body = {"chat_id": PERSON, "video": "file:///tmp/x.mp4"}
    async with web.post(f"{origins.telegram}/bot{TOKEN}/sendVideo", json=body) as answer:
        said = (await answer.json())["description"]
    assert said == "Bad Request: invalid file HTTP URL specified: Unsupported URL protocol"
    assert len(await person.messages()) == 1


async def test_by_url_a_file_may_have_20_megabytes(origins: Origins, api: Bot, person: Player) -> None:
    sent = await api.send_video(PERSON, f"{origins.cdn}/files/big-20971520.mp4")
    assert (await seen(person, sent))["media"]["size"] == 20971520


async def test_by_url_a_photo_may_have_5_megabytes(origins: Origins, api: Bot, person: Player, media: Media) -> None:
    path = path_of(media, "dawn.png").with_name("heavy.jpg")
    address = f"{origins.cdn}/files/{path.name}"
    path.write_bytes(jpeg(30, 20, 5 * 1024 * 1024))
    assert (await api.send_photo(PERSON, address)).photo[-1].width == 30
    path.write_bytes(jpeg(30, 20, 5 * 1024 * 1024 + 1))
    assert await refusal(person, api.send_photo(PERSON, address)) == "Bad Request: failed to get HTTP URL content"


# Albums


async def test_an_album_is_several_messages_of_one_group(
    api: Bot, person: Player, media: Media, attached: Files
) -> None:
    items: list[InputMediaPhoto | InputMediaVideo] = [
        InputMediaPhoto(attached("dawn.png"), caption="<b>four</b>", parse_mode="HTML"),
        InputMediaVideo(attached("noon.mp4"), width=640, height=360, duration=3),
    ]
    sent = await api.send_media_group(PERSON, items, reply_to_message_id=1, disable_notification=True)
    assert len({message.media_group_id for message in sent}) == 1
    assert sent[0].caption == "four"
    shown = (await person.messages())[1:]
    assert [one["media"]["sha256"] for one in shown] == [media.sha256("dawn.png"), media.sha256("noon.mp4")]
    assert all(one["reply_to"] == 1 and one["silent"] and one["media_group_id"] for one in shown)
    params = (await last_call(person))["params"]
    names = [item["media"].removeprefix("attach://") for item in params["media"]]
    assert [params[name]["sha256"] for name in names] == [media.sha256("dawn.png"), media.sha256("noon.mp4")]


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        (["photo"] * 11, "too many messages to send as an album"),
        (["photo"], "too few messages to send as an album"),
        (["photo", "document"], "document can't be mixed with other media types"),
        (["photo", "animation"], "can't use the media of the specified type in the album"),
    ],
)
async def test_albums_that_telegram_refuses(
    api: Bot, person: Player, attached: Files, items: list[str], complaint: str
) -> None:
    makers = {"photo": InputMediaPhoto, "document": InputMediaDocument, "animation": InputMediaAnimation}
    media = [makers[kind](attached("dawn.png")) for kind in items]
    said = await refusal(person, api.send_media_group(PERSON, media))
    assert said == f"Bad Request: {complaint}"
    assert len(await person.messages()) == 1


async def test_an_album_is_all_or_nothing(api: Bot, person: Player, attached: Files) -> None:
    items = [InputMediaPhoto(attached("dawn.png")), InputMediaPhoto("unknown")]
    assert await refusal(person, api.send_media_group(PERSON, items)) == (
        "Bad Request: wrong file identifier/HTTP URL specified"
    )
    assert len(await person.messages()) == 1


async def test_ten_pictures_are_an_album(api: Bot, person: Player, attached: Files) -> None:
    await api.send_media_group(PERSON, [InputMediaPhoto(attached("dawn.png"))] * 10)
    assert len(await person.messages()) == 11


# Edits to media


async def edit(api: Bot, message: Message, item: Item) -> Message:
    edited = await api.edit_message_media(item, PERSON, message.message_id)
    assert isinstance(edited, Message)
    return edited


async def test_a_line_of_text_becomes_a_video_in_place(api: Bot, person: Player, media: Media, attached: Files) -> None:
    line = await api.send_message(PERSON, "The video is ready.")
    edited = await edit(api, line, InputMediaVideo(attached("noon.mp4"), caption="noon", supports_streaming=True))
    assert edited.message_id == line.message_id
    shown = await seen(person, line)
    assert (shown["text"], shown["caption"], shown["edits"]) == (None, "noon", 1)
    assert shown["media"]["sha256"] == media.sha256("noon.mp4")
    assert await refusal(person, api.edit_message_text("x", PERSON, line.message_id)) == (
        "Bad Request: there is no text in the message to edit"
    )
    await api.edit_message_caption(PERSON, line.message_id, caption="later")
    assert (await seen(person, line))["caption"] == "later"


async def test_the_same_file_id_again_changes_nothing_but_another_upload_does(
    api: Bot, person: Player, attached: Files
) -> None:
    line = await api.send_message(PERSON, "The video is ready.")
    edited = await edit(api, line, InputMediaVideo(attached("noon.mp4")))
    assert edited.video is not None
    said = await refusal(person, edit(api, line, InputMediaVideo(edited.video.file_id)))
    assert said.startswith("Bad Request: message is not modified")
    assert (await edit(api, line, InputMediaVideo(attached("noon.mp4")))).video != edited.video


async def test_items_of_an_album_are_edited_one_by_one(api: Bot, person: Player, media: Media, attached: Files) -> None:
    blanks = await api.send_media_group(PERSON, [InputMediaPhoto(attached("dawn.png"))] * 2)
    await edit(api, blanks[0], InputMediaVideo(attached("noon.mp4")))
    await edit(api, blanks[1], InputMediaPhoto(attached("dusk.jpg")))
    shown = (await person.messages())[1:]
    assert [one["media"]["sha256"] for one in shown] == [media.sha256("noon.mp4"), media.sha256("dusk.jpg")]
    assert shown[0]["media_group_id"] == shown[1]["media_group_id"]
    said = await refusal(person, edit(api, blanks[0], InputMediaDocument(attached("dawn.png"))))
    assert said == "Bad Request: can't use the media of the specified type in the album"


async def test_a_refused_edit_leaves_the_message_as_it_was(api: Bot, person: Player) -> None:
    line = await api.send_message(PERSON, "The picture is ready.")
    broken = InputFile(b"no picture", filename="x.jpg", attach=True)
    assert await refusal(person, edit(api, line, InputMediaPhoto(broken))) == "Bad Request: IMAGE_PROCESS_FAILED"
    assert (await seen(person, line))["text"] == "The picture is ready."


# What the stand-ins hand out


@pytest.mark.parametrize("name", ["dawn.mp4", "noon.mp4", "dusk.mp4", "night.mp4", "big-300000.mp4"])
def test_clips_play(media: Media, name: str) -> None:
    with av.open(str(path_of(media, name))) as container:
        frames = [bytes(frame.planes[0]) for frame in container.decode(video=0)]
    assert len(frames) == 72
    assert len(set(frames)) > 60


@pytest.mark.parametrize("name", ["dawn.png", "noon.png", "dusk.jpg", "night.jpg", "noon-last-frame.png", "noon.webp"])
def test_pictures_open(media: Media, name: str) -> None:
    with Image.open(path_of(media, name)) as image:
        image.load()
        assert image.size == (960, 640)


def test_files_on_demand_have_the_size_that_their_name_says(media: Media) -> None:
    assert path_of(media, "big-5000000.mp4").stat().st_size == 5_000_000
    with Image.open(path_of(media, "plain-30x20.png")) as image:
        assert image.size == (30, 20)


@pytest.mark.parametrize("name", ["none.mp4", "../media.py", "big-10.mp4", "big-9999999999.mp4", ""])
def test_there_are_no_other_files(media: Media, name: str) -> None:
    assert media.path(name) is None


def test_the_files_are_the_same_every_time(media: Media, tmp_path: Path) -> None:
    again = Media(tmp_path)
    again.make()
    assert [again.sha256(name) for name in again.names()] == [media.sha256(name) for name in media.names()]


# A video's pictures


def beside(**pictures: bytes) -> dict[str, InputFile]:
    """Files that go by their form name: python-telegram-bot itself sends no cover in an edit."""
    return {name: InputFile(data, filename=f"{name}.jpg") for name, data in pictures.items()}


async def test_an_edit_brings_a_thumbnail_and_a_cover(
    api: Bot, person: Player, attached: Files, origins: Origins
) -> None:
    line = await api.send_message(PERSON, "The video is ready.")
    video = InputMediaVideo(attached("noon.mp4"), thumbnail="attach://thumbnail", cover="attach://cover")
    files = beside(thumbnail=jpeg(320, 180), cover=jpeg(640, 360))
    await api.edit_message_media(video, PERSON, line.message_id, api_kwargs=files)
    shown = (await seen(person, line))["media"]
    assert (shown["thumbnail"]["width"], shown["thumbnail"]["height"]) == (320, 180)
    assert (shown["cover"]["width"], shown["cover"]["height"]) == (640, 360)
    for cover in (shown["cover"]["file_id"], f"{origins.cdn}/files/dusk.jpg"):
        await edit(api, line, InputMediaVideo(shown["file_id"], caption=cover[-9:], cover=cover))
        assert (await seen(person, line))["media"]["cover"] is not None


async def test_a_file_keeps_its_thumbnail_and_a_message_its_cover(api: Bot, person: Player, upload: Files) -> None:
    thumbnail = InputFile(jpeg(320, 180), filename="t.jpg")
    first = await api.send_video(PERSON, upload("noon.mp4"), thumbnail=thumbnail, cover=upload("dusk.jpg"))
    assert first.video is not None
    again = await api.send_video(PERSON, first.video.file_id)
    shown = (await seen(person, again))["media"]
    assert shown["thumbnail"] == (await seen(person, first))["media"]["thumbnail"]
    assert (shown["thumbnail"]["width"], shown["cover"]) == (320, None)


@pytest.mark.parametrize("thumbnail", [jpeg(400, 225), jpeg(320, 180, 200_001), b"no picture"])
async def test_in_an_edit_too_a_thumbnail_must_fit_and_only_a_video_has_a_cover(
    api: Bot, person: Player, attached: Files, thumbnail: bytes
) -> None:
    line = await api.send_message(PERSON, "The file is ready.")
    document = InputMediaDocument(
        attached("noon.mp4"), thumbnail="attach://thumbnail", api_kwargs={"cover": "attach://cover"}
    )
    files = beside(thumbnail=thumbnail, cover=jpeg(640, 360))
    await api.edit_message_media(document, PERSON, line.message_id, api_kwargs=files)
    shown = (await seen(person, line))["media"]
    assert (shown["thumbnail"], shown["cover"]) == (None, None)


@pytest.mark.parametrize(
    ("name", "size", "rotation", "pixel"),
    [
        ("heavy-tall.mp4", (720, 1280), 0, Fraction(1)),
        ("heavy-turned.mp4", (1280, 720), 90, Fraction(1)),
        ("heavy-squeezed.mp4", (960, 720), 0, Fraction(4, 3)),
    ],
)
def test_heavy_clips_are_what_they_are_called(
    media: Media, name: str, size: tuple[int, int], rotation: int, pixel: Fraction
) -> None:
    path = path_of(media, name)
    assert path.stat().st_size > 10 * 2**20
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert (frame.width, frame.height, frame.rotation) == (*size, rotation)
        assert stream.sample_aspect_ratio == pixel


def test_a_broken_clip_has_an_index_and_no_frame(media: Media) -> None:
    with av.open(str(path_of(media, "broken.mp4"))) as container:
        assert container.streams.video[0].frames == 72
        with pytest.raises(av.InvalidDataError):
            next(container.decode(video=0))
