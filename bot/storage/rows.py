"""Between table rows and the tracking records. Knows the columns' order, runs no statement."""

import json
from collections.abc import Iterable
from dataclasses import replace
from sys import intern
from typing import Any

from pydantic import TypeAdapter

from bot.tracking.choices import Choices, Deliver, Notify, usual
from bot.tracking.guests import Guest, Verdict
from bot.tracking.model import Delivery, Ending, OutboxKind, OutboxState, Priority, Strike, Subscription, Task
from bot.tracking.programs import Program
from providers.base import Snapshot

TASK = (
    "t.id, t.provider, t.account, t.kind, t.external_id, t.endpoint, t.snapshot, t.ending, t.trouble, t.source,"
    " t.version, t.created_at, t.changed_at, t.deadline"
)
SUBSCRIPTION = "s.id, s.task_id, s.chat_id, s.thread_id, s.user_id, s.request_message_id, s.card_message_id, s.stopped"
DELIVERY = (
    "o.id, o.chat_id, o.thread_id, o.kind, o.state, o.subscription_id, o.part, o.outputs, o.message_ids, o.finished,"
    " o.facts, o.reply_to, o.wanted, o.shown, o.look, o.attempts, o.created_at"
)
# Enough of a delivery to tell which one it is, for whoever looks at many.
OUTLINE = "o.id, o.chat_id, o.thread_id, o.kind, o.state, o.subscription_id"

# A task that is still to be polled: not ended, and at least one chat follows it.
OPEN = "t.ending IS NULL AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.task_id = t.id AND NOT s.stopped)"

CHOICES = "language, notify, deliver, spoiler, protect, provider"
GUEST = "id, verdict, name, since"
PROGRAM = "id, chat_id, thread_id, user_id, seed, created_at"

# The kinds of outbox rows that tell a task's end.
RESULTS = "({})".format(", ".join(f"'{kind}'" for kind in OutboxKind if kind.is_result))

SUBSCRIPTION_COLUMNS = SUBSCRIPTION.count(",") + 1

# A `data:` URL may be many megabytes. Its head tells what it is; the bytes are asked for again when they are sent.
DATA_URL_HEAD = 64

_snapshot = TypeAdapter(Snapshot)

Row = Any


def snapshot_to_json(snapshot: Snapshot | None) -> str | None:
    """The column's text, with `data:` URLs cut to their head."""
    if snapshot is None:
        return None
    fields = _snapshot.dump_python(snapshot, mode="json", exclude_defaults=True, exclude={"ask_after"})
    for output in fields.get("outputs", ()):
        if output["url"].startswith("data:"):
            output["url"] = output["url"][:DATA_URL_HEAD]
    return json.dumps(fields, ensure_ascii=False)


def to_task(row: Row) -> Task:
    """A row of the columns `TASK`. Of the few words that all tasks share there is one copy in memory."""
    return Task(
        id=row[0],
        provider=intern(row[1]),
        account=row[2],
        kind=intern(row[3]),
        external_id=row[4],
        endpoint=row[5],
        snapshot=_snapshot.validate_json(row[6]) if row[6] else None,
        ending=Ending(row[7]) if row[7] else None,
        trouble=Strike(row[8]) if row[8] else None,
        source=intern(row[9]),
        version=row[10],
        created_at=row[11],
        changed_at=row[12],
        deadline=row[13],
    )


def to_subscription(row: Row) -> Subscription:
    """A row that begins with the columns `SUBSCRIPTION`."""
    return Subscription(
        id=row[0],
        task_id=row[1],
        chat_id=row[2],
        thread_id=row[3],
        user_id=row[4],
        request_message_id=row[5],
        card_message_id=row[6],
        stopped=bool(row[7]),
    )


def to_choices(row: Row) -> Choices:
    """A row of the columns `CHOICES`."""
    language, notify, deliver, spoiler, protect, provider = row
    return Choices(
        language=language,
        notify=notify and Notify(notify),
        deliver=deliver and Deliver(deliver),
        spoiler=None if spoiler is None else bool(spoiler),
        protect=None if protect is None else bool(protect),
        provider=provider,
    )


def to_holding(chat_id: int, heard: str | None, found: Iterable[Row]) -> Choices:
    """What holds where these rows were chosen, the later ones over the earlier; `heard` is the app's language."""
    holding = replace(usual(chat_id), language=heard)
    for row in found:
        holding = to_choices(row).over(holding)
    return holding


def to_guest(row: Row) -> Guest:
    """A row of the columns `GUEST`."""
    return Guest(id=row[0], verdict=Verdict(row[1]), name=row[2], since=row[3])


def to_program(row: Row) -> Program:
    """A row of the columns `PROGRAM`."""
    return Program(*row)


def to_delivery(row: Row) -> Delivery:
    """A row of the columns `DELIVERY` and its priority."""
    return Delivery(
        id=row[0],
        chat_id=row[1],
        thread_id=row[2],
        kind=OutboxKind(row[3]),
        state=OutboxState(row[4]),
        subscription_id=row[5],
        part=row[6],
        outputs=tuple(json.loads(row[7])),
        message_ids=tuple(json.loads(row[8])),
        finished=tuple(json.loads(row[9])),
        facts=json.loads(row[10]),
        reply_to=row[11],
        wanted=row[12],
        shown=row[13],
        look=row[14],
        attempts=row[15],
        queued_at=row[16],
        priority=Priority(row[17]),
    )


def to_outline(row: Row) -> Delivery:
    """A row that begins with the columns `OUTLINE`; the rest of the delivery is blank."""
    return Delivery(row[0], row[1], row[2], OutboxKind(row[3]), OutboxState(row[4]), row[5])


def to_json(value: Iterable[int] | dict[str, str]) -> str:
    """A list of numbers, or a record of facts, as a column's text."""
    return json.dumps(value if isinstance(value, dict) else list(value), ensure_ascii=False)
