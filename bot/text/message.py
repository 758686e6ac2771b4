"""What is to be shown: text and buttons as values, before anything of Telegram's library."""

from dataclasses import dataclass

from bot.text.catalogue import Html


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button that opens an address."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """Telegram HTML, and at most one row of buttons below it."""

    html: Html
    buttons: tuple[LinkButton, ...] = ()
