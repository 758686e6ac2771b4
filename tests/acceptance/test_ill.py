"""A gateway that answers wrongly ends no task, is asked no more for that, and holds up nobody else's; a short run."""

from pathlib import Path

from tests.acceptance import ill

INTERVAL = 0.4


async def test_a_gateway_that_is_ill_is_ill_alone(tmp_path: Path) -> None:
    names = ("429, Retry-After: 0", ill.REFUSED)
    async for case in ill.run(tmp_path, tasks=6, interval=INTERVAL, seconds=1.0, names=names):
        assert case.ended == 0, case.name
        assert case.most == (0 if case.name == ill.REFUSED else 1), case.name
        assert case.ill < 4 * INTERVAL, case.name
