from typing import Literal

from bot.intake.access import Access
from bot.tracking.guests import Verdict

CLOSED = Access(frozenset(), frozenset(), frozenset())


def test_closed_unless_opened() -> None:
    assert not CLOSED.permits(1, 1)


def test_people_chats_and_admins() -> None:
    access = Access(frozenset({1}), frozenset({-5}), frozenset({9}))
    assert access.permits(1, 1)
    assert access.permits(1, -99)
    assert access.permits(2, -5)
    assert access.permits(9, 9)
    assert not access.permits(2, 2)
    assert not access.permits(2, -6)


def test_a_star_is_everybody() -> None:
    assert Access("*", frozenset(), frozenset()).permits(12345, -1)


def judged(verdicts: dict[int, Verdict], users: frozenset[int] | Literal["*"] = frozenset({1})) -> Access:
    return Access(users, frozenset({-5}), frozenset({9}), verdicts)


def test_who_was_let_in_from_inside_is_in() -> None:
    access = judged({2: Verdict.ALLOWED, -6: Verdict.ALLOWED, 3: Verdict.ASKED})
    assert access.permits(2, 2)
    assert access.permits(4, -6)
    assert not access.permits(3, 3)


def test_who_is_denied_is_out_also_where_everybody_is_in() -> None:
    denied = dict.fromkeys((1, 2, 9, -5, -6), Verdict.DENIED)
    for access in (judged(denied), judged(denied, "*")):
        assert not access.permits(2, 2)
        assert not access.permits(2, -5)
        assert access.permits(9, 9)
        assert not access.permits(4, -6)
        assert access.permits(4, -5)
    assert judged(denied).permits(1, -6)
    assert not judged({**denied, 4: Verdict.ALLOWED}).permits(4, -6)


def test_whom_only_the_operator_can_deny() -> None:
    assert [ident for ident in (1, 2, 9, -5, -6) if judged({}).names(ident)] == [1, 9, -5]
    assert not judged({}, "*").names(1)
