"""Who is let in: the gate before every update is stored. Pure; closed unless the operator opened it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Access:
    """The operator's lists. `users` may be `"*"`: everybody; `chats` let everybody in them in; admins always are."""

    users: frozenset[int] | Literal["*"]
    chats: frozenset[int]
    admins: frozenset[int]

    def permits(self, user_id: int, chat_id: int) -> bool:
        """Whether this person may give commands in this chat."""
        return self.users == "*" or user_id in self.users or user_id in self.admins or chat_id in self.chats
