"""Every change to the database, each a sentence. A transaction's changes stand or fall together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import aiosqlite

from bot.storage import rows
from bot.tracking.lifecycle import reopen
from bot.tracking.model import NOT_LOCATED, Delivery, OutboxKind, OutboxState, Subscription, Task
from bot.tracking.results import parts
from providers.base import QueryErrorKind, Snapshot

# The first number for parts of a result that were meant for an album and go by themselves.
APART = 1000


class Transaction:
    """The changes of one transaction. `touched_tasks` and `touched_outbox` tell whom to wake after the commit."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self.touched_tasks: list[int] = []
        self.touched_outbox = False
        self._connection = connection

    # Intake

    async def keep_updates(self, updates: Sequence[tuple[int, str]], now: float) -> list[int]:
        """Stores (update_id, body) pairs; returns the ids that were not known before."""
        fresh = []
        for update_id, body in updates:
            if await self._change(
                "INSERT OR IGNORE INTO inbox (update_id, body, received_at) VALUES (?, ?, ?)",
                (update_id, body, now),
            ):
                fresh.append(update_id)
        return fresh

    async def finish_update(self, update_id: int) -> None:
        """The update is handled; only its number is kept."""
        await self._change("UPDATE inbox SET body = NULL WHERE update_id = ?", (update_id,))

    async def forget_updates_before(self, moment: float) -> None:
        """Drops the numbers of handled updates that Telegram can no longer hand out again."""
        await self._change("DELETE FROM inbox WHERE body IS NULL AND received_at < ?", (moment,))

    # Following

    async def find_task(self, external_id: str, provider: str, kind: str) -> Task | None:
        """The task that this reference means: one that a gateway has answered for, else the same open question."""
        row = await self._one(
            f"SELECT {rows.TASK} FROM tasks t WHERE t.external_id = :id AND ("
            "  (t.account >= 0 AND :provider IN ('', t.provider) AND :kind IN ('', t.kind))"
            "  OR (t.account < 0 AND t.provider = :provider AND t.kind = :kind))"
            " ORDER BY t.account >= 0 DESC, t.ending IS NULL DESC, t.id DESC",
            {"id": external_id, "provider": provider, "kind": kind},
        )
        return rows.to_task(row) if row else None

    async def add_task(self, external_id: str, provider: str, kind: str, now: float, deadline: float) -> Task:
        """A new task that nobody has answered for yet."""
        row = await self._one(
            "INSERT INTO tasks (provider, account, kind, external_id, created_at, changed_at, deadline)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (provider, NOT_LOCATED, kind, external_id, now, now, deadline),
        )
        return Task(row[0], provider, NOT_LOCATED, kind, external_id, now, now, deadline)

    async def subscription(self, task_id: int, chat_id: int, thread_id: int) -> Subscription | None:
        row = await self._one(
            f"SELECT {rows.SUBSCRIPTION} FROM subscriptions s WHERE task_id = ? AND chat_id = ? AND thread_id = ?",
            (task_id, chat_id, thread_id),
        )
        return rows.to_subscription(row) if row else None

    async def is_on_its_way(self, subscription: Subscription) -> bool:
        """Whether some of the task's result is still to reach the chat."""
        return bool(
            await self._all(
                "SELECT 1 FROM outbox WHERE subscription_id = ? AND kind <> 'card'"
                " AND state IN ('pending', 'sending', 'doubt') LIMIT 1",
                (subscription.id,),
            )
        )

    async def subscribe(self, task: Task, wish: Subscription, now: float) -> None:
        """The chat follows the task from now on, with a fresh card; whatever was queued for it before is dropped.

        A task that has ended already is delivered at once.
        """
        row = await self._one(
            "INSERT INTO subscriptions (task_id, chat_id, thread_id, user_id, request_message_id, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (task_id, chat_id, thread_id) DO UPDATE SET"
            " user_id = excluded.user_id, request_message_id = excluded.request_message_id,"
            " card_message_id = 0, stopped = 0 RETURNING id",
            (task.id, wish.chat_id, wish.thread_id, wish.user_id, wish.request_message_id, now),
        )
        subscription = replace(wish, id=row[0], task_id=task.id)
        await self._change("DELETE FROM outbox WHERE subscription_id = ?", (subscription.id,))
        await self._queue(subscription, OutboxKind.CARD, now)
        await self._queue_result(task, [subscription], now)
        self.touched_tasks.append(task.id)

    async def resend(self, task: Task, subscription: Subscription, reply_to: int, now: float) -> None:
        """The chat gets the task's result once more, as an answer to that message."""
        await self._queue_result(task, [replace(subscription, request_message_id=reply_to)], now)

    async def watch_again(self, task: Task, now: float, give_up_after: float) -> Task:
        """An ended task without a result is polled once more, for everybody who follows it."""
        again = reopen(task, now, give_up_after)
        await self.record(again, now)
        return again

    async def stop_following(self, chat_id: int, thread_id: int, external_id: str) -> int:
        """The chat no longer follows the ID; returns how many subscriptions that ended."""
        stopped = await self._all(
            "UPDATE subscriptions SET stopped = 1 WHERE chat_id = ? AND thread_id = ? AND NOT stopped"
            " AND task_id IN (SELECT id FROM tasks WHERE external_id = ?) RETURNING id, task_id",
            (chat_id, thread_id, external_id),
        )
        for subscription_id, task_id in stopped:
            await self._change("DELETE FROM outbox WHERE subscription_id = ? AND kind <> 'card'", (subscription_id,))
            await self._want_cards("subscription_id = ?", subscription_id)
            self.touched_tasks.append(task_id)
        return len(stopped)

    # Polling

    async def record(self, task: Task, now: float) -> None:
        """The task as decided, and with it everything that its chats are due: cards, and the result if it ended."""
        if task.is_located:
            task = await self._settle(task)
        await self._change(
            "UPDATE tasks SET provider = ?, account = ?, kind = ?, endpoint = ?, snapshot = ?, ending = ?,"
            " trouble = ?, source = ?, version = ?, changed_at = ?, deadline = ? WHERE id = ?",
            (
                task.provider,
                task.account,
                task.kind,
                task.endpoint,
                rows.snapshot_to_json(task.snapshot),
                task.ending,
                task.trouble,
                task.source,
                task.version,
                task.changed_at,
                task.deadline,
                task.id,
            ),
        )
        followers = await self._all(
            f"SELECT {rows.SUBSCRIPTION} FROM subscriptions s WHERE s.task_id = ? AND NOT s.stopped",
            (task.id,),
        )
        await self._want_cards(
            "subscription_id IN (SELECT id FROM subscriptions WHERE task_id = ? AND NOT stopped)", task.id
        )
        await self._queue_result(task, [rows.to_subscription(row) for row in followers], now)

    async def _settle(self, task: Task) -> Task:
        """A task that was just located may be one that is tracked already: then its followers join that one."""
        row = await self._one(
            "SELECT id, version FROM tasks WHERE provider = ? AND account = ? AND kind = ? AND external_id = ?"
            " AND id <> ?",
            (task.provider, task.account, task.kind, task.external_id, task.id),
        )
        if row is None:
            return task
        known, version = row
        await self._change("UPDATE OR IGNORE subscriptions SET task_id = ? WHERE task_id = ?", (known, task.id))
        await self._change("DELETE FROM tasks WHERE id = ?", (task.id,))
        self.touched_tasks += [task.id, known]
        return replace(task, id=known, version=max(version, task.version) + 1)

    async def report_trouble(self, provider: str, account: int, kind: QueryErrorKind, now: float) -> bool:
        """Notes that this account does not work; True if that is news."""
        return bool(
            await self._change(
                "INSERT INTO troubles (provider, account, kind, since) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET kind = excluded.kind WHERE kind <> excluded.kind",
                (provider, account, kind, now),
            )
        )

    async def clear_trouble(self, provider: str, account: int) -> bool:
        """The account works; True if it did not before."""
        return bool(await self._change("DELETE FROM troubles WHERE provider = ? AND account = ?", (provider, account)))

    # Delivery

    async def reply(self, to: Subscription, facts: dict[str, str], now: float) -> None:
        """A command's answer, to the chat and message in `to`."""
        await self._insert(to, OutboxKind.REPLY, now, facts=facts)

    async def notify(self, chat_id: int, facts: dict[str, str], now: float) -> None:
        """Something the operator must know."""
        await self._insert(Subscription(0, 0, chat_id, 0, 0, 0), OutboxKind.NOTICE, now, facts=facts)

    async def doubt_interrupted(self, cards_not_before: float) -> None:
        """After a start: what was being sent when the process died may or may not have arrived."""
        await self._change(
            "UPDATE outbox SET state = 'doubt', attempts = attempts + 1,"
            " not_before = CASE kind WHEN 'card' THEN ? ELSE not_before END WHERE state = 'sending'",
            (cards_not_before,),
        )

    async def mark_sending(self, row_id: int) -> bool:
        """Before a call that would send twice if it were repeated. False: the row was given up, do not send it."""
        sql = "UPDATE outbox SET state = 'sending' WHERE id = ? AND state <> 'dead'"
        return bool(await self._change(sql, (row_id,)))

    async def note_messages(self, row: Delivery, message_ids: Sequence[int]) -> None:
        """The row's messages stand in the chat; from now on they are only edited."""
        await self._change(
            "UPDATE outbox SET state = 'pending', attempts = 0, message_ids = ? WHERE id = ?",
            (rows.to_json(message_ids), row.id),
        )
        if row.kind is OutboxKind.CARD:
            await self._change(
                "UPDATE subscriptions SET card_message_id = ? WHERE id = ?",
                (message_ids[0] if message_ids else 0, row.subscription_id),
            )

    async def note_finished(self, row_id: int, finished: Iterable[int]) -> None:
        """These items of an album are in place."""
        await self._change("UPDATE outbox SET finished = ? WHERE id = ?", (rows.to_json(finished), row_id))

    async def set_outputs(self, row_id: int, outputs: Iterable[int]) -> None:
        """The row carries these outputs and no others."""
        await self._change("UPDATE outbox SET outputs = ? WHERE id = ?", (rows.to_json(outputs), row_id))

    async def send_apart(self, row: Delivery, places: Iterable[int]) -> None:
        """Each of these outputs gets a result of its own, after all that the task's other rows bring."""
        for place in places:
            await self._change(
                "INSERT OR IGNORE INTO outbox"
                " (subscription_id, chat_id, thread_id, kind, part, outputs, facts, reply_to, created_at)"
                " SELECT subscription_id, chat_id, thread_id, ?, ?, ?, facts, reply_to, created_at"
                " FROM outbox WHERE id = ?",
                (OutboxKind.RESULT, APART + place, rows.to_json([place]), row.id),
            )
        self.touched_outbox = True

    async def finish(self, row: Delivery, look: str = "") -> None:
        """The row shows what `row.wanted` asked for; if more was wanted meanwhile, it stays due.

        An answer or a notice that is through is of no more use.
        """
        if row.subscription_id is None:
            await self._change("DELETE FROM outbox WHERE id = ?", (row.id,))
            return
        await self._change(
            "UPDATE outbox SET shown = ?, look = ?, attempts = 0, not_before = 0,"
            " state = CASE WHEN wanted > ? THEN 'pending' ELSE 'sent' END WHERE id = ?",
            (row.wanted, look, row.wanted, row.id),
        )
        self.touched_outbox = True

    async def postpone(
        self, row_id: int, state: OutboxState, not_before: float, reason: str, *, failed: bool = True
    ) -> None:
        """Not now. `state` tells whether the row may already have arrived; `failed`, whether that was an attempt.

        A row whose chat was closed meanwhile stays dead.
        """
        await self._change(
            "UPDATE outbox SET state = ?, not_before = ?, reason = ?, attempts = attempts + ?"
            " WHERE id = ? AND state <> 'dead'",
            (state, not_before, reason, failed, row_id),
        )

    async def keep_pauses(self, until: Mapping[int, float]) -> None:
        """The chats that Telegram has paused, in place of those that were known before."""
        await self._change("DELETE FROM pauses")
        for chat_id, moment in until.items():
            await self._change("INSERT INTO pauses (chat_id, until) VALUES (?, ?)", (chat_id, moment))

    async def start_anew(self, row: Delivery) -> None:
        """The row's messages are not there any more: it is sent afresh, this once."""
        await self._change(
            "UPDATE outbox SET state = 'pending', not_before = 0, message_ids = '[]', finished = '[]', facts = ?"
            " WHERE id = ?",
            (rows.to_json({**row.facts, "anew": "1"}), row.id),
        )

    async def bury(self, row_id: int, reason: str) -> None:
        """The row can not reach its chat."""
        await self._change("UPDATE outbox SET state = 'dead', reason = ? WHERE id = ?", (reason, row_id))

    async def renew_links(self, task_id: int, snapshot: Snapshot) -> None:
        """An ended task's results are to be had by these links now; nothing else about it has changed."""
        await self._change("UPDATE tasks SET snapshot = ? WHERE id = ?", (rows.snapshot_to_json(snapshot), task_id))

    async def remember_file(self, task_id: int, output: int, form: str, file_id: str, cover: str = "") -> None:
        """Telegram holds this output now, as `form` (video, photo, ...), and perhaps a cover to it."""
        await self._change(
            "INSERT INTO files (task_id, output, form, file_id, cover) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET form = excluded.form, file_id = excluded.file_id, cover = excluded.cover",
            (task_id, output, form, file_id, cover),
        )

    async def forget_file(self, task_id: int, output: int) -> None:
        """Telegram does not know the file_id (another bot's token, perhaps)."""
        await self._change("DELETE FROM files WHERE task_id = ? AND output = ?", (task_id, output))

    async def close_chat(self, chat_id: int, reason: str) -> None:
        """The bot can not write there any more: nothing is due to it, and nothing is polled for it."""
        await self._change(
            "UPDATE outbox SET state = 'dead', reason = ? WHERE chat_id = ? AND state <> 'sent'",
            (reason, chat_id),
        )
        found = await self._all(
            "UPDATE subscriptions SET stopped = 1 WHERE chat_id = ? AND NOT stopped RETURNING task_id",
            (chat_id,),
        )
        self.touched_tasks += [task_id for (task_id,) in found]

    async def move_chat(self, old: int, new: int) -> None:
        """A group became a supergroup: everything about it goes by the new id.

        The numbers of messages stay behind: over there they mean other ones.
        """
        await self._change("UPDATE OR IGNORE chats SET chat_id = ? WHERE chat_id = ?", (new, old))
        await self._change(
            "UPDATE OR IGNORE subscriptions SET chat_id = ?, request_message_id = 0, card_message_id = 0"
            " WHERE chat_id = ?",
            (new, old),
        )
        await self._change(
            "UPDATE OR IGNORE outbox SET chat_id = ?, message_ids = '[]', finished = '[]', reply_to = 0"
            " WHERE chat_id = ?",
            (new, old),
        )
        self.touched_outbox = True

    async def leave_topic(self, chat_id: int, thread_id: int) -> None:
        """The topic was deleted or closed: what it was to get goes to the chat itself."""
        for table in ("subscriptions", "outbox"):
            await self._change(
                f"UPDATE OR IGNORE {table} SET thread_id = 0 WHERE chat_id = ? AND thread_id = ?", (chat_id, thread_id)
            )

    # Parts of the above

    async def _want_cards(self, where: str, value: int) -> None:
        await self._change(
            "UPDATE outbox SET wanted = wanted + 1, state = CASE state WHEN 'sent' THEN 'pending' ELSE state END"
            f" WHERE kind = 'card' AND {where}",
            (value,),
        )
        self.touched_outbox = True

    async def _queue_result(self, task: Task, followers: Iterable[Subscription], now: float) -> None:
        if task.ending is None:
            return
        for subscription in followers:
            await self._change("DELETE FROM outbox WHERE subscription_id = ? AND kind <> 'card'", (subscription.id,))
            for number, part in enumerate(parts(task)):
                await self._queue(subscription, part.kind, now, number, part.outputs)

    async def _queue(
        self,
        subscription: Subscription,
        kind: OutboxKind,
        now: float,
        part: int = 0,
        outputs: tuple[int, ...] = (),
    ) -> None:
        await self._insert(subscription, kind, now, part=part, outputs=rows.to_json(outputs))

    async def _insert(self, to: Subscription, kind: OutboxKind, now: float, **more: Any) -> None:
        values = {"part": 0, "outputs": "[]", "facts": {}, **more}
        await self._change(
            "INSERT INTO outbox (subscription_id, chat_id, thread_id, kind, part, outputs, facts, reply_to, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                to.id or None,
                to.chat_id,
                to.thread_id,
                kind,
                values["part"],
                values["outputs"],
                rows.to_json(values["facts"]),
                to.request_message_id,
                now,
            ),
        )
        self.touched_outbox = True

    async def _change(self, sql: str, values: Any = ()) -> int:
        """Runs one statement; returns how many rows it changed."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

    async def _one(self, sql: str, values: Any) -> Any:
        found = await self._all(sql, values)
        return found[0] if found else None

    async def _all(self, sql: str, values: Any) -> list[Any]:
        return list(await self._connection.execute_fetchall(sql, values))
