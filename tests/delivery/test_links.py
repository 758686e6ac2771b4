import pytest

from bot.delivery.links import expires_at

SECOND_OF_MAY = 1_777_680_000.0  # 2026-05-02 00:00 UTC


@pytest.mark.parametrize(
    ("query", "moment"),
    [
        ("X-Amz-Date=20260501T233000Z&X-Amz-Expires=1800&X-Amz-Signature=x", SECOND_OF_MAY),
        ("x-goog-date=20260501T000000Z&x-goog-expires=86400", SECOND_OF_MAY),
        ("X-Tos-Algorithm=a&X-Tos-Date=20260501T230000Z&X-Tos-Expires=3600", SECOND_OF_MAY),
        ("Expires=1777680000&OSSAccessKeyId=a&Signature=b", SECOND_OF_MAY),
        ("expires=1777680000&signature=b", SECOND_OF_MAY),
        ("Expires=1777680000&Key-Pair-Id=K&Policy=x", SECOND_OF_MAY),
        ("x-expires=1777680000&x-signature=b", SECOND_OF_MAY),
        ("sv=2022&se=2026-05-02T00%3A00%3A00Z&sig=x", SECOND_OF_MAY),
        ("se=2026-05-02&sig=x", SECOND_OF_MAY),
        ("q-sign-time=1777600000;1777680000&q-signature=x", SECOND_OF_MAY),
        ("auth_key=1777680000-0-0-0123456789abcdef", SECOND_OF_MAY),
        ("e=1777680000&token=x", SECOND_OF_MAY),
        ("exp=1777680000000", SECOND_OF_MAY),
        ("X-Amz-Expires=1800", None),
        ("X-Amz-Date=yesterday&X-Amz-Expires=1800", None),
        ("X-Amz-Date=20260501T233000Z&X-Amz-Expires=soon", None),
        ("expires=3600", None),
        ("e=video&x=1", None),
        ("expires=" + "9" * 400, None),
        ("", None),
    ],
)
def test_what_a_link_says_of_its_end(query: str, moment: float | None) -> None:
    assert expires_at(f"https://cdn.example/v.mp4?{query}") == moment


@pytest.mark.parametrize("url", ["", "https://[", "data:video/mp4;base64,AAAA", "https://x/?" + "&".join("a=1" * 500)])
def test_what_is_no_link_has_no_end(url: str) -> None:
    assert expires_at(url) is None
