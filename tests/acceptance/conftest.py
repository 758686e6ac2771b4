from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from sandbox.media import Media
from sandbox.servers import serving
from tests.acceptance.nursery import Nursery
from tests.acceptance.programs import Front, free_port
from tests.acceptance.world import World
from tests.oracle import complaints
from tests.planted import spilled_in, spilled_to_telegram


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    made = Media(tmp_path_factory.mktemp("media"))
    made.make()
    return made


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as opened:
        yield opened


@pytest.fixture
async def world(media: Media, nursery: Nursery, tmp_path: Path) -> AsyncIterator[World]:
    """Whatever a test does: each request of the bot and each answer it got has to hold for foreign eyes too.

    And none of the secrets that it was started with may be found anywhere, also after its end.
    """
    async with serving(media=media) as origins:
        async with AsyncExitStack() as stack:
            world = World(origins, tmp_path, nursery, stack)
            yield world
            calls = await world.calls()
            assert complaints(calls) == []
            assert spilled_to_telegram(calls) == []
            assert await world.spilled_over_http() == []
        assert spilled_in(tmp_path) == []


@pytest.fixture
async def front(world: World) -> AsyncIterator[Front]:
    """The HTTP server that the world's bots will have."""
    port = free_port()
    world.environment |= {"HTTP_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with aiohttp.ClientSession() as session:
        yield Front(session, port)
