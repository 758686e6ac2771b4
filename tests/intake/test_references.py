import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.references import Mistake, Reference, read_reference

NAMES = ("apipod", "token360", "octopusx", "ai_nebula")


@pytest.mark.parametrize(
    "task_id",
    [
        "2f0392df-7da1-4128-8e30-7ea3d81446b3",
        "video_69095b4ce0048190893a01510c0c98b0",
        "sora-2:task_01k74ynm13exf9ha36zz7820hv",
        "grok:05c8e247",
        "0",
        "cHJvamVjdHMv" * 12 + "==",
        "a" * 512,
    ],
)
def test_an_id_alone(task_id: str) -> None:
    assert read_reference(task_id, NAMES) == Reference(task_id)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v1 apipod", Reference("v1", "apipod")),
        ("v1 image", Reference("v1", kind="image")),
        ("v1 apipod image", Reference("v1", "apipod", "image")),
        ("v1 IMAGE  APIPod", Reference("v1", "apipod", "image")),
        ("v1\nai-nebula", Reference("v1", "ai_nebula")),
        ("v1 AINebula video", Reference("v1", "ai_nebula", "video")),
    ],
)
def test_provider_and_kind_in_any_order_and_spelling(text: str, expected: Reference) -> None:
    assert read_reference(text, NAMES) == expected


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing(text: str) -> None:
    assert read_reference(text, NAMES) is None


@pytest.mark.parametrize(
    "task_id",
    [
        "../../x",
        "..",
        ".",
        "-",
        "a?key=1",
        "a#frag",
        "a&id=b",
        "..%2f",
        "a\x00b",
        "//evil.test/",
        "@evil.test",
        "{task_id}",
        "\u202eabc",
        "\uff41\uff42\uff43",
        "\u0663",
        "task\u200b_1",
        ":x",
        "x" * 513,
        "x" * 600,
        "\ud800",
    ],
)
def test_what_can_not_be_an_id(task_id: str) -> None:
    assert read_reference(task_id, NAMES) == Mistake("bad_id", task_id)


@pytest.mark.parametrize("text", ["v1 nowhere", "v1 video image", "v1 apipod token360", "v1 apipod apipod"])
def test_a_word_that_means_nothing_here(text: str) -> None:
    found = read_reference(text, NAMES)
    assert isinstance(found, Mistake)
    assert found.say == "unknown_word"


def test_a_provider_that_is_not_set_up_is_no_word() -> None:
    assert read_reference("v1 apipod", ()) == Mistake("unknown_word", "apipod")


@given(st.text(max_size=700))
def test_any_text_gives_an_answer(text: str) -> None:
    assert isinstance(read_reference(text, NAMES), Reference | Mistake | None)
