import pytest

from bot.intake.asks import Ask
from bot.intake.invitations import digest_in, digest_of, is_invitation, is_meant, link, new_code, without_code

CODE = "abcDEF0123456789_-wxyz"


def test_a_code_is_new_each_time_and_fits_into_a_link() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(is_invitation(Ask(chat_id=7, command="start", arguments=f"inv_{code}")) for code in codes)
    assert link("a_bot", CODE) == f"https://t.me/a_bot?start=inv_{CODE}"
    assert max(len(f"inv_{code}") for code in codes) <= 64


@pytest.mark.parametrize(
    ("chat_id", "command", "arguments"),
    [
        (-7, "start", f"inv_{CODE}"),
        (7, "track", f"inv_{CODE}"),
        (7, "start", f"inv_{CODE}x"),
        (7, "start", f"inv_{CODE} x"),
        (7, "start", f"inv_{digest_of(CODE)}"),
        (7, "start", "inv_"),
        (7, "start", ""),
    ],
)
def test_nothing_else_is_an_invitation(chat_id: int, command: str, arguments: str) -> None:
    assert not is_invitation(Ask(chat_id=chat_id, command=command, arguments=arguments))


@pytest.mark.parametrize("text", [f"/start inv_{CODE}", f" /START@a_bot  inv_{CODE}\n"])
def test_only_a_digest_of_the_code_goes_further(text: str) -> None:
    body = {"update_id": 1, "message": {"text": text, "date": 5}}
    kept = without_code(body)["message"]
    assert CODE not in kept["text"]
    assert kept["date"] == 5
    assert digest_in(kept["text"].split()[1]) == digest_of(CODE)


@pytest.mark.parametrize("body", [{"callback_query": {}}, {"message": {}}, {"message": {"text": "/start vid_1"}}])
def test_what_shows_no_code_stays_as_it_is(body: dict[str, object]) -> None:
    assert without_code(body) is body


def test_what_is_meant_as_an_invitation() -> None:
    assert is_meant("inv_")
    assert not is_meant("vid_1")
    assert digest_in(f"inv_{CODE}") is None
