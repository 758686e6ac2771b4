from pathlib import Path

import pytest

from bot.delivery.media import Item, Remote, Upload, best_form, is_result, remote, rungs, still_open
from bot.media.probe import Format, Media, MediaKind
from providers.base import Output, OutputKind


def media(
    form: Format,
    kind: MediaKind,
    width: int | None = 1280,
    height: int | None = 720,
    size: int = 1000,
    codec: str | None = None,
) -> Media:
    return Media(form, kind, "x/y", size, width, height, video_codec=codec)


PUBLIC = Output(OutputKind.VIDEO, "https://cdn.example/v.mp4")
OWN = Output(OutputKind.VIDEO, "https://gate.example/v.mp4", needs_auth=True)


def upload(found: Media) -> Upload:
    return Upload(best_form(found), Path("result"), found)


@pytest.mark.parametrize(
    ("found", "best"),
    [
        (media(Format.MP4, MediaKind.VIDEO), MediaKind.VIDEO),
        (media(Format.MOV, MediaKind.VIDEO), MediaKind.DOCUMENT),
        (media(Format.WEBM, MediaKind.VIDEO), MediaKind.DOCUMENT),
        (media(Format.GIF, MediaKind.ANIMATION), MediaKind.ANIMATION),
        (media(Format.JPEG, MediaKind.PHOTO), MediaKind.PHOTO),
        (media(Format.PNG, MediaKind.PHOTO), MediaKind.PHOTO),
        (media(Format.WEBP, MediaKind.PHOTO), MediaKind.DOCUMENT),
        (media(Format.PNG, MediaKind.PHOTO, 7000, 5400), MediaKind.DOCUMENT),
        (media(Format.PNG, MediaKind.PHOTO, 4100, 200), MediaKind.DOCUMENT),
        (media(Format.PNG, MediaKind.PHOTO, size=10_000_001), MediaKind.DOCUMENT),
        (media(Format.PNG, MediaKind.PHOTO, None, None), MediaKind.DOCUMENT),
        (media(Format.MP3, MediaKind.AUDIO), MediaKind.AUDIO),
        (media(Format.WAV, MediaKind.AUDIO), MediaKind.DOCUMENT),
        (media(Format.UNKNOWN, MediaKind.DOCUMENT), MediaKind.DOCUMENT),
        (media(Format.MP4, MediaKind.VIDEO, codec="hevc"), MediaKind.VIDEO),
        (media(Format.MP4, MediaKind.VIDEO, codec="vp9"), MediaKind.DOCUMENT),
    ],
)
def test_every_file_has_a_best_form_and_ends_as_a_document(found: Media, best: MediaKind) -> None:
    choices = rungs(upload(found), OWN)
    assert choices[0].form is best
    assert choices[-1].form is MediaKind.DOCUMENT
    assert len({choice.form for choice in choices}) == len(choices)


def shape(items: tuple[Item, ...]) -> list[tuple[type[Item], MediaKind]]:
    return [(type(item), item.form) for item in items]


def test_by_address_comes_last_unless_uploads_do_not_get_through() -> None:
    clip = media(Format.MP4, MediaKind.VIDEO)
    uploads = [(Upload, MediaKind.VIDEO), (Upload, MediaKind.DOCUMENT)]
    assert shape(rungs(upload(clip), PUBLIC)) == [*uploads, (Remote, MediaKind.VIDEO)]
    assert shape(rungs(upload(clip), PUBLIC, by_address_first=True)) == [(Remote, MediaKind.VIDEO), *uploads]
    assert shape(rungs(upload(clip), OWN, by_address_first=True)) == uploads


def test_a_form_that_was_refused_is_not_offered_again_in_another_way() -> None:
    first, *others = rungs(upload(media(Format.MP4, MediaKind.VIDEO)), PUBLIC)
    (document,) = still_open(others, first, too_large=False)
    assert shape((document,)) == [(Upload, MediaKind.DOCUMENT)]
    assert still_open((), document, too_large=False) == ()


def test_an_upload_that_is_too_large_leaves_only_the_address() -> None:
    first, *others = rungs(upload(media(Format.MP4, MediaKind.VIDEO)), PUBLIC)
    assert shape(still_open(others, first, too_large=True)) == [(Remote, MediaKind.VIDEO)]


def test_a_servers_page_is_no_result() -> None:
    assert not is_result(media(Format.HTML, MediaKind.DOCUMENT))
    assert not is_result(media(Format.TEXT, MediaKind.DOCUMENT))
    assert not is_result(media(Format.MP4, MediaKind.VIDEO, size=0))
    assert is_result(media(Format.UNKNOWN, MediaKind.DOCUMENT))


@pytest.mark.parametrize(
    ("form", "output", "size", "fits"),
    [
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://cdn.example/v.mp4"), 10, True),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "http://cdn.example/v.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "/etc/passwd"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, ""), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://cdn.example:443/v.mp4?a=b%2Fc"), 0, True),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://cdn.example:8443/v.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://user:pw@cdn.example/v.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://localhost/v.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://10.0.0.1/v.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://[::1]/v.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https:///etc/passwd"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://[v.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://cdn.example/v\n.mp4"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "file:///etc/passwd"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "AgACAgQAAxkBAAI"), 10, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://cdn.example/v.mp4"), 20_000_001, False),
        (MediaKind.PHOTO, Output(OutputKind.IMAGE, "https://cdn.example/i.png"), 5_000_001, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://gate.example/v.mp4", needs_auth=True), 10, False),
    ],
)
def test_by_address_only_what_telegram_can_fetch(form: MediaKind, output: Output, size: int, *, fits: bool) -> None:
    assert (remote(form, output, size) is not None) is fits
