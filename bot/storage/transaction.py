"""Every change to the database, each a sentence. A transaction's changes stand or fall together."""

from collections.abc import Sequence
from dataclasses import replace

from bot.storage import rows
from bot.storage.counts import Counts
from bot.storage.forgetting import Forgetting
from bot.storage.history import History
from bot.storage.outbox import Outbox
from bot.storage.people import People
from bot.storage.programs import Programs
from bot.tracking.choices import Notify, usual
from bot.tracking.estimates import is_recent, kind_of, took
from bot.tracking.forecast import Ended
from bot.tracking.history import Event, What, events
from bot.tracking.lifecycle import decide, is_milestone, reopen
from bot.tracking.model import NOT_LOCATED, Ending, OutboxKind, Subscription, Task
from bot.tracking.troubles import TroubleKind

# So many of the latest durations are kept for each provider and model.
DURATIONS = 50
# More than fits into a page, so that it is not taken where there is no room for another one.
PROBE_BYTES = 8192

_FOLLOWERS = "subscription_id IN (SELECT id FROM subscriptions WHERE task_id = ? AND NOT stopped)"


class Transaction(Outbox, Counts, History, People, Forgetting, Programs):
    """The changes of one transaction, by the stage that makes them; others stand in rooms of their own."""

    # Intake

    async def keep_updates(self, updates: Sequence[tuple[int, str]], now: float) -> list[int]:
        """Stores (update_id, body) pairs, at least one; returns the ids that were not known before."""
        fresh = dict(updates)
        bounds = (min(fresh), max(fresh))
        for (known,) in await self._all("SELECT update_id FROM inbox WHERE update_id BETWEEN ? AND ?", bounds):
            fresh.pop(known, None)
        await self._change_each(
            "INSERT INTO inbox (update_id, body, received_at) VALUES (?, ?, ?)",
            [(update_id, body, now) for update_id, body in fresh.items()],
        )
        return list(fresh)

    async def finish_update(self, update_id: int) -> None:
        """The update is handled; only its number is kept."""
        await self._change("UPDATE inbox SET body = NULL WHERE update_id = ?", (update_id,))

    async def hear(self, chat_id: int, language: str | None, now: float) -> None:
        """Somebody spoke there, and their app's language: of a group the first one counts, in private the latest."""
        first, then = ("excluded.language", "language") if chat_id > 0 else ("language", "excluded.language")
        await self._change(
            "INSERT INTO chats (chat_id, language, heard_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
            f" language = coalesce({first}, {then}), heard_at = excluded.heard_at",
            (chat_id, language, now),
        )

    async def forget_updates_before(self, moment: float) -> None:
        """Drops the numbers of handled updates that Telegram can no longer hand out again."""
        await self._change("DELETE FROM inbox WHERE body IS NULL AND received_at < ?", (moment,))

    async def write_and_forget(self) -> None:
        """To the disk a change that takes some room, to what is stored none."""
        await self._change("INSERT INTO told (what, digest) VALUES ('', hex(zeroblob(?)))", (PROBE_BYTES,))
        await self._change("DELETE FROM told WHERE what = ''")

    async def note_told(self, what: str, digest: str) -> None:
        """Telegram was told this about the bot."""
        await self._change("INSERT OR REPLACE INTO told (what, digest) VALUES (?, ?)", (what, digest))

    async def forget_told(self, what: str) -> None:
        """That was taken back."""
        await self._change("DELETE FROM told WHERE what = ?", (what,))

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
        await self.note_events(row[0], [Event(now, What.ASKED)])
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
                f"SELECT 1 FROM outbox WHERE subscription_id = ? AND kind IN {rows.RESULTS}"
                " AND state IN ('pending', 'sending', 'doubt') LIMIT 1",
                (subscription.id,),
            )
        )

    async def open_tasks_of(self, user_id: int) -> int:
        """How many tasks that are still polled this person follows, in all chats together."""
        return await self._count_open("s.user_id = ?", user_id)

    async def open_tasks_in(self, chat_id: int) -> int:
        """The same for a chat, with all its topics."""
        return await self._count_open("s.chat_id = ?", chat_id)

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
        if subscription.request_message_id:
            await self._queue(subscription, OutboxKind.REACTION, now)
        await self._queue_result(task, [subscription], now)
        self.touched_tasks.append(task.id)

    async def resend(self, task: Task, subscription: Subscription, reply_to: int, now: float) -> None:
        """The chat gets the task's result once more, as an answer to that message."""
        await self._queue_result(task, [replace(subscription, request_message_id=reply_to)], now)

    async def watch_again(self, task: Task, now: float, give_up_after: float) -> Task:
        """An ended task without a result is polled once more, for everybody who follows it."""
        again = reopen(task, now, give_up_after)
        await self._keep(task, again, now)
        return again

    async def task_of(self, subscription: Subscription) -> Task | None:
        """What is followed there, as it stands now."""
        return await self._task(subscription.task_id)

    async def resume(self, task: Task, subscription: Subscription, now: float) -> None:
        """The chat follows the task again, on the card that it has; a task that has ended already is delivered."""
        await self._change("UPDATE subscriptions SET stopped = 0 WHERE id = ?", (subscription.id,))
        await self._change(
            "UPDATE outbox SET state = 'sent', attempts = 0, not_before = 0"
            " WHERE subscription_id = ? AND kind = 'card' AND state = 'dead'",
            (subscription.id,),
        )
        for kind in (OutboxKind.CARD, OutboxKind.REACTION):
            await self._want(kind, "subscription_id = ?", subscription.id)
        await self._queue_result(task, [subscription], now)
        self.touched_tasks.append(task.id)

    async def subscription_here(self, subscription_id: int, chat_id: int) -> Subscription | None:
        """The subscription of that number, if it is that chat's."""
        row = await self._one(
            f"SELECT {rows.SUBSCRIPTION} FROM subscriptions s WHERE s.id = ? AND s.chat_id = ?",
            (subscription_id, chat_id),
        )
        return rows.to_subscription(row) if row else None

    async def known_as(self, chat_id: int, thread_id: int, external_id: str) -> list[Subscription]:
        """As `followed_as`, with what the chat does not follow any more."""
        found = await self._all(
            f"SELECT {rows.SUBSCRIPTION} FROM subscriptions s WHERE chat_id = ? AND thread_id = ?"
            " AND task_id IN (SELECT id FROM tasks WHERE external_id = ?) ORDER BY stopped, id",
            (chat_id, thread_id, external_id),
        )
        return [rows.to_subscription(row) for row in found]

    async def followed_as(self, chat_id: int, thread_id: int, external_id: str) -> list[Subscription]:
        """What the chat (or topic) follows under that ID; several kinds of one ID may be tasks of their own."""
        return [one for one in await self.known_as(chat_id, thread_id, external_id) if not one.stopped]

    async def stop(self, subscription: Subscription) -> None:
        """The chat no longer follows the task; nothing more of it comes, but the card says so."""
        await self._change("UPDATE subscriptions SET stopped = 1 WHERE id = ?", (subscription.id,))
        await self._drop_result(subscription.id)
        await self._want_cards("subscription_id = ?", subscription.id)
        # What else was asked for by the same message may all be over now.
        await self._want(
            OutboxKind.REACTION,
            "subscription_id IN"
            " (SELECT id FROM subscriptions WHERE chat_id = ? AND request_message_id = ? AND NOT stopped)",
            subscription.chat_id,
            subscription.request_message_id,
        )
        self.touched_tasks.append(subscription.task_id)

    async def look_again(self, subscription: Subscription) -> Task | None:
        """Somebody wants to know how things stand: the card is drawn anew, and an open task is asked for soon.

        Returns the task as it is known so far.
        """
        await self._want_cards("subscription_id = ?", subscription.id)
        self.touched_tasks.append(subscription.task_id)
        return await self._task(subscription.task_id)

    async def _count_open(self, where: str, value: int) -> int:
        row = await self._one(
            "SELECT count(*) FROM subscriptions s JOIN tasks t ON t.id = s.task_id"
            f" WHERE {where} AND NOT s.stopped AND t.ending IS NULL",
            (value,),
        )
        return int(row[0])

    # Polling

    async def grant_time(self, now: float, seconds: float) -> None:
        """Open tasks are not given up before so many seconds from now, or as long as they are watched at all."""
        await self._change(
            "UPDATE tasks SET deadline = ?1 + min(?2, deadline - created_at) WHERE ending IS NULL"
            " AND deadline < ?1 + min(?2, deadline - created_at)",
            (now, seconds),
        )

    async def record(self, task: Task, now: float) -> None:
        """The task as decided, and with it everything that its chats are due: cards, and the result if it ended.

        One that was just located may be one that is tracked already; one that has ended meanwhile stays as it is.
        """
        known = await self._beside(task) if task.is_located else None
        if known:
            await self._join(task, known, now)
            return
        before = await self._task(task.id)
        if before is None or before.ending is None:
            await self._keep(before, task, now)

    async def _keep(self, before: Task | None, task: Task, now: float) -> None:
        if before:
            await self.note_events(task.id, events(before, task, now))
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
        followers = await self._followers(task.id)
        if before is None or is_milestone(before, task):
            await self._want_cards(_FOLLOWERS, task.id)
        else:
            curious = rows.to_json(one.id for one in await self._who_want_everything(followers))
            await self._want_cards("subscription_id IN (SELECT value FROM json_each(?))", curious)
        if before is None or before.ending is not task.ending:
            await self._want(OutboxKind.REACTION, _FOLLOWERS, task.id)
        await self._queue_result(task, followers, now)
        if task.ending is Ending.DONE and before and before.ending is None and before.snapshot:
            await self._keep_duration(task, now)

    async def _task(self, task_id: int) -> Task | None:
        row = await self._one(f"SELECT {rows.TASK} FROM tasks t WHERE t.id = ?", (task_id,))
        return rows.to_task(row) if row else None

    async def _who_want_everything(self, followers: Sequence[Subscription]) -> list[Subscription]:
        """Those whose chat or topic is told every step."""
        chats = sorted({one.chat_id for one in followers})
        chosen = {
            (chat_id, thread_id): Notify(notify)
            for chat_id, thread_id, notify in await self._all(
                "SELECT chat_id, thread_id, notify FROM choices WHERE notify IS NOT NULL"
                " AND chat_id IN (SELECT value FROM json_each(?))",
                (rows.to_json(chats),),
            )
        }

        def notify(one: Subscription) -> Notify | None:
            of_chat = chosen.get((one.chat_id, 0), usual(one.chat_id).notify)
            return chosen.get((one.chat_id, one.thread_id), of_chat)

        return [one for one in followers if notify(one) is Notify.ALL]

    async def _keep_duration(self, task: Task, now: float) -> None:
        """How long it took, for the estimates of others like it; of successes the latest are written down."""
        seconds = took(task) or (now - task.created_at if is_recent(task.created_at, now) else None)
        if seconds is None:
            return
        kind = kind_of(task)
        self.ended.append(Ended(*kind, seconds, succeeded=task.succeeded))
        if not task.succeeded:
            return
        await self._change("INSERT INTO durations (provider, model, seconds) VALUES (?, ?, ?)", (*kind, seconds))
        await self._change(
            "DELETE FROM durations WHERE provider = ?1 AND model = ?2 AND id NOT IN"
            " (SELECT id FROM durations WHERE provider = ?1 AND model = ?2 ORDER BY id DESC LIMIT ?3)",
            (*kind, DURATIONS),
        )

    async def _followers(self, task_id: int) -> list[Subscription]:
        found = await self._all(
            f"SELECT {rows.SUBSCRIPTION} FROM subscriptions s WHERE s.task_id = ? AND NOT s.stopped", (task_id,)
        )
        return [rows.to_subscription(row) for row in found]

    async def _beside(self, task: Task) -> Task | None:
        """Another task that lives in the same place."""
        row = await self._one(
            f"SELECT {rows.TASK} FROM tasks t WHERE t.provider = ? AND t.account = ? AND t.kind = ?"
            " AND t.external_id = ? AND t.id <> ?",
            (task.provider, task.account, task.kind, task.external_id, task.id),
        )
        return rows.to_task(row) if row else None

    async def _join(self, task: Task, known: Task, now: float) -> None:
        """Those who follow `task` follow the `known` one from now on; nobody else hears anything twice.

        What was heard of the one counts for the other, as far as it brings that further.
        """
        coming = {one.id for one in await self._followers(task.id)}
        await self._change("UPDATE OR IGNORE subscriptions SET task_id = ? WHERE task_id = ?", (known.id, task.id))
        await self._change("DELETE FROM tasks WHERE id = ?", (task.id,))
        self.touched_tasks += [task.id, known.id]
        if known.ending is not None:
            come = [one for one in await self._followers(known.id) if one.id in coming]
            await self._queue_result(known, come, now)
        elif task.snapshot:
            await self._keep(known, decide(known, task.snapshot, now).task, now)
        for kind in (OutboxKind.CARD, OutboxKind.REACTION):
            await self._want(kind, "subscription_id IN (SELECT value FROM json_each(?))", rows.to_json(coming))

    async def report_trouble(self, provider: str, account: int, kind: TroubleKind, since: float) -> bool:
        """Notes that this account does not work; True if that is news."""
        return bool(
            await self._change(
                "INSERT INTO troubles (provider, account, kind, since) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET kind = excluded.kind WHERE kind <> excluded.kind",
                (provider, account, kind, since),
            )
        )

    async def clear_trouble(self, provider: str, account: int) -> float | None:
        """The account works; since when it did not, None if nothing was wrong."""
        row = await self._one(
            "DELETE FROM troubles WHERE provider = ? AND account = ? RETURNING since", (provider, account)
        )
        return row[0] if row else None

    async def waiting_for(self, provider: str, account: int) -> int:
        """How many open tasks need this account, or may need it: nobody has answered for them yet."""
        row = await self._one(
            f"SELECT count(*) FROM tasks t WHERE {rows.OPEN} AND ((t.provider = :provider AND t.account = :account)"
            " OR (t.account < 0 AND t.provider IN ('', :provider)))",
            {"provider": provider, "account": account},
        )
        return int(row[0])
