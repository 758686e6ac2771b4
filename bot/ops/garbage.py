"""Keeps looks for garbage short: with a hundred thousand open tasks a full one would hold up everything for long.

Nearly all that lives long here is values without cycles, which go by themselves when nobody has them any more.
"""

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# Seconds. What has survived a full look that took so long is not looked at again.
LONG = 0.02
_OLDEST = 2


@contextmanager
def short_looks() -> Iterator[None]:
    """While it is open, the garbage collector leaves alone what would keep it busy for long."""
    began = 0.0

    def note(phase: str, about: Mapping[str, int]) -> None:
        nonlocal began
        if about["generation"] < _OLDEST:
            return
        if phase == "start":
            began = time.perf_counter()
        elif time.perf_counter() - began > LONG:
            gc.freeze()

    gc.freeze()  # the code itself stays
    gc.callbacks.append(note)
    try:
        yield
    finally:
        gc.callbacks.remove(note)
        gc.unfreeze()
