import math

import pytest

from bot.ops.logs import through_standard_library


@pytest.fixture(scope="session", autouse=True)
def _events_reach_the_standard_library() -> None:
    """As in the running bot, so that tests of single modules see what they log."""
    through_standard_library()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spreads what takes long evenly, the first of it at the start: workers are given neighbours, each his share."""
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    share = math.ceil(len(others) / max(len(long), 1))
    items[:] = [
        item
        for number in range(max(len(long), 1))
        for item in (*long[number : number + 1], *others[number * share : (number + 1) * share])
    ]
