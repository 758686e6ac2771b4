import pytest

from bot.intake.asks import Ask, command_in
from bot.intake.invitations import digest_in, digest_of, is_invitation, is_meant, link, new_code, without_code

CODE = "abcDEF0123456789_-wxyz"
DIGEST = digest_of(CODE)


def kept(text: str) -> str:
    return str(without_code({"update_id": 1, "message": {"text": text, "date": 5}})["message"]["text"])


def asked(text: str, chat_id: int = 7) -> Ask:
    command, addressee, arguments = command_in(text)
    return Ask(chat_id=chat_id, command=command, addressee=addressee, arguments=arguments)


def test_a_code_is_new_each_time_and_fits_into_a_link() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(len(code) == 22 and code.isascii() for code in codes)
    assert link("a_bot", CODE) == f"https://t.me/a_bot?start=inv_{CODE}"


@pytest.mark.parametrize("text", [f"/start inv_{CODE}", f" /START@a_bot  inv_{CODE}\n", f"/start\x1finv_{CODE}"])
def test_only_a_digest_of_the_code_goes_further(text: str) -> None:
    assert CODE not in kept(text)
    ask = asked(kept(text))
    assert is_invitation(ask)
    assert digest_in(ask.arguments) == DIGEST


@pytest.mark.parametrize("text", [f"/start inv_{DIGEST}", f"  /start@x inv_{DIGEST} ", f"/START\u2003inv_{DIGEST}"])
def test_who_has_read_the_digest_can_not_use_it(text: str) -> None:
    assert digest_in(asked(kept(text)).arguments) == digest_of(DIGEST)
    captioned = without_code({"message": {"caption": text}})["message"]["caption"]
    assert digest_in(asked(captioned).arguments) == digest_of(DIGEST)


@pytest.mark.parametrize(
    "text", [f"/track inv_{CODE}", "/start", "/start inv_", f"/start inv_{DIGEST} x", "/start v_1"]
)
def test_nothing_else_is_an_invitation(text: str) -> None:
    assert kept(text) == text
    assert not is_invitation(asked(text))


def test_a_group_is_no_place_for_one() -> None:
    assert not is_invitation(asked(kept(f"/start inv_{CODE}"), chat_id=-7))


@pytest.mark.parametrize("body", [{"callback_query": {}}, {"message": {}}, {"message": {"text": 5}}, {"message": None}])
def test_what_shows_no_code_stays_as_it_is(body: dict[str, object]) -> None:
    assert without_code(body) == body


def test_what_is_meant_as_an_invitation() -> None:
    assert is_meant("inv_")
    assert not is_meant("vid_1")
