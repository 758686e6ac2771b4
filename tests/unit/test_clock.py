from itertools import pairwise

import pytest
from structlog.testing import CapturingLogger

from bot.ops.clock import Clock


class Machine:
    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.passed = 50.0
        self.clock = Clock(lambda: self.wall, lambda: self.passed)

    def wait(self, seconds: float) -> float:
        self.wall += seconds
        self.passed += seconds
        return self.clock.now()


def test_it_shows_what_the_machine_shows() -> None:
    machine = Machine()
    assert machine.clock.now() == 1_000_000
    assert machine.wait(12.5) == pytest.approx(1_000_012.5)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    logger = CapturingLogger()
    monkeypatch.setattr("bot.ops.clock.log", logger)
    return logger


@pytest.mark.parametrize("jump", [30.0, -30.0, 3600.0, -3600.0])
def test_a_jump_is_followed_slowly_and_never_backwards(jump: float, told: CapturingLogger) -> None:
    machine = Machine()
    machine.wall += jump
    assert machine.clock.now() == 1_000_000
    assert [line.kwargs["seconds"] for line in told.calls] == [jump]
    shown = [machine.wait(10.0) for _ in range(8000)]
    steps = [later - earlier for earlier, later in pairwise(shown)]
    assert all(9.49 < step < 10.51 for step in steps)
    assert shown[-1] == pytest.approx(machine.wall)


def test_a_clock_that_is_kept_right_is_nothing_to_speak_of(told: CapturingLogger) -> None:
    machine = Machine()
    for _ in range(100):
        machine.wall += 0.2
        machine.wait(10.0)
    assert machine.wait(100.0) == pytest.approx(machine.wall)
    assert told.calls == []
