"""A gateway that answers wrongly ends no task, is asked no more for that, and holds up nobody else's; a short run."""

from pathlib import Path

import pytest

from tests.acceptance import ill

INTERVAL = 0.4


@pytest.mark.parametrize(
    "names",
    [
        ("429, Retry-After: 0", "reset before the answer", "redirect to itself"),
        ("processed, then silence", ill.REFUSED, ill.GARBAGE),
    ],
)
async def test_a_gateway_that_is_ill_is_ill_alone(tmp_path: Path, names: tuple[str, ...]) -> None:
    async for case in ill.run(tmp_path, tasks=6, interval=INTERVAL, seconds=1.0, names=names):
        assert (case.ended, case.most) in {(0, 0), (0, 1)}, case.name
        assert case.asked > 0, case.name
        assert case.ill < 4 * INTERVAL, case.name
