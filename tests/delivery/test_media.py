import pytest

from bot.delivery.media import forms, is_result, remote
from bot.media.probe import Format, Media, MediaKind
from providers.base import Output, OutputKind


def media(form: Format, kind: MediaKind, width: int | None = 1280, height: int | None = 720, size: int = 1000) -> Media:
    return Media(form, kind, "x/y", size, width, height)


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
    ],
)
def test_every_file_has_a_best_form_and_ends_as_a_document(found: Media, best: MediaKind) -> None:
    choices = forms(found)
    assert choices[0] is best
    assert choices[-1] is MediaKind.DOCUMENT
    assert len(set(choices)) == len(choices)


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
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://cdn.example/v.mp4"), 20_000_001, False),
        (MediaKind.PHOTO, Output(OutputKind.IMAGE, "https://cdn.example/i.png"), 5_000_001, False),
        (MediaKind.VIDEO, Output(OutputKind.VIDEO, "https://gate.example/v.mp4", needs_auth=True), 10, False),
    ],
)
def test_by_address_only_what_telegram_can_fetch(form: MediaKind, output: Output, size: int, *, fits: bool) -> None:
    assert (remote(form, output, size) is not None) is fits
