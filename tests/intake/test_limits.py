from bot.intake.limits import REMEMBERED, Limits, Seldom

NOW = 1_700_000_000.0


def taken(limits: Limits, count: int, now: float = NOW, said_at: float = 0.0) -> int:
    return sum(limits.take(7, now, said_at) for _ in range(count))


def test_so_many_at_once_and_then_as_time_passes() -> None:
    limits = Limits(60)
    assert taken(limits, 100) == 60
    assert taken(limits, 100, NOW + 0.5) == 0
    assert taken(limits, 100, NOW + 10) == 10
    assert taken(limits, 100, NOW + 1e6) == 60
    assert limits.take(8, NOW)


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    limits = Limits(60)
    assert taken(limits, 59) == 59
    assert taken(limits, 5, NOW - 1000) == 1
    assert taken(limits, 5, NOW - 998) == 2


def test_what_waited_while_the_bot_was_away_was_not_said_at_once() -> None:
    limits = Limits(30)
    assert all(limits.take(7, NOW, NOW - 4000 + 2 * number) for number in range(1000))
    assert taken(limits, 100, NOW, NOW - 2000) == 30
    assert taken(limits, 100, NOW, NOW - 1990) == 5


def test_dates_and_the_clock_are_not_counted_twice() -> None:
    limits = Limits(60)
    said = sum(limits.take(7, NOW + step / 100, float(int(NOW + step / 100))) for step in range(100 * 60))
    assert 60 + 58 <= said <= 60 + 60


def test_dates_that_stand_still_do_not_hold_the_clock_up() -> None:
    limits = Limits(60)
    taken(limits, 60, NOW, 1.0)
    assert taken(limits, 100, NOW + 10, 1.0) == 10


def test_only_those_who_spoke_last_are_remembered() -> None:
    limits = Limits(1)
    assert limits.take(-1, NOW)
    for key in range(REMEMBERED - 1):
        limits.take(key, NOW)
    assert not limits.take(-1, NOW)
    for key in range(REMEMBERED):
        limits.take(key, NOW)
    assert limits.take(-1, NOW)


def test_seldom_is_once_for_each_and_not_for_everybody() -> None:
    seldom = Seldom(60, most=2)
    assert seldom.lets(1, NOW)
    assert not seldom.lets(1, NOW + 59)
    assert seldom.lets(2, NOW + 59)
    assert not seldom.lets(3, NOW + 59)
    assert seldom.lets(1, NOW + 60)
    assert not seldom.lets(3, NOW + 60)
