"""What is watched and when each task is due: one small record for each, and a heap of due times. Pure.

Times are monotonic seconds.
"""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass

from bot.tracking.model import Task
from providers.base import Snapshot
from providers.client import Known

# Below this many outdated entries the heap is not worth being built anew.
FEW = 1000


@dataclass(slots=True, eq=False)
class Watch:
    """One task. `task` is None when nobody follows it any more; then only the times are remembered, while they matter.

    `due`: when it is to be asked for, or since when it waits for that. `is_asking`: it waits in its lane, or is being
    asked for. `not_before`: no question may come earlier, whoever wants to know. `is_wanted`: somebody asked about it,
    so it comes first when it is due. `answer` and `digest`: what the last question's `Known` held, without an object
    more for each task.
    """

    id: int
    task: Task | None = None
    due: float = math.inf
    not_before: float = 0.0
    is_asking: bool = False
    is_wanted: bool = False
    answer: Snapshot | None = None
    digest: int = 0

    @property
    def known(self) -> Known | None:
        return Known(self.answer, self.digest) if self.answer else None

    @known.setter
    def known(self, known: Known | None) -> None:
        self.answer, self.digest = known or (None, 0)


class Agenda:
    """The records by the tasks' ids, each in the heap unless it is being asked for."""

    def __init__(self) -> None:
        self._watched: dict[int, Watch] = {}
        self._heap: list[tuple[float, int]] = []
        self._outdated = 0  # entries of the heap whose task was planned anew since

    def __iter__(self) -> Iterator[Watch]:
        """All of them, as of now."""
        return iter(list(self._watched.values()))

    def get(self, task_id: int) -> Watch | None:
        return self._watched.get(task_id)

    def add(self, task_id: int) -> Watch:
        """The task's record; a new one is not planned yet."""
        watch = self._watched.get(task_id)
        if watch is None:
            watch = self._watched[task_id] = Watch(task_id)
        return watch

    def forget(self, watch: Watch) -> None:
        """Nothing about it matters any more, and it is not planned."""
        del self._watched[watch.id]

    def plan(self, watch: Watch, due: float) -> None:
        """It is due then, and not when it was planned for before."""
        if not watch.is_asking and watch.due < math.inf:
            self._outdated += 1
        watch.is_asking, watch.due = False, due
        heapq.heappush(self._heap, (due, watch.id))
        if self._outdated > max(FEW, len(self._heap) // 2):
            self._rebuild()

    def next_due(self) -> float:
        """When the next one may be due; infinity if nothing is planned."""
        return self._heap[0][0] if self._heap else math.inf

    def take(self, now: float) -> Watch | None:
        """The one that has been due for the longest time, if any is; it is being asked for from here on."""
        while self._heap and self._heap[0][0] <= now:
            due, task_id = heapq.heappop(self._heap)
            watch = self._watched.get(task_id)
            if watch is None or watch.is_asking or watch.due != due:
                self._outdated -= 1
            elif watch.task is None:
                self.forget(watch)
            else:
                watch.is_asking = True
                return watch
        return None

    def _rebuild(self) -> None:
        self._heap = [(watch.due, watch.id) for watch in self._watched.values() if not watch.is_asking]
        heapq.heapify(self._heap)
        self._outdated = 0
