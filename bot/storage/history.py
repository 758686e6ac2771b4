"""Changes to the event log: what happened to each task, the latest of it."""

from collections.abc import Iterable

from bot.storage.changes import Changes
from bot.tracking.history import Event

KEPT = 50  # events of one task


class History(Changes):
    """Writes the log; which change is an event is decided elsewhere."""

    async def note_events(self, task_id: int, events: Iterable[Event]) -> None:
        """Adds them in their order; of more than `KEPT` the oldest go."""
        noted = False
        for event in events:
            sql = "INSERT INTO events (task_id, at, what, detail) VALUES (?, ?, ?, ?)"
            await self._change(sql, (task_id, event.at, event.what, event.detail))
            noted = True
        if noted:
            await self._change(
                "DELETE FROM events WHERE task_id = :task AND id <="
                " (SELECT id FROM events WHERE task_id = :task ORDER BY id DESC LIMIT 1 OFFSET :kept)",
                {"task": task_id, "kept": KEPT},
            )
