"""Killed again and again, and asked to stop, while it has much to do; `make torture` does the same for long."""

import time
from pathlib import Path

import pytest

from tests.acceptance.kills import FIRST_CHAT, PATIENCE, deliver, take_in
from tests.acceptance.stage import Stage, staged
from tests.acceptance.world import until

CHATS = range(FIRST_CHAT, FIRST_CHAT + 200)
TASKS = [f"t{number}" for number in range(10)]


@pytest.mark.long
async def test_killed_again_and_again_while_calls_fail_it_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    report = await deliver(tmp_path, kills=25, seed=1, rate=0.05)
    assert (report.broken(), report.complaints) == ([], [])
    assert report.strays_per_kill <= 0.7, report.strays
    assert report.untold_per_kill <= 1.5


@pytest.mark.long
async def test_killed_ten_times_while_many_people_talk_it_takes_every_command_in_once(tmp_path: Path) -> None:
    report = await take_in(tmp_path, kills=10, seed=1)
    assert (report.broken(), report.complaints) == ([], [])


@pytest.mark.long
async def test_asked_to_stop_with_two_hundred_results_on_their_way_it_ends_in_time_and_nothing_is_amiss(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        await _let_everybody_follow(stage)
        await stage.player.tell("weather", seconds=[3, 3])
        for task_id in TASKS:
            await stage.player.tell("tasks", provider="token360", id=task_id, pace=0)
        await until(lambda: _count(stage, "kind = 'result' AND state <> 'sent'", len(CHATS)))
        await until(lambda: _count(stage, "state = 'sending'", 1))
        began = time.monotonic()
        assert await stage.bot.stop() == 0
        assert time.monotonic() - began < 10
        await stage.player.tell("weather")
        await stage.bot.start()
        await stage.rest(len(TASKS), PATIENCE)
        for chat_id in CHATS:
            shown = await stage.shown(chat_id)
            assert [bool(message["media"]) for message in shown] == [False, True]
            assert "Done" in shown[0]["text"]
    assert stage.log.complaints == []


async def _let_everybody_follow(stage: Stage) -> None:
    for task_id in TASKS:
        states = [{"after": 0, "status": "queued"}]
        await stage.player.tell("tasks", provider="token360", id=task_id, end="stuck", states=states)
    for chat_id in CHATS:
        await stage.say(chat_id, f"/track {TASKS[chat_id % len(TASKS)]} token360")
    await stage.bot.start()
    await until(lambda: _have_cards(stage), PATIENCE)


async def _have_cards(stage: Stage) -> bool:
    return len(stage.log.sends) == len(CHATS)


async def _count(stage: Stage, where: str, least: int) -> bool:
    """Whether so many rows of the outbox are like that."""
    return bool(stage.query(f"SELECT count(*) FROM outbox WHERE {where}")[0][0] >= least)  # noqa: S608 - ours
