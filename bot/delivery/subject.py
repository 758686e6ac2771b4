"""What a row of the outbox is about, gathered once for whoever delivers it."""

from dataclasses import dataclass, replace

import structlog

from bot.delivery.links import expires_at
from bot.text import ends
from bot.text.message import Message
from bot.tracking.choices import Choices, Notify
from bot.tracking.model import Delivery, Subscription, Task

log = structlog.stdlib.get_logger(__name__)


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

    @property
    def is_protected(self) -> bool:
        """Whether results may not be forwarded or saved."""
        return bool(self.choices.protect)

    @property
    def has_spoiler(self) -> bool:
        """Whether pictures and films are veiled until somebody taps them."""
        return bool(self.choices.spoiler)

    def is_silent(self, row: Delivery) -> bool:
        """Whether the row's message makes no sound: of a result only the first one does, and not where none may."""
        return row.part > 0 or self.choices.notify is Notify.SILENT

    def links(self, row: Delivery) -> Message | None:
        """The row's outputs as buttons; None where one of them can not be opened, or not any more."""
        lives = [left for place in row.outputs if (left := self._left(place)) is not None]
        if any(left <= 0 for left in lives):
            return None
        return ends.links(self.task, row, self.title, self.language, min(lives, default=None))

    def link(self, row: Delivery, place: int, why: str, size: int | None = None) -> Message:
        """The words, and the button if there is an address, that stand in for the output at `place`.

        `why` as in `ends.Link`; `size` in bytes.
        """
        log.warning("an output ends as a link", output=place, why=why)
        one = replace(row, outputs=(place,))
        return ends.link(self.task, one, self.title, self.language, ends.Link(why, size, self._left(place)))

    def _left(self, place: int) -> float | None:
        """Seconds until the output's link dies; None where that is not known."""
        dies = expires_at(ends.output_of(self.task, place).url)
        dies = dies or (self.task.snapshot.expires_at if self.task.snapshot else None)
        return None if dies is None else dies - self.now
