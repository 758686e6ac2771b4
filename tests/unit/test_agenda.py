"""Which task comes next, however often it was planned anew."""

import math
from random import Random

from bot.polling.agenda import FEW, Agenda, Watch
from bot.tracking.model import Task


def watched(agenda: Agenda, task_id: int) -> Watch:
    watch = agenda.add(task_id)
    watch.task = Task(task_id, "p", 0, "video", "v", 0, 0, 0)
    return watch


def taken(agenda: Agenda, now: float) -> list[int]:
    found = []
    while watch := agenda.take(now):
        found.append(watch.id)
    return found


def test_what_is_due_comes_in_its_order_and_only_once() -> None:
    agenda = Agenda()
    for task_id, due in ((1, 3.0), (2, 1.0), (3, 2.0), (4, 9.0)):
        agenda.plan(watched(agenda, task_id), due)
    assert agenda.next_due() == 1.0
    assert taken(agenda, 0.9) == []
    assert taken(agenda, 3.0) == [2, 3, 1]
    assert taken(agenda, 3.0) == []
    assert agenda.next_due() == 9.0


def test_planned_anew_it_comes_then_and_not_before() -> None:
    agenda = Agenda()
    watch = watched(agenda, 1)
    for due in (5.0, 1.0, 8.0):
        agenda.plan(watch, due)
    assert taken(agenda, 7.9) == []
    assert taken(agenda, 8.0) == [1]
    agenda.plan(watch, 9.0)
    assert taken(agenda, 9.0) == [1]
    assert agenda.next_due() == math.inf


def test_who_is_followed_no_more_is_forgotten_when_due() -> None:
    agenda = Agenda()
    watch = watched(agenda, 1)
    agenda.plan(watch, 5.0)
    watch.task = None
    assert agenda.get(1) is watch
    assert taken(agenda, 5.0) == []
    assert agenda.get(1) is None


def test_what_is_planned_over_and_over_takes_no_more_room() -> None:
    agenda, chance = Agenda(), Random(1).random  # noqa: S311 - no secret
    watches = [watched(agenda, task_id) for task_id in range(100)]
    for _ in range(100):
        for watch in watches:
            agenda.plan(watch, chance())
        assert len(agenda._heap) <= FEW + 2 * len(watches)
    assert taken(agenda, 1.0) == [watch.id for watch in sorted(watches, key=lambda watch: watch.due)]
    assert agenda._outdated == 0
