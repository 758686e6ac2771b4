import pytest

from bot.ops.logs import through_standard_library


@pytest.fixture(scope="session", autouse=True)
def _events_reach_the_standard_library() -> None:
    """As in the running bot, so that tests of single modules see what they log."""
    through_standard_library()
