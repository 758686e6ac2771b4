"""What a row of the outbox is about, gathered once for whoever delivers it."""

import logging
from dataclasses import dataclass, replace

from bot.delivery.links import expires_at
from bot.text import ends
from bot.text.message import Message
from bot.tracking.choices import Choices
from bot.tracking.model import Delivery, Subscription, Task

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """The task, who follows it, how its provider is called, what the chat has chosen, and what time it is.

    `asked` names the providers that are asked while nobody has answered for the task. `now` is in epoch seconds.
    """

    task: Task
    subscription: Subscription
    title: str
    asked: str
    choices: Choices
    now: float

    @property
    def language(self) -> str:
        return str(self.choices.language)

    def link(self, row: Delivery, place: int, why: str, size: int | None = None) -> Message:
        """The words, and the button if there is an address, that stand in for the output at `place`.

        `why` as in `ends.Link`; `size` in bytes.
        """
        log.warning("task %s: output %d ends as a link (%s)", self.task.id, place, why)
        output = ends.output_of(self.task, place)
        dies = expires_at(output.url) or (self.task.snapshot.expires_at if self.task.snapshot else None)
        left = None if dies is None else dies - self.now
        one = replace(row, outputs=(place,))
        return ends.link(self.task, one, self.title, self.language, ends.Link(why, size, left))
