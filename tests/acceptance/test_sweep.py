"""Some of the points of `make sweep`, which fails every call in the life of a task once."""

from pathlib import Path

import pytest

from tests.acceptance.sweep import FIRST_CHAT, LIVES, Outcome, Point, ground, http_points, live_once, sweep_http

# What each loop asks or changes before anything else, and then one of each kind while a task lives.
DATABASE = ("begin:1", "read:1", "read:2", "read:3", "read:4", "read:6", "change:30", "commit:9", "begin:13", "read:40")
# One of every kind that a send, a question and a download can meet.
CALLS = {("Telegram", 2), ("gateway", 2), ("download", 1)}


@pytest.mark.long
async def test_calls_that_fail_once_cost_nothing(tmp_path: Path) -> None:
    async with ground(tmp_path) as here:
        lives = [Point("database", "some", 0, FIRST_CHAT - 10 + number, life) for number, life in enumerate(LIVES)]
        run, outcomes, status = await live_once(here, lives, ",".join(DATABASE))
        assert set(run.fired) == set(DATABASE)
        assert [*outcomes, status] == [Outcome("delivered")] * len(lives) + [0]

        points = [point for point in http_points(["album"]) if (point.seam, point.n) in CALLS]
        found = await sweep_http(here, points)
        assert len(found) > len(points) * 0.8
        bad = [one for one in found if one[1].end in {"lost", "doubled"}]
        dead = [one for one in found if one[1].end == "dead" and not one[0].kind.startswith("error")]
        assert bad + dead == []
