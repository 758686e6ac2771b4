"""What is to be shown: text and buttons as values, before anything of Telegram's library."""

from dataclasses import dataclass
from typing import Literal

from bot.text.catalogue import Html


@dataclass(frozen=True, slots=True)
class LinkButton:
    """Opens an address."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class CopyButton:
    """Puts `copied` (at most 256 characters) on the person's clipboard."""

    text: str
    copied: str


@dataclass(frozen=True, slots=True)
class ActionButton:
    """Tells the bot `data`, a verb and what it is about, `verb:argument`, at most `seal.ROOM` bytes."""

    text: str
    data: str
    style: Literal["danger", "success", "primary"] | None = None


Button = LinkButton | CopyButton | ActionButton
Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Telegram HTML, and the rows of buttons below it."""

    html: Html
    buttons: Rows = ()
