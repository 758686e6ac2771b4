import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.keys import holds_key, mask, mask_all

KEY = "sk-4f9A0bC1dE2fG3hI4jK5"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"/track {KEY}",
        f"Bearer {KEY}",
        "bearer 0123456789abcdef",
        '{"api_key": "0123456789abcdef"}',
        "x-api-key: 0123456789abcdef",
        "Authorization: Token 0123456789abcdef",
        "'Authorization': 'Key 12345678-abcd:0123456789abcdef'",
        "https://x.example/models?key=0123456789abcdef",
        "https://me:0123456789abcdef@x.example/",
        "AIzaSy0123456789abcdef0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiIwMTIzIn0.0123456789abcdef",
        "curl https://x.example -H 'X-Whatever: 0123456789abcdef'",
        "curl https://x.example -H “X-Whatever: 0123456789abcdef”",
        "curl -u me:0123456789abcdef https://x.example",
        "curl https://x.example --header=X-Foo:0123456789abcdef",
    ],
)
def test_keys_are_blanked_in_place(text: str) -> None:
    masked = mask(text)
    assert holds_key(masked)
    assert len(masked) == len(text)
    assert "0123456789abcdef" not in masked
    assert KEY not in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2f0392df-7da1-4128-8e30-7ea3d81446b3",
        "sora-2:task_01k74ynm13exf9ha36zz7820hv",
        "task_sk-4f9A0bC1dE2fG3hI4jK5",
        "eyJpZCI6IjEyMzQ1Njc4OTAxMjM0NTY3ODkwIn0=",
        "Authorization: Bearer YOUR_API_KEY",
        "curl https://x.example -H 'Content-Type: application/json' -H \"Authorization: Bearer $API_KEY\"",
        "curl https://x.example -H 'X-Key: <your key>' -A 'Mozilla/5.0 (X11; Linux x86_64)'",
        "https://x.example/v.mp4?Expires=1700000000&Signature=0123456789abcdef",
        "a bearer of good news",
    ],
)
def test_what_is_no_key_stays(text: str) -> None:
    assert mask(text) == text


def test_every_text_of_a_stored_update() -> None:
    body = {"id": 5, "from": {"first_name": "A"}, "reply_to_message": {"text": f"x {KEY}", "entities": [{"length": 3}]}}
    masked = mask_all(body)
    assert KEY not in str(masked)
    assert masked["id"] == 5
    assert masked["reply_to_message"]["entities"] == [{"length": 3}]
    assert mask_all({"text": "a longer text without a key"}) == {"text": "a longer text without a key"}


@given(st.text(max_size=300))
def test_any_text_keeps_its_length(text: str) -> None:
    assert len(mask(text)) == len(text)
