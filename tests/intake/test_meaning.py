import pytest

from bot.intake.meaning import bad_id, is_strong, unknown_word


@pytest.mark.parametrize(
    "word",
    [
        "2f0392df-7da1-4128-8e30-7ea3d81446b3",
        "video_69095b4ce0048190893a01510c0c98b0",
        "task_01k6x15vhrff09dkkqjrzwhm60",
        "sora-2:task_01k74ynm13exf9ha36zz7820hv",
        "grok:05c8e247",
        "866889456698785798",
        "5a9b4d8f",
        "task_12345678",
        "task-video-abc123",
        "vid_8hq2m4",
        "models/veo-3/operations/8hq2m4xx",
    ],
)
def test_what_can_be_nothing_but_an_id(word: str) -> None:
    assert is_strong(word)


@pytest.mark.parametrize(
    "word",
    [
        "0",
        "vid1",
        "5a9b4d8",
        "generations",
        "12345678901",
        "seedance-2.0",
        "doubao-seedance-1-0-pro-250528",
        "gpt-image-1-2025-04-23",
        "veo-3.1-fast-generate-001",
        "kling-v2-6",
        "hunyuan3d",
        "2026-05-01T10:00:00Z",
        "20260501T100000Z",
        "2026-05-01",
        "1280x720",
        "clip_20260501.mp4",
        "api.example.com",
    ],
)
def test_what_may_be_talk(word: str) -> None:
    assert not is_strong(word)


def test_what_is_repeated_is_short_and_holds_no_query() -> None:
    assert bad_id("api.example/x?key=12345").text == "api.example/x?…"
    assert len(bad_id("!" * 600).text) <= 100
    assert bad_id("a\ud800\x00b").text == "ab"
    assert unknown_word("?key=12345").text == "?"
    assert unknown_word("x?key=12345").text == "x"
