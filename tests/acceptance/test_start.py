"""What ends a start, and what does not."""

import socket
import time
from pathlib import Path

import pytest

from sandbox.media import Media
from tests.acceptance.crowd import START, STOP, crowd, started, stopped
from tests.acceptance.nursery import Nursery
from tests.acceptance.world import PATIENCE, World, until

CANNOT_START = 2


async def last_line(world: World, **changes: str) -> str:
    """What a bot says at last that does not come to run."""
    bot = await world.start_bot(LOG_LEVEL="INFO", **changes)
    assert await bot.wait() == CANNOT_START
    assert "Traceback" not in world.log()
    return world.log().strip().splitlines()[-1]


@pytest.mark.long
async def test_a_bot_whose_updates_somebody_else_reads_gives_way(world: World) -> None:
    person = await world.person()
    await person.tell("faults", method="getUpdates", kind="error", times=100, code=409, description="Conflict")
    began = time.monotonic()
    assert (await last_line(world)).startswith("Another program reads this bot's updates")
    assert time.monotonic() - began > 9  # what a bot that was killed has left behind at Telegram is over by then


async def test_a_conflict_after_the_first_answer_ends_nothing(world: World) -> None:
    person = await world.person()
    await person.say("/help")  # so that the first question is answered at once
    await person.tell("faults", method="getUpdates", kind="error", skip=1, times=3, code=409, description="Conflict")
    bot = await world.start_bot(LOG_LEVEL="INFO")

    async def conflicts_lasted() -> bool:
        return world.log().count("another process reads this bot's updates") >= 3

    await until(conflicts_lasted, 3 * PATIENCE)
    assert await bot.stop() == 0


async def test_a_folder_for_files_that_is_none_is_one_sentence(world: World) -> None:
    world.database.with_name("rushes.db.media").write_text("")
    assert "rushes.db.media can not be used as the folder for files" in await last_line(world)


async def test_a_host_or_port_that_can_not_be_had_is_one_sentence(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert (
            await last_line(world, HTTP_PORT=port)
            == f"HTTP_PORT {port} is taken on 127.0.0.1 by another program; choose another one."
        )
    for host in ("192.0.2.1", "nowhere.invalid"):
        assert (await last_line(world, HTTP_PORT=port, HTTP_HOST=host)).startswith(f"HTTP_HOST {host} is no address")


async def test_ten_thousand_open_tasks_delay_neither_start_nor_stop(
    tmp_path: Path, nursery: Nursery, media: Media
) -> None:
    async with crowd(tmp_path, nursery.start, results=0, media=media) as full:
        start = await started(full)

        async def is_watching() -> bool:
            return "tasks=10000" in full.log()

        await until(is_watching)
        # What is promised is measured by `make crowd`; here the machine may have much else to do.
        assert start.work < START
        assert await stopped(start.bot) < 2 * STOP
