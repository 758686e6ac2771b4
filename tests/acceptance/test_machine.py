"""Some of the histories of `make machine`."""

import logging
from collections.abc import Iterator

import pytest

from tests.acceptance.machine import run


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A history has more troubles to log than anybody would read."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.long
def test_two_hundred_random_histories_break_no_promise() -> None:
    run(examples=200, steps=12)
