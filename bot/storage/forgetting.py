"""What is dropped for good: tasks that are long over, what is of no use any more, and all that a chat left behind."""

from collections.abc import Sequence

from bot.storage import rows
from bot.storage.changes import Changes
from bot.storage.people import ASKED_KEPT

# Seconds for which an answer that could not be delivered is kept, for whoever wonders about it.
DEAD_KEPT = 86_400.0
# Of all durations together so many of the latest are kept: gateways make up the names of models.
ALL_DURATIONS = 20_000

# A task that may go, where nothing about it is younger than `:before`: it has ended, or nobody follows it.
OLD = (
    "t.changed_at < :before AND (t.ending IS NOT NULL"
    "  OR NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.task_id = t.id AND NOT s.stopped))"
    " AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.task_id = t.id AND (s.created_at >= :before"
    "  OR EXISTS (SELECT 1 FROM outbox o WHERE o.subscription_id = s.id"
    "   AND (o.state IN ('pending', 'sending', 'doubt') OR o.created_at >= :before))))"
)


class Forgetting(Changes):
    """The changes of retention, and of `/forget`."""

    async def drop_tasks(self, task_ids: Sequence[int], before: float) -> None:
        """Those of them that may still go, with all that hangs on them."""
        found = await self._all(
            f"DELETE FROM tasks AS t WHERE id IN (SELECT value FROM json_each(:ids)) AND {OLD} RETURNING id",
            {"ids": rows.to_json(task_ids), "before": before},
        )
        self.touched_tasks += [task_id for (task_id,) in found]

    async def drop_silent_chats(self, before: float) -> None:
        """What was heard and chosen where nobody has spoken since then, and nothing is left to be told."""
        await self._change(
            "DELETE FROM chats AS c WHERE heard_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.chat_id = c.chat_id)"
            " AND NOT EXISTS (SELECT 1 FROM tokens o WHERE o.chat_id = c.chat_id)",
            (before,),
        )
        await self._change(
            "DELETE FROM choices AS c WHERE NOT EXISTS (SELECT 1 FROM chats h WHERE h.chat_id = c.chat_id)"
            " AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.chat_id = c.chat_id)"
            " AND NOT EXISTS (SELECT 1 FROM tokens o WHERE o.chat_id = c.chat_id)"
        )
        self.touched_chats = True

    async def drop_leftovers(self, now: float) -> None:
        """What is of no use to anybody, however long tasks are kept."""
        await self._change(
            "DELETE FROM outbox WHERE subscription_id IS NULL AND state = 'dead' AND created_at < ?", (now - DEAD_KEPT,)
        )
        await self._change("DELETE FROM invites WHERE uses_left <= 0 OR expires_at <= ?", (now,))
        await self._change("DELETE FROM guests WHERE verdict = 'asked' AND since < ?", (now - ASKED_KEPT,))
        await self._change("DELETE FROM pauses WHERE until < ?", (now,))
        await self._change(
            "DELETE FROM durations WHERE id <= (SELECT id FROM durations ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (ALL_DURATIONS,),
        )

    async def drop_goodbyes(self) -> None:
        """Answers to `/forget` that can not be delivered: nothing of that chat is to be kept, not even for a while."""
        await self._change(
            "DELETE FROM outbox WHERE subscription_id IS NULL AND state = 'dead'"
            " AND json_extract(facts, '$.say') = 'forgotten'"
        )

    async def forget_chat(self, chat_id: int, query_id: str) -> None:
        """All that is known of the chat and, if it is private, of the person; `query_id` is the press that asks for it.

        A task goes if no other chat has it. What the person tracked in groups stays the group's, without their ID; a
        verdict on the person or chat stays without the name.
        """
        tasks = await self._all("SELECT DISTINCT task_id FROM subscriptions WHERE chat_id = ?", (chat_id,))
        for table in ("subscriptions", "choices", "chats", "pauses", "tokens"):
            await self._change(f"DELETE FROM {table} WHERE chat_id = ?", (chat_id,))
        await self._change("DELETE FROM outbox WHERE subscription_id IS NULL AND chat_id = ?", (chat_id,))
        await self._change_each(
            "DELETE FROM tasks WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE task_id = ?1)", tasks
        )
        await self._change("DELETE FROM guests WHERE id = ? AND verdict = 'asked'", (chat_id,))
        await self._change("UPDATE guests SET name = '' WHERE id = ?", (chat_id,))
        if chat_id > 0:
            await self._change("DELETE FROM invites WHERE made_by = ?", (chat_id,))
            await self._change("DELETE FROM tokens WHERE user_id = ?", (chat_id,))
            await self._change("UPDATE subscriptions SET user_id = 0 WHERE user_id = ?", (chat_id,))
        await self._drop_letters(chat_id, query_id)
        self.touched_tasks += [task_id for (task_id,) in tasks]
        self.touched_guests = self.touched_chats = self.touched_outbox = self.forgot_chat = True

    async def _drop_letters(self, chat_id: int, query_id: str) -> None:
        """What was said there before that press and could not be handled; what was said after it is a new beginning."""
        press = await self._one(
            "SELECT update_id FROM inbox WHERE body IS NOT NULL AND json_extract(body, '$.callback_query.id') = ?",
            (query_id,),
        )
        await self._change(
            "UPDATE inbox SET body = NULL WHERE body IS NOT NULL AND update_id < ?1"
            " AND ?2 IN (json_extract(body, '$.message.chat.id'),"
            "  json_extract(body, '$.callback_query.message.chat.id'))",
            (press[0] if press else 0, chat_id),
        )
