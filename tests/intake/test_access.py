from bot.intake.access import Access

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
