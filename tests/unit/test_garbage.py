"""Looks for garbage that took long are not repeated."""

import gc
import math

from bot.ops.garbage import short_looks


def test_what_survived_a_long_look_is_left_alone_until_the_end() -> None:
    with short_looks(0.0):
        before, alive = gc.get_freeze_count(), [[number] for number in range(1000)]
        gc.collect()
        assert gc.get_freeze_count() >= before + len(alive)
    assert gc.get_freeze_count() == 0


def test_what_survived_a_short_look_is_looked_at_again() -> None:
    with short_looks(math.inf):
        before, alive = gc.get_freeze_count(), [[number] for number in range(1000)]
        gc.collect()
        assert gc.get_freeze_count() <= before
        assert alive
