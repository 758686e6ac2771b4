"""Changes to the outbox: what is put in for a chat, and what becomes of it on its way."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.storage import rows
from bot.storage.wishes import Wishes
from bot.tracking.choices import Deliver
from bot.tracking.model import AGAIN, Delivery, OutboxKind, OutboxState, Subscription, Task
from bot.tracking.results import wished
from providers.base import Snapshot

# The first number for parts of a result that were meant for an album and go by themselves.
APART = 1000
# Answers to one chat that say the same: as many as may go to a private chat at once.
ALIKE = 8


class Outbox(Wishes):
    """The changes that delivery makes, and how the other stages queue what it is to deliver."""

    async def reply(self, to: Subscription, facts: dict[str, str], now: float) -> None:
        """A command's answer, to the chat and message in `to`.

        Of a panel whose pages are turned quickly only the last one goes out, and of the same answer, given again and
        again, no more than `ALIKE` wait for their turn: the latest say it for the others.
        """
        # In the words of the partial index first, so that it is used.
        await self._change(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state IN ('pending', 'doubt')"
            "  AND state = 'pending' AND attempts = 0 AND kind = 'reply' AND chat_id = ? AND thread_id = ?"
            "  AND facts = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
            (to.chat_id, to.thread_id, rows.to_json(facts), ALIKE - 1),
        )
        if "panel" in facts:
            await self._change(
                "DELETE FROM outbox WHERE state IN ('pending', 'doubt') AND chat_id = ? AND kind = 'reply'"
                " AND json_extract(facts, '$.panel') = ?",
                (to.chat_id, facts["panel"]),
            )
        await self._insert(to, OutboxKind.REPLY, now, facts=facts)

    async def toast(self, chat_id: int, query_id: str, say: str, now: float) -> None:
        """What the person sees who pressed a button: the sentence `toast.<say>`; "" is none."""
        facts = {"say": say, "query": query_id}
        await self._insert(Subscription(0, 0, chat_id, 0, 0, 0), OutboxKind.TOAST, now, facts=facts)

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

    async def keep_waits_short(self, now: float, longest: float, longest_rest: float) -> None:
        """After a start: where the clock was set back meanwhile, nothing waits until it is as late again.

        By how much it was set back at least, the latest moment tells that was written down. What Telegram asked to
        wait for may take longer than `longest`, and stands in the pauses.
        """
        back = max(0.0, await self._latest_moment() - now)
        for states, wait in (("'pending', 'doubt'", longest), ("'resting'", longest_rest)):
            await self._change(
                "UPDATE outbox SET not_before = min(not_before - ?1, ?2 + ?3)"
                f" WHERE state IN ({states}) AND not_before > ?2 AND (?1 > 0 OR not_before > ?2 + ?3)",
                (back, now, wait),
            )
        await self._change("UPDATE pauses SET until = until - ?", (back,))

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
        """Each of these outputs gets a result of its own, after all that the result's other rows bring in that form."""
        first = APART + (AGAIN if row.is_again else 0)
        for place in places:
            await self._change(
                "INSERT OR IGNORE INTO outbox"
                " (subscription_id, chat_id, thread_id, kind, part, outputs, facts, reply_to, created_at)"
                " SELECT subscription_id, chat_id, thread_id, ?, ?, ?, facts, reply_to, created_at"
                " FROM outbox WHERE id = ?",
                (OutboxKind.RESULT, first + place, rows.to_json([place]), row.id),
            )
        self.touched_outbox = True

    async def finish(self, row: Delivery, look: str = "", look_again_at: float | None = None) -> None:
        """The row shows what `row.wanted` asked for; if more was wanted meanwhile, it stays due.

        Else, with `look_again_at`, it rests until then. An answer or a notice that is through is of no more use.
        """
        if row.subscription_id is None:
            await self._change("DELETE FROM outbox WHERE id = ?", (row.id,))
            return
        rest = "sent" if look_again_at is None else "resting"
        # A row whose chat was closed meanwhile stays dead.
        await self._change(
            "UPDATE outbox SET shown = ?1, look = ?2, attempts = 0,"
            " not_before = CASE WHEN wanted > ?1 THEN 0 ELSE ?3 END,"
            " state = CASE WHEN state = 'dead' THEN 'dead' WHEN wanted > ?1 THEN 'pending' ELSE ?4 END WHERE id = ?5",
            (row.wanted, look, look_again_at or 0, rest, row.id),
        )
        self.touched_outbox = True

    async def finish_reactions(self, wanted: Mapping[int, int], emoji: str) -> None:
        """The message shows `emoji`, which says what was `wanted` of these rows."""
        for row_id, version in wanted.items():
            await self._change(
                "UPDATE outbox SET shown = ?1, look = ?2, attempts = 0, not_before = 0,"
                " state = CASE WHEN state = 'dead' THEN 'dead' WHEN wanted > ?1 THEN 'pending' ELSE 'sent' END"
                " WHERE id = ?3",
                (version, emoji, row_id),
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

    async def remember_file(
        self, task_id: int, output: int, form: str, file_id: str, cover: str = "", wish: str = "media"
    ) -> None:
        """Telegram holds this output now, as `form` (video, photo, ...), and perhaps a cover to it.

        `wish`: `media` or `document`. What was brought as one can not be sent again as the other.
        """
        await self._change(
            "INSERT INTO files (task_id, output, form, file_id, cover, wish)"
            " SELECT id, ?2, ?3, ?4, ?5, ?6 FROM tasks WHERE id = ?1"  # it may be forgotten meanwhile
            " ON CONFLICT (task_id, output, wish) DO UPDATE"
            " SET form = excluded.form, file_id = excluded.file_id, cover = excluded.cover",
            (task_id, output, form, file_id, cover, wish),
        )

    async def forget_file(self, task_id: int, output: int, wish: str = "media") -> None:
        """Telegram does not know the file_id (another bot's token, perhaps)."""
        await self._change("DELETE FROM files WHERE task_id = ? AND output = ? AND wish = ?", (task_id, output, wish))

    async def close_chat(self, chat_id: int, reason: str) -> None:
        """The bot can not write there any more: nothing is due to it, nothing is polled, no program acts for it.

        Nor does a token work that was on its way there, since nobody has seen it.
        """
        await self._change(
            "DELETE FROM tokens WHERE chat_id = ?1 OR id IN (SELECT json_extract(facts, '$.token') FROM outbox"
            " WHERE chat_id = ?1 AND kind = 'reply' AND state <> 'sent')",
            (chat_id,),
        )
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
        for table in ("chats", "choices"):
            await self._change(f"UPDATE OR IGNORE {table} SET chat_id = ? WHERE chat_id = ?", (new, old))
        await self._change("UPDATE tokens SET chat_id = ? WHERE chat_id = ?", (new, old))
        await self._change("UPDATE OR IGNORE guests SET id = ? WHERE id = ?", (new, old))
        self.touched_guests = True
        await self._make_room("s.chat_id = ?1", "o.chat_id = ?2 AND o.thread_id = s.thread_id", (old, new))
        await self._change(
            "UPDATE subscriptions SET chat_id = ?, request_message_id = 0, card_message_id = 0 WHERE chat_id = ?",
            (new, old),
        )
        await self._change(
            "UPDATE OR IGNORE outbox SET chat_id = ?, message_ids = '[]', finished = '[]', reply_to = 0,"
            " facts = json_remove(facts, '$.panel')"
            " WHERE chat_id = ?",
            (new, old),
        )
        self.touched_outbox = True

    async def leave_topic(self, chat_id: int, thread_id: int) -> None:
        """The topic was deleted or closed: what it was to get goes to the chat itself."""
        source = "s.chat_id = ?1 AND s.thread_id = ?2"
        await self._make_room(source, "o.chat_id = ?1 AND o.thread_id = 0", (chat_id, thread_id))
        for table in ("subscriptions", "outbox", "tokens"):
            await self._change(
                f"UPDATE {table} SET thread_id = 0 WHERE chat_id = ? AND thread_id = ?", (chat_id, thread_id)
            )

    # Parts of the above, and of what the other stages do

    async def _latest_moment(self) -> float:
        """When something happened last, as far as it is known; 0 for never."""
        row = await self._one(
            "SELECT max(coalesce((SELECT received_at FROM inbox ORDER BY update_id DESC LIMIT 1), 0),"
            " coalesce((SELECT max(changed_at) FROM tasks), 0))",
            (),
        )
        return float(row[0])

    async def _make_room(self, source: str, target: str, places: tuple[int, int]) -> None:
        """Before subscriptions `s` move: what is followed here and there `o` is followed once, and told once.

        The one there goes on, unless only the one here was still followed.
        """
        pairs = "FROM subscriptions s JOIN subscriptions o ON o.task_id = s.task_id AND o.id <> s.id"
        goes = "CASE WHEN o.stopped > s.stopped THEN o.id ELSE s.id END"
        found = await self._all(f"SELECT {goes} {pairs} WHERE {target} AND {source}", places)
        for (subscription_id,) in found:
            await self._change("DELETE FROM subscriptions WHERE id = ?", (subscription_id,))

    async def _want_cards(self, where: str, value: int | str) -> None:
        await self._want(OutboxKind.CARD, where, value)

    async def _want(self, kind: OutboxKind, where: str, *values: int | str) -> None:
        """What such rows show is not the newest any more.

        One that rests is due at once; one that waits for its chat goes on waiting.
        """
        await self._change(
            "UPDATE outbox SET wanted = wanted + 1,"
            " not_before = CASE state WHEN 'resting' THEN 0 ELSE not_before END,"
            " state = CASE WHEN state IN ('sent', 'resting') THEN 'pending' ELSE state END"
            f" WHERE kind = '{kind}' AND {where}",
            values,
        )
        self.touched_outbox = True

    async def _queue_result(self, task: Task, followers: Iterable[Subscription], now: float) -> None:
        """In the form that each chat wishes now: what it wishes later does not change what is half done."""
        if task.ending is None:
            return
        for subscription in followers:
            choices = await self.choices(subscription.chat_id, subscription.thread_id)
            await self._drop_result(subscription.id)
            for number, part in wished(task, choices.deliver or Deliver.MEDIA).items():
                facts = {"form": "document"} if part.as_file else {}
                await self._queue(subscription, part.kind, now, number, part.outputs, facts)

    async def _drop_result(self, subscription_id: int) -> None:
        await self._change(
            f"DELETE FROM outbox WHERE subscription_id = ? AND kind IN {rows.RESULTS}", (subscription_id,)
        )

    async def _queue(
        self,
        subscription: Subscription,
        kind: OutboxKind,
        now: float,
        part: int = 0,
        outputs: tuple[int, ...] = (),
        facts: dict[str, str] | None = None,
    ) -> None:
        await self._insert(subscription, kind, now, part=part, outputs=rows.to_json(outputs), facts=facts or {})

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
