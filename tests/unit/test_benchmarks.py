"""How `make bench` comes to its figures."""

import math
import struct
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import gateway
from benchmarks.arrivals import RECORD, Arrivals
from benchmarks.polling import JOBS, OURS, TASKS, TRANSPORT, Cell, most_held
from benchmarks.results import Results
from benchmarks.rows import Row
from benchmarks.verdicts import Verdict, of_capacity, of_cost

CELL = Cell(OURS.name, 1_000, 300.0, 200.0, 200.0, 1.0, 20.0, 5.0, 2_000.0, 0.0, 0.1)


def arrivals(*polls: tuple[float, int]) -> Arrivals:
    return Arrivals(b"".join(struct.pack(RECORD, *poll) for poll in polls))


def test_a_poll_is_late_by_what_its_task_waited_beyond_its_period() -> None:
    polls = arrivals((0.0, 1), (0.5, 2), (9.0, 1), (13.9, 1), (14.0, 2), (18.8, 1), (19.3, 2), (30.0, 1))
    pace = polls.pace(10.0, 20.0, 4.95)
    assert (pace.polls, pace.per_second) == (4, 0.4)
    assert pace.late_p99 == pytest.approx(8550.0, rel=0.05)
    assert pace.late_p50 == pytest.approx(175.0)  # 0, 8550, 0, 350
    assert pace.period == pytest.approx((4.9 + 13.5 + 4.9 + 5.3) / 4)
    assert polls.pace(18.0, 19.0, 5.0).polls == 1
    assert polls.pace(14.5, 20.0, 5.0).late_p99 == pytest.approx(300.0, rel=0.01)  # what was late before does not count
    early = arrivals((0.0, 1), (4.9, 1), (9.8, 1), (14.7, 1)).pace(0.0, 19.0, 5.0)
    assert (early.late_p50, early.late_p99) == (0.0, 0.0)


def test_who_is_not_asked_for_at_all_is_late_too() -> None:
    polls = arrivals((0.0, 1), (0.0, 2), (5.0, 1), (10.0, 1), (15.0, 1))
    assert polls.pace(4.0, 16.0, 5.0).late_p99 == pytest.approx(11_000.0, rel=0.05)  # 2 is overdue
    assert polls.pace(0.0, 4.0, 5.0, missing=90, began=-1.0 - 5.0).late_p50 == pytest.approx(5_000.0)
    assert math.isnan(polls.pace(0.0, 4.0, 5.0).late_p99)


def test_the_first_polls_of_all_are_not_late_for_anything() -> None:
    pace = arrivals((0.0, 1), (1.0, 2), (2.0, 3)).pace(0.0, 3.0, 5.0)
    assert pace.polls == 3
    assert math.isnan(pace.late_p99)
    assert math.isnan(arrivals().pace(0.0, 3.0, 5.0).period)


def test_all_were_asked_once_when_the_last_of_them_was() -> None:
    asked = arrivals((1.0, 1), (2.0, 1), (3.0, 2), (4.0, 1))
    assert (asked.tasks, asked.all_once(2), asked.all_once(3)) == (2, 3.0, None)


def test_the_gateway_writes_down_what_others_read_meanwhile(tmp_path: Path) -> None:
    log = gateway.Log(tmp_path / "log")
    assert Arrivals(gateway.read(tmp_path / "log")).tasks == 0
    for number in (7, 7, 8):
        log.add(number)
    found = Arrivals(gateway.read(tmp_path / "log"))
    assert found.tasks == 2
    assert found.all_once(2)


def test_every_answer_is_as_long_as_any_other() -> None:
    assert {len(gateway.body(number, stamp)) for number in (0, 99_999) for stamp in (1795000000, 1795999999)} == {366}


def held(cells: Iterable[Cell]) -> dict[str, float]:
    return {verdict.promise: verdict.value for verdict in of_cost(list(cells))}


def test_who_fell_over_is_no_measure_for_others() -> None:
    jobs = replace(CELL, poller=JOBS.name, cpu_us=1_500.0)
    assert held([CELL, jobs])["CPU per poll at 1,000, of (a) a JobQueue job per task"] == pytest.approx(0.2)
    fallen = replace(jobs, per_second=40.0)
    assert fallen.has_fallen
    assert replace(jobs, errors=60.0).has_fallen
    assert all(math.isnan(value) for value in held([CELL, fallen]).values())
    assert "not measured" in str(next(of_cost([CELL])))


def test_so_many_are_held_as_are_asked_often_enough_and_on_time() -> None:
    late, few = replace(CELL, tasks=4_000, late_p99=501.0), replace(CELL, tasks=3_000, per_second=190.0)
    cells = [CELL, replace(CELL, tasks=2_000), few, late, replace(CELL, poller=TASKS.name, tasks=9_000)]
    assert (most_held(cells, OURS), most_held(cells, TASKS, JOBS), most_held(cells, JOBS)) == (2_000, 9_000, 0)


def test_overload_and_crowd_are_held_against_what_there_ever_was() -> None:
    over = replace(CELL, tasks=40_000, per_second=4_500.0, blocked_ms=120.0)
    peak = replace(CELL, tasks=30_000, per_second=5_000.0)
    crowd = replace(CELL, tasks=100_000, all_once=30.0, blocked_ms=90.0)
    bare = replace(CELL, poller=TRANSPORT.name, tasks=100_000, per_second=10_000.0)
    verdicts = {one.promise: one for one in of_capacity([CELL, peak], over, (crowd, bare))}
    share = verdicts["polls at twice that load, of the most there ever were"]
    assert share.value == pytest.approx(0.9)
    assert share.is_kept
    once = verdicts["100,000 tasks asked once, in intervals of what the client can do"]
    assert once.value == pytest.approx(3.0)
    assert not once.is_kept
    assert not Verdict("least", 0.8, 0.85, at_least=True).is_kept


def test_results_are_added_to_those_of_an_earlier_run(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    first = Results(rows={"parsing": [Row("what", 1.0, 2.0, "peer")]}, cells=[CELL], over=CELL, crowd=(CELL, CELL))
    first.save(path, [Verdict("promise", math.nan, 1.0)])
    assert "NaN" not in path.read_text()
    again = Results.load(path)
    assert again.rows == first.rows
    assert [str(cell) for cell in again.cells] == [str(CELL)]
    again.add(replace(CELL, cpu_us=400.0))
    assert [cell.cpu_us for cell in again.cells] == [400.0]
