"""What chats and topics have chosen, as a transaction sees and changes it."""

from bot.storage import rows
from bot.storage.changes import Changes
from bot.tracking.choices import FIELDS, Choices

# The chat's own row and its topic's, in this order. Parameters: the chat and the topic.
HOLDING = f"SELECT {rows.CHOICES} FROM choices WHERE chat_id = ? AND thread_id IN (0, ?) ORDER BY thread_id"


class Wishes(Changes):
    """Choosing, and what follows from it for what is done now."""

    async def choose(self, chat_id: int, thread_id: int, field: str, value: str | bool | None) -> None:
        """The chat or topic wants it so from now on; None: as without any choice. `field` is one of `Choices`."""
        if field not in FIELDS:
            raise ValueError(field)
        await self._change(
            f"INSERT INTO choices (chat_id, thread_id, {field}) VALUES (?, ?, ?)"
            f" ON CONFLICT (chat_id, thread_id) DO UPDATE SET {field} = excluded.{field}",
            (chat_id, thread_id, value),
        )

    async def choices(self, chat_id: int, thread_id: int) -> Choices:
        """What holds in the topic; of the language only what was chosen."""
        return rows.to_holding(chat_id, None, await self._all(HOLDING, (chat_id, thread_id)))
