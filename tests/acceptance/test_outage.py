"""A gateway that goes away and comes back; a short run of what `make outage` does at length."""

from pathlib import Path

from tests.acceptance.outage import Plan, run


async def test_a_gateway_that_is_away_is_left_alone_and_taken_up_again(tmp_path: Path) -> None:
    report = await run(tmp_path, Plan(tasks=20, others=4, interval=0.4, away=2.0, watch=1.0))
    assert report.ended == 0
    assert 1 <= sum(report.meanwhile) < 20 * 2 / 0.4 / 3, "it was not left alone"
    assert report.back_after < 3
    assert sum(report.after) >= 20
