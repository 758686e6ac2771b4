"""What a chat or a topic may choose, and what holds where nothing was chosen. Plain values."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self


class Notify(StrEnum):
    """How much a chat is told. The status card itself never makes a sound."""

    ALL = "all"  # the card shows every step, the end makes a sound
    END = "end"  # the card shows only where the task stands, the end makes a sound
    SILENT = "silent"  # as `END`, without the sound


class Deliver(StrEnum):
    """In which form results come."""

    MEDIA = "media"
    DOCUMENT = "document"
    LINK = "link"
    BOTH = "both"  # first as media, then as the file itself


# As a chosen provider: none, whatever the chat around the topic prefers. No provider can be called so.
NO_PROVIDER = "-"


@dataclass(frozen=True, slots=True)
class Choices:
    """None is no choice. `provider` is believed first where several know an ID that names none; or `NO_PROVIDER`."""

    language: str | None = None
    notify: Notify | None = None
    deliver: Deliver | None = None
    spoiler: bool | None = None
    protect: bool | None = None
    provider: str | None = None

    def over(self, others: Self) -> Self:
        """These choices, and where there is none those of `others`."""
        made = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(others, **{name: choice for name, choice in made.items() if choice is not None})


FIELDS = tuple(field.name for field in fields(Choices))


def usual(chat_id: int) -> Choices:
    """What holds without a choice; groups are quiet."""
    notify = Notify.ALL if chat_id > 0 else Notify.END
    return Choices(notify=notify, deliver=Deliver.MEDIA, spoiler=False, protect=False)
