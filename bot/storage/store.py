"""What the stages ask of the database, each question a sentence; how changes get in is the business of `commits`."""

from pathlib import Path
from typing import Any, Self

from bot.storage import counts, rows, vitals
from bot.storage.commits import Commits
from bot.storage.forgetting import OLD
from bot.storage.programs import ProgramQuestions
from bot.storage.sqlite import Database, Values
from bot.storage.wishes import HOLDING
from bot.tracking.choices import Choices
from bot.tracking.gallery import Find, Place
from bot.tracking.guests import Guest, Verdict
from bot.tracking.history import Event
from bot.tracking.lists import PAGE, Page, Which, pages_of
from bot.tracking.measures import Reading
from bot.tracking.model import Delivery, Priority, Subscription, Task
from bot.tracking.stats import Stats
from bot.tracking.troubles import Trouble

_SUCCEEDED = "(t.ending = 'done' AND json_extract(t.snapshot, '$.state') IS 'succeeded')"
_WHICH = {
    Which.ALL: "TRUE",
    Which.OPEN: "t.ending IS NULL",
    Which.DONE: _SUCCEEDED,
    Which.FAILED: f"t.ending IS NOT NULL AND NOT {_SUCCEEDED}",
}

# Of what is held in two forms, the one that shows.
_MEDIA_FIRST = (
    "(f.wish = 'media' OR NOT EXISTS"
    " (SELECT 1 FROM files w WHERE w.task_id = f.task_id AND w.output = f.output AND w.wish = 'media'))"
)
_DELIVERED = (
    f"EXISTS (SELECT 1 FROM outbox o WHERE o.subscription_id = s.id AND o.kind IN {rows.RESULTS}"
    " AND o.state = 'sent' AND f.output IN (SELECT value FROM json_each(o.outputs)))"
)
_UNPROTECTED = (
    "NOT coalesce((SELECT c.protect FROM choices c WHERE c.chat_id = s.chat_id AND c.thread_id = s.thread_id),"
    " (SELECT c.protect FROM choices c WHERE c.chat_id = s.chat_id AND c.thread_id = 0), 0)"
)
_WORDS = (
    "coalesce(json_extract(t.snapshot, '$.prompt'), '') || ' ' || coalesce(json_extract(t.snapshot, '$.model'), '')"
    " || ' ' || t.provider || ' ' || t.external_id"
)
_NEWEST = 2**62

_PRIORITY = (
    f"CASE WHEN o.subscription_id IS NULL THEN {Priority.ANSWER:d}"
    f" WHEN o.kind = 'reaction' THEN {Priority.PROGRESS:d}"
    f" WHEN o.kind <> 'card' OR o.shown < 0 OR t.ending = 'not_found' THEN {Priority.RESULT:d}"
    f" WHEN t.ending IS NOT NULL THEN {Priority.CLOSING:d} ELSE {Priority.PROGRESS:d} END"
)


class Store(Commits):
    """The bot's memory, and the place where its stages meet. What is asked about programs has a room of its own."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.programs = ProgramQuestions(self._all)

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Opens the file, creates or migrates it. Raises `DatabaseError`."""
        return cls(await Database.open(path))

    async def close(self) -> None:
        await self._database.close()

    # Intake

    async def waiting_updates(self) -> list[tuple[int, str]]:
        """Updates that are stored but not handled yet, oldest first: (update_id, body)."""
        return await self._all("SELECT update_id, body FROM inbox WHERE body IS NOT NULL ORDER BY update_id")

    async def verdicts(self) -> dict[int, Verdict]:
        """What was decided about people and chats from inside the bot, by Telegram's ids."""
        return {row[0]: Verdict(row[1]) for row in await self._all("SELECT id, verdict FROM guests")}

    async def let_in(self, limit: int) -> list[Guest]:
        """The latest people and chats that were let in from inside the bot."""
        sql = f"SELECT {rows.GUEST} FROM guests WHERE verdict = 'allowed' ORDER BY since DESC LIMIT ?"
        return [rows.to_guest(row) for row in await self._all(sql, (limit,))]

    # Polling

    async def open_tasks(self, after: int = 0, limit: int = -1) -> list[Task]:
        """Tasks that are still to be polled: not ended, and at least one chat follows them.

        In the order of their ids; so many of those whose id is greater than `after`, -1 for all.
        """
        sql = f"SELECT {rows.TASK} FROM tasks t WHERE t.id > ? AND {rows.OPEN} ORDER BY t.id LIMIT ?"
        return [rows.to_task(row) for row in await self._all(sql, (after, limit))]

    async def open_task_ids(self, after: int = 0, limit: int = -1) -> list[int]:
        """Only the ids of those."""
        sql = f"SELECT t.id FROM tasks t WHERE t.id > ? AND {rows.OPEN} ORDER BY t.id LIMIT ?"
        return [row[0] for row in await self._all(sql, (after, limit))]

    async def open_task(self, task_id: int) -> Task | None:
        """The task, if it is still to be polled."""
        row = await self._one(f"SELECT {rows.TASK} FROM tasks t WHERE t.id = ? AND {rows.OPEN}", (task_id,))
        return rows.to_task(row) if row else None

    async def preferred_provider(self, task_id: int) -> str:
        """The provider that whoever follows the task prefers, the first of them to have a preference; "" for none."""
        row = await self._one(
            "SELECT c.provider FROM subscriptions s JOIN choices c"
            " ON c.chat_id = s.chat_id AND c.thread_id IN (0, s.thread_id)"
            " WHERE s.task_id = ? AND NOT s.stopped AND c.provider IS NOT NULL ORDER BY s.id, c.thread_id DESC LIMIT 1",
            (task_id,),
        )
        return row[0] if row else ""

    async def troubles(self) -> tuple[Trouble, ...]:
        """Accounts that the operator was told about and that have not worked since, the oldest trouble first."""
        return await counts.read_troubles(self._all)

    # Bookkeeping

    async def keep_books(self, now: float) -> None:
        """Writes down what was counted, if anything was. Raises `DatabaseError`; then it stays counted."""
        pending = self.tally.pending()
        if not pending:
            return
        async with self.transaction() as tx:
            await tx.add_counts(pending, now)
        self.tally.settle(pending)

    async def old_tasks(self, before: float, limit: int) -> list[int]:
        """Some of the tasks about which nothing has happened since then, and nothing is to be told any more."""
        found = await self._all(
            f"SELECT t.id FROM tasks t WHERE t.ending IS NOT NULL AND {OLD}"
            f" UNION ALL SELECT t.id FROM tasks t WHERE t.ending IS NULL AND {OLD} LIMIT :limit",
            {"before": before, "limit": limit},
        )
        return [task_id for (task_id,) in found]

    async def is_saying_goodbye(self) -> bool:
        """Whether somewhere the answer to `/forget` is still on its way."""
        sql = "SELECT 1 FROM outbox WHERE subscription_id IS NULL AND json_extract(facts, '$.say') = 'forgotten'"
        return bool(await self._all(sql))

    async def empty_log(self) -> bool:
        """What was changed goes from the write-ahead log into the file, and nothing older is left in either.

        False: somebody is reading; later, then. Raises `DatabaseError`.
        """
        return await self._database.empty_log()

    async def stats(self, now: float, besides: int) -> Stats:
        """How the bot is doing; `besides` is the outbox row that tells it, and does not count as waiting."""
        return await counts.read_stats(self._all, self.tally.pending(), now, besides)

    async def readings(self) -> list[Reading]:
        """What waits in the tables, and how large the file is. Raises `DatabaseError`."""
        return await vitals.read_vitals(self._all, self._database.path)

    # Delivery

    async def waiting_longest(self, now: float, limit: int) -> list[tuple[Delivery, float]]:
        """Rows that are due, in outline, and since when; not those that show something already: nobody knows that.

        Only so many are looked at, those first that have waited since they were made.
        """
        found = await self._all(
            f"SELECT {rows.OUTLINE}, max(o.created_at, o.not_before) FROM"
            "  (SELECT * FROM outbox WHERE state IN ('pending', 'doubt') AND not_before <= ?"
            "   ORDER BY not_before LIMIT ?) o"
            " WHERE o.kind NOT IN ('card', 'reaction') OR o.shown < 0",
            (now, limit),
        )
        return [(rows.to_outline(row), row[-1]) for row in found]

    async def due_deliveries(self, now: float, per_chat: int, limit: int) -> list[Delivery]:
        """Rows that may go out now, so many for each chat, in the order of their priority.

        The parts of one result keep their order: a later one is not due while an earlier one is not through.
        """
        found = await self._all(
            f"SELECT {rows.DELIVERY}, d.priority FROM (SELECT id, priority,"
            "   row_number() OVER (PARTITION BY chat_id ORDER BY priority, id) AS place"
            f" FROM (SELECT o.id, o.chat_id, {_PRIORITY} AS priority"
            "  FROM outbox o LEFT JOIN subscriptions s ON s.id = o.subscription_id"
            "  LEFT JOIN tasks t ON t.id = s.task_id"
            "  WHERE o.state IN ('pending', 'doubt') AND o.not_before <= ?"
            "  AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.subscription_id = o.subscription_id AND e.part < o.part"
            f"   AND o.kind IN {rows.RESULTS} AND e.kind IN {rows.RESULTS}"
            "   AND e.state IN ('pending', 'sending', 'doubt')))) d"
            " JOIN outbox o ON o.id = d.id WHERE d.place <= ? ORDER BY d.priority, o.id LIMIT ?",
            (now, per_chat, limit),
        )
        return [rows.to_delivery(row) for row in found]

    async def next_delivery_at(self, now: float) -> float | None:
        """When the next row that waits for its time becomes due, or is to be looked at again."""
        row = await self._one(
            "SELECT min(at) FROM"
            " (SELECT min(not_before) AS at FROM outbox WHERE state IN ('pending', 'doubt') AND not_before > ?1"
            " UNION ALL SELECT min(not_before) FROM outbox WHERE state = 'resting' AND not_before > ?1)",
            (now,),
        )
        return row[0] if row else None

    async def cards_to_look_at(self, now: float, limit: int) -> list[Delivery]:
        """Cards that have rested long enough, one for each chat, the longest overdue first.

        However many there are, only some are read: it does no harm when a card is looked at later.
        """
        found = await self._all(
            f"SELECT {rows.DELIVERY}, {Priority.PROGRESS:d}, min(o.not_before) AS since FROM"
            "  (SELECT * FROM outbox WHERE state = 'resting' AND not_before <= ? ORDER BY not_before LIMIT ?) o"
            " GROUP BY o.chat_id ORDER BY since LIMIT ?",
            (now, 8 * limit, limit),
        )
        return [rows.to_delivery(row) for row in found]

    async def reactions_due(self, chat_id: int, message_id: int) -> list[tuple[int, int, Task]]:
        """The rows (id, wanted) of all that this message asked to follow and that still is, each with its task."""
        found = await self._all(
            f"SELECT o.id, o.wanted, {rows.TASK} FROM subscriptions s JOIN tasks t ON t.id = s.task_id"
            " JOIN outbox o ON o.subscription_id = s.id AND o.kind = 'reaction'"
            " WHERE s.chat_id = ? AND s.request_message_id = ? AND NOT s.stopped",
            (chat_id, message_id),
        )
        return [(row[0], row[1], rows.to_task(row[2:])) for row in found]

    async def durations(self) -> list[tuple[str, str, float]]:
        """What the latest generations took, the oldest first: (provider, model, seconds); "" is a model not named."""
        return await self._all("SELECT provider, model, seconds FROM durations ORDER BY id")

    async def pauses(self) -> dict[int, float]:
        """The chats that Telegram has paused, and until when."""
        return dict(await self._all("SELECT chat_id, until FROM pauses"))

    async def subject(self, subscription_id: int) -> tuple[Subscription, Task] | None:
        """The subscription and its task, as they are now."""
        row = await self._one(
            f"SELECT {rows.SUBSCRIPTION}, {rows.TASK} FROM subscriptions s JOIN tasks t ON t.id = s.task_id"
            " WHERE s.id = ?",
            (subscription_id,),
        )
        return _pair(row) if row else None

    async def file_of(self, task_id: int, output: int, wish: str = "media") -> tuple[str, str, str] | None:
        """How Telegram already holds this output, as `media` or `document`: (form, file_id, file_id of its cover)."""
        sql = "SELECT form, file_id, cover FROM files WHERE task_id = ? AND output = ? AND wish = ?"
        row = await self._one(sql, (task_id, output, wish))
        return (row[0], row[1], row[2]) if row else None

    async def latest_events(self, task_id: int, limit: int) -> list[Event]:
        """The end of the task's log, in the order in which it happened."""
        sql = "SELECT at, what, detail FROM events WHERE task_id = ? ORDER BY id DESC LIMIT ?"
        return [Event(*row) for row in reversed(await self._all(sql, (task_id, limit)))]

    async def followed_since(self, subscription_id: int) -> float:
        """When the chat asked for the task first, in epoch seconds; 0 if there is no such subscription."""
        row = await self._one("SELECT created_at FROM subscriptions WHERE id = ?", (subscription_id,))
        return row[0] if row else 0.0

    async def choices(self, chat_id: int, thread_id: int) -> Choices:
        """What holds in the topic: its own choices, else its chat's, else the usual; the language may be None."""
        found = await self._all(HOLDING, (chat_id, thread_id))
        heard = await self._one("SELECT language FROM chats WHERE chat_id = ?", (chat_id,))
        return rows.to_holding(chat_id, heard[0] if heard else None, found)

    async def chosen(self, chat_id: int, thread_id: int) -> Choices:
        """Only what was chosen in that very place."""
        sql = f"SELECT {rows.CHOICES} FROM choices WHERE chat_id = ? AND thread_id = ?"
        row = await self._one(sql, (chat_id, thread_id))
        return rows.to_choices(row) if row else Choices()

    async def followed_in(self, chat_id: int, thread_id: int, which: Which, page: int) -> Page:
        """What the chat (or topic) follows, open tasks first, then the newest; an ID that nobody knew is no task.

        `page` counts from 1; beyond the end it is the last one.
        """
        found = await self._all(
            "WITH here AS MATERIALIZED (SELECT s.id AS id, t.ending IS NOT NULL AS has_ended"
            "  FROM subscriptions s JOIN tasks t ON t.id = s.task_id"
            "  WHERE s.chat_id = ?1 AND s.thread_id = ?2 AND NOT s.stopped"
            f"  AND NOT (t.account < 0 AND t.ending IS NOT NULL) AND {_WHICH[which]}),"
            " page AS MATERIALIZED (SELECT id, has_ended FROM here ORDER BY has_ended, id DESC LIMIT ?3"
            "  OFFSET max(0, min(?4, ((SELECT count(*) FROM here) - 1) / ?3 * ?3)))"
            f" SELECT (SELECT count(*) FROM here), {rows.SUBSCRIPTION}, {rows.TASK}"
            " FROM page p JOIN subscriptions s ON s.id = p.id JOIN tasks t ON t.id = s.task_id"
            " ORDER BY p.has_ended, p.id DESC",
            (chat_id, thread_id, PAGE, (page - 1) * PAGE),
        )
        count = found[0][0] if found else 0
        return Page(which, min(page, pages_of(count)), count, tuple(_pair(row[1:]) for row in found))

    # Inline mode

    async def media_of(self, user_id: int, text: str, after: Place | None, limit: int) -> list[Find]:
        """What Telegram holds of the outputs that were delivered to this person, the newest subscription first.

        Every word of `text` stands in the prompt, the model, the provider's name or the ID. Nothing comes from where
        content is protected. `after`: only what comes behind that place.
        """
        start = after or Place(_NEWEST, -1)
        found = await self._all(
            f"SELECT s.id, f.output, f.form, f.file_id, {rows.TASK} FROM subscriptions s"
            " JOIN tasks t ON t.id = s.task_id JOIN files f ON f.task_id = t.id"
            f" WHERE s.user_id = ? AND s.id <= ? AND (s.id < ? OR f.output > ?) AND {_MEDIA_FIRST} AND {_DELIVERED}"
            f" AND {_UNPROTECTED} AND (? = '' OR mentions({_WORDS}, ?)) ORDER BY s.id DESC, f.output LIMIT ?",
            (user_id, start.subscription_id, start.subscription_id, start.output, text.strip(), text, limit),
        )
        return [Find(Place(row[0], row[1]), rows.to_task(row[4:]), row[2], row[3]) for row in found]

    # The bot itself

    async def told(self) -> dict[str, str]:
        """What Telegram was told about the bot: a digest of each thing."""
        return dict(await self._all("SELECT what, digest FROM told"))

    async def _all(self, sql: str, values: Values = ()) -> list[Any]:
        return await self._database.read(sql, values)

    async def _one(self, sql: str, values: tuple[Any, ...]) -> Any:
        found = await self._database.read(sql, values)
        return found[0] if found else None


def _pair(row: Any) -> tuple[Subscription, Task]:
    return rows.to_subscription(row), rows.to_task(row[rows.SUBSCRIPTION_COLUMNS :])
