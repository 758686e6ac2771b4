"""Keeps looks for garbage short: with a hundred thousand open tasks a full one would hold up everything for long.

Nearly all that lives long here is values without cycles, which go by themselves when nobody has them any more.
"""

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# Seconds of which nobody notices one.
LONG = 0.02
_OLDEST = 2


@contextmanager
def short_looks(longest: float = LONG) -> Iterator[None]:
    """While it is open, what survives a full look that took longer than so many seconds is left alone."""
    began = 0.0

    def note(phase: str, about: Mapping[str, int]) -> None:
        nonlocal began
        if about["generation"] < _OLDEST:
            return
        if phase == "start":
            began = time.perf_counter()
        elif time.perf_counter() - began > longest:
            gc.freeze()

    gc.freeze()  # the code itself stays
    gc.callbacks.append(note)
    try:
        yield
    finally:
        gc.callbacks.remove(note)
        gc.unfreeze()
