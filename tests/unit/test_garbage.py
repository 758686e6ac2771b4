"""Looks for garbage that took long are not repeated."""

import gc

from bot.ops.garbage import short_looks

MANY = 300_000


def test_what_survived_a_long_look_is_left_alone_until_the_end() -> None:
    with short_looks():
        before = gc.get_freeze_count()
        gc.collect()
        assert gc.get_freeze_count() == before
        alive = [[number] for number in range(MANY)]
        gc.collect()
        assert gc.get_freeze_count() - before > MANY
        assert len(alive) == MANY
    assert gc.get_freeze_count() == 0
