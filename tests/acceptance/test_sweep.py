"""Some of the points of `make sweep`, which fails every call in the life of a task once."""

from pathlib import Path

from tests.acceptance.sweep import FIRST_CHAT, LIVES, Outcome, Point, ground, http_points, live_once, sweep_http

# What each loop asks or changes before anything else, and then one of each kind while a task lives.
DATABASE = ("begin:1", "read:1", "read:2", "read:3", "read:4", "read:6", "change:30", "commit:9", "begin:13", "read:40")
# One of every kind that a send, an edit, a question and a download can meet.
CALLS = {("Telegram", 2), ("Telegram", 5), ("gateway", 2), ("download", 1)}


async def test_a_database_that_fails_at_the_start_and_in_between_costs_nothing(tmp_path: Path) -> None:
    points = [Point("database", "some", 0, FIRST_CHAT + number, life) for number, life in enumerate(LIVES)]
    async with ground(tmp_path) as here:
        run, outcomes, status = await live_once(here, points, ",".join(DATABASE))
    assert set(run.fired) == set(DATABASE)
    assert [*outcomes, status] == [Outcome("delivered")] * len(points) + [0]


async def test_calls_that_fail_once_are_made_up_for(tmp_path: Path) -> None:
    points = [point for point in http_points(["album", "failed"]) if (point.seam, point.n) in CALLS]
    outcomes = await sweep_http(tmp_path, points)
    assert len(outcomes) > len(points) * 0.8
    assert [found for found in outcomes if found[1].end in {"lost", "doubled"}] == []
    alive = [found for found in outcomes if "403" not in found[0].kind]
    assert [found for found in alive if found[1].end == "dead" and "400" not in found[0].kind] == []
