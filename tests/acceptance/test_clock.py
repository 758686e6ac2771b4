"""The wall clock jumps, while the bot runs and between two lives of it: nothing is early, late or given up for that."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.sky import Sky
from tests.acceptance.world import World, card_of, card_shows, delivered, until

Json = dict[str, Any]

INTERVAL = 0.3
# What a busy machine may be late by.
LATE = 1.0
HOUR = 3600.0
WATCHED: dict[str, str] = {"POLL_GIVE_UP_AFTER": "1800"}


async def asked_for(world: World, seconds: float) -> list[float]:
    """The seconds between two questions about the stuck task, in that time from now on."""
    before = len(await world.questions("t1"))
    await asyncio.sleep(seconds)
    moments = [call["time"] for call in (await world.questions("t1"))[before:]]
    return [later - earlier for earlier, later in pairwise(moments)]


async def followed(person: Player) -> None:
    await person.tell("tasks", provider="token360", id="t1", end="stuck")
    await person.say("/track t1 token360")
    await card_shows(person, "t1", "Rendering")


async def test_a_clock_that_jumps_changes_no_pace_and_ends_nothing(world: World) -> None:
    person, sky = await world.person(), Sky(world.folder)
    await world.start_bot(**sky.environment, **WATCHED)
    await followed(person)
    for shift in (30.0, -30.0, HOUR, -HOUR):
        sky.shift_clock(shift)
        gaps = await asked_for(world, 1.2)
        assert len(gaps) >= 1
        assert max(gaps) < INTERVAL + LATE
        assert min(gaps) > INTERVAL / 2
    card = card_of(await person.messages(), "t1")
    assert card is not None
    assert "Rendering" in card["text"]


@pytest.mark.parametrize("fault", [{"kind": "drop_before"}, {"kind": "429", "retry_after": 2}])
async def test_what_waits_for_its_moment_does_not_wait_an_hour_longer(world: World, fault: Json) -> None:
    person, sky = await world.person(), Sky(world.folder)
    await person.tell("tasks", provider="token360", id="t2", pace=0.3)
    await person.tell("faults", method="editMessageMedia", **fault)
    await world.start_bot(**sky.environment)
    await person.say("/track t2 token360")
    await until(lambda: is_used_up(person))
    await asyncio.sleep(0.3)
    sky.shift_clock(-HOUR)
    await delivered(person, patience=12)


async def is_used_up(person: Player) -> bool:
    return bool((await person.ask("faults"))["waiting"] == 0)


@pytest.mark.parametrize("shift", [HOUR, -HOUR])
async def test_between_two_lives_the_clock_may_jump_as_well(world: World, shift: float) -> None:
    person, sky = await world.person(), Sky(world.folder)
    bot = await world.start_bot(**sky.environment, **WATCHED)
    await followed(person)
    await person.tell("tasks", provider="token360", id="t2", pace=0.3)
    await person.tell("faults", method="editMessageMedia", kind="429", retry_after=4)
    await person.say("/track t2 token360")
    await until(lambda: is_used_up(person))
    await asyncio.sleep(0.3)
    await bot.kill()
    sky.shift_clock(shift)
    await world.start_bot(**sky.environment, **WATCHED)
    await delivered(person, patience=15)
    assert max(await asked_for(world, 1.2)) < INTERVAL + LATE
    await card_shows(person, "t1", "Rendering")
