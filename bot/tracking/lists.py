"""Which of its tasks a chat wants to see, a page at a time. Plain values."""

from dataclasses import dataclass
from enum import StrEnum

from bot.tracking.model import Subscription, Task

PAGE = 5


class Which(StrEnum):
    """Tasks by where they stand. `FAILED` are all that ended without a result, whoever ended them."""

    ALL = "all"
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Page:
    """At most `PAGE` tasks with what the chat has to do with them; `number` counts pages from 1, `count` all tasks."""

    which: Which
    number: int
    count: int
    entries: tuple[tuple[Subscription, Task], ...]

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return pages_of(self.count)


def pages_of(count: int) -> int:
    """The pages that so many tasks fill, at least one."""
    return max(1, -(-count // PAGE))
