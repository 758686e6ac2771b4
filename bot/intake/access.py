"""Who is let in: the rule at the gate before every update is stored. Pure; closed unless somebody opened it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.tracking.guests import Verdict


@dataclass(frozen=True, slots=True)
class Access:
    """The operator's lists, and what was decided from inside the bot.

    `users` may be `"*"`: everybody; `chats` let everybody in them in; `admins` always are. `verdicts` are about people
    and chats that no list names: for those the operator has decided already.
    """

    users: frozenset[int] | Literal["*"]
    chats: frozenset[int]
    admins: frozenset[int]
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)

    def permits(self, user_id: int, chat_id: int) -> bool:
        """Whether this person may give commands in this chat."""
        if user_id in self.admins or (self.users != "*" and user_id in self.users):
            return True
        person = self.verdicts.get(user_id)
        chat = None if chat_id in self.chats else self.verdicts.get(chat_id)
        if Verdict.DENIED in {person, chat}:
            return False
        return self.users == "*" or chat_id in self.chats or Verdict.ALLOWED in {person, chat}

    def names(self, ident: int) -> bool:
        """Whether one of the operator's lists names this person or chat, so that nobody else can deny them."""
        return ident in self.admins or ident in self.chats or (self.users != "*" and ident in self.users)
