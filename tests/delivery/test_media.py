import pytest

from bot.delivery.media import file_name, forms, is_result, remote
from bot.media.probe import Format, Media, MediaKind


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


def test_by_address_only_https_and_only_what_telegram_fetches() -> None:
    assert remote(MediaKind.VIDEO, "http://cdn.example/v.mp4", 10) is None
    assert remote(MediaKind.VIDEO, "/etc/passwd", 10) is None
    assert remote(MediaKind.VIDEO, "", 10) is None
    assert remote(MediaKind.VIDEO, "https://cdn.example/v.mp4", 20_000_001) is None
    assert remote(MediaKind.PHOTO, "https://cdn.example/i.png", 5_000_001) is None
    assert remote(MediaKind.VIDEO, "https://cdn.example/v.mp4", 10) is not None


def test_a_name_has_the_ending_of_its_bytes_and_nothing_of_a_path() -> None:
    assert file_name(media(Format.MP4, MediaKind.VIDEO), "sora-2:task_1", 0) == "sora-2_task_1_1.mp4"
    assert file_name(media(Format.UNKNOWN, MediaKind.DOCUMENT), "../x" * 50, 2).endswith("_3.bin")
    assert "/" not in file_name(media(Format.PNG, MediaKind.PHOTO), "a/b", 0)
