import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.inline import Unpacker, decode

MEDIA = bytes(range(256)) * 64


def unpacked(body: bytes, size: int) -> tuple[bytes, Unpacker]:
    unpacker = Unpacker()
    out = b"".join(unpacker.feed(body[start : start + size]) for start in range(0, len(body), size))
    return out, unpacker


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9000), st.integers(5000, 9000), st.sampled_from(["plain", "slash", "mime", "url", "data", "dotnet"])
)
def test_a_file_is_found_however_the_answer_is_cut(size: int, length: int, style: str) -> None:
    media = MEDIA[:length]
    text = base64.b64encode(media).decode()
    body = json.dumps(
        {"note": 'a "quoted" \\ note', "thumbnail": text[:4800], "base64": text, "data_url": text, "n": 1}
    )
    match style:
        case "slash":
            body = body.replace("/", "\\/")
        case "mime":
            body = json.dumps({"base64": base64.encodebytes(media).decode()})
        case "url":
            body = json.dumps({"base64": base64.urlsafe_b64encode(media).decode().rstrip("=")})
        case "data":
            body = json.dumps({"anything": f"data:video/mp4;base64,{text}"})
        case "dotnet":
            body = body.replace("+", "\\u002B").replace("=", "\\u003d")
    out, unpacker = unpacked(body.encode(), size)
    assert out == media
    assert unpacker.complete
    assert isinstance(json.loads(unpacker.document), dict)


def test_a_file_that_is_cut_is_not_complete() -> None:
    body = json.dumps({"base64": base64.b64encode(MEDIA).decode()}).encode()
    _, unpacker = unpacked(body[:-100], 1000)
    assert not unpacker.complete


@pytest.mark.parametrize("text", ["word " * 2000, "A" * 9000, "é" * 5000, "A" * 4500 + "!" * 4500])
def test_long_texts_that_are_no_file_are_dropped(text: str) -> None:
    out, unpacker = unpacked(json.dumps({"message": text, "url": "https://c.test/v"}).encode(), 700)
    assert out == b""
    assert json.loads(unpacker.document) == {"message": "", "url": "https://c.test/v"}


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b"\\uZZZZ" * 9 + b'"',
        b"x" * 200_000,
        b'"",' * 100_000,
        b'{"base64":"' + b"A" * 5000 + b"!" * 5000 + b'"}',
        b'{"base64":"' + b"A" * 4999 + b"=" * 9 + b"A" * 5000 + b'"}',
    ],
)
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - binascii has a type of its own below ValueError
        unpacked(body, 65536)


@pytest.mark.parametrize(
    ("text", "data"), [("QUJD", b"ABC"), ("data:video/mp4;base64,QUI=", b"AB"), ("no!", None), ("é", None)]
)
def test_short_strings_decode_at_once(text: str, data: bytes | None) -> None:
    assert decode(text) == data
