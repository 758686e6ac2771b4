"""Everything that one stand-in Telegram remembers, in one place; no HTTP, no rules."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.chats import Chats, Person
from sandbox.files import Files
from sandbox.updates import Updates
from sandbox.webhook import Webhook


@dataclass(slots=True)
class State:
    """One bot's account, its chats and its files. `folder` takes uploads; `clock` gives epoch seconds.

    `local`: a Bot API server of the operator's own, beside the bot, in `--local` mode.
    """

    token: str
    folder: Path
    local: bool = False
    clock: Callable[[], float] = time.time
    me: Person = field(init=False)
    files: Files = field(default_factory=Files)
    commands: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    popups: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    inline: dict[str, dict[str, Any]] = field(default_factory=dict)
    chats: Chats = field(init=False)
    updates: Updates = field(init=False)
    webhook: Webhook = field(init=False)

    @property
    def max_upload(self) -> int:
        """The largest file in bytes that a bot may hand over."""
        return (2000 if self.local else 50) * 1024 * 1024

    def __post_init__(self) -> None:
        number = int(self.token.partition(":")[0])
        self.me = Person(number, "Rushes", is_bot=True, username="rushes_sandbox_bot")
        self.chats = Chats(self.clock)
        self.updates = Updates(self.clock)
        self.webhook = Webhook(self.updates, self.clock)
