"""What is measured, by the names under which `/metrics` shows it. Pure; knows no text format and no library.

A new one is a constant here and a call where it happens (`Tally.add`, `Tally.observe`), or a `Reading` from whoever
knows its present value. Labels take few values, all known beforehand or set up by the operator: never an ID, a chat or
what somebody wrote.
"""

from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

Labels = tuple[str, ...]


class Kind(Enum):
    """How a value behaves: it only grows, is spread over buckets, or goes up and down."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """`name` without the `_total` of a counter; `buckets` are a histogram's upper bounds, without infinity.

    Each is itself and no other, so that it is found without its fields being looked at.
    """

    kind: Kind
    name: str
    says: str
    labels: Labels = ()
    buckets: tuple[float, ...] = ()


class Spread:
    """How often a value fell into each bucket; the last one takes what is beyond all bounds."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def up_to(self) -> list[tuple[str, int]]:
        """For each bound, and infinity: how many values were not above it."""
        names = [*map(str, map(float, self.bounds)), "+Inf"]
        return list(zip(names, accumulate(self.counts), strict=True))


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as it is now; `labels` in the metric's order."""

    metric: Metric
    value: float | Spread
    labels: Labels = ()


_SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)

# Polling

POLLS = Metric(
    Kind.COUNTER,
    "rushes_polls",
    "Questions to gateways, by what came of them: ok, or why there was no usable answer.",
    ("provider", "outcome"),
)
POLL_LATENESS = Metric(
    Kind.HISTOGRAM,
    "rushes_poll_lateness_seconds",
    "How much later than planned a task was asked for; the time in which its account rests does not count.",
    buckets=_LONG,
)
QUERY_DURATION = Metric(
    Kind.HISTOGRAM, "rushes_query_duration_seconds", "How long a gateway took to answer.", ("provider",), _SHORT
)
OPEN_TASKS = Metric(
    Kind.GAUGE,
    "rushes_open_tasks",
    'Tasks that are watched; "unknown" are IDs that no provider has answered for yet.',
    ("provider",),
)
POLLS_WAITING = Metric(Kind.GAUGE, "rushes_polls_waiting", "Tasks that are due and wait for their account's turn.")
POLLS_IN_FLIGHT = Metric(Kind.GAUGE, "rushes_polls_in_flight", "Tasks that are being asked for.")
POLL_OVERDUE = Metric(
    Kind.GAUGE,
    "rushes_poll_overdue_seconds",
    "For how long the task that waits longest has been due; the time in which its account rests does not count.",
)
ACCOUNT_TROUBLE = Metric(
    Kind.GAUGE,
    "rushes_account_trouble",
    "1 while an account does not work: its key is rejected (auth), its balance is empty (payment), or it has given no"
    " usable answer for five minutes (down).",
    ("provider", "account", "trouble"),
)
ACCOUNT_REST = Metric(
    Kind.GAUGE,
    "rushes_account_rest_seconds",
    "For how much longer an account is not asked, because it said so or because its key or balance is no good.",
    ("provider", "account"),
)

# Delivery

DETECTION_TO_CHAT = Metric(
    Kind.HISTOGRAM,
    "rushes_detection_to_chat_seconds",
    "From the moment a poll saw the end, or somebody asked for the result again, until it stands in the chat: the line"
    " that makes the sound (line), the media (media), or a link where the media can not come (link).",
    ("step",),
    _LONG,
)
DELIVERIES = Metric(
    Kind.COUNTER,
    "rushes_deliveries",
    "Rows of the outbox that are through: sent, or given_up because they can not reach their chat.",
    ("kind", "outcome"),
)
DELIVERY_ERRORS = Metric(
    Kind.COUNTER,
    "rushes_delivery_errors",
    "Attempts to deliver that did not succeed, by why; most are repeated later.",
    ("kind", "error"),
)
OUTBOX_ROWS = Metric(
    Kind.GAUGE,
    "rushes_outbox_rows",
    "Rows of the outbox: still to be sent (pending), perhaps sent (doubt), cards that are looked at again (resting).",
    ("state",),
)
DELIVERIES_IN_HAND = Metric(Kind.GAUGE, "rushes_deliveries_in_hand", "Deliveries that are being worked on.")
OUTBOX_OLDEST = Metric(
    Kind.GAUGE,
    "rushes_outbox_oldest_seconds",
    "For how long the oldest row that may be sent has waited; rows in hand and of chats that Telegram has paused do not"
    " count.",
)

# Telegram

TELEGRAM_CALLS = Metric(
    Kind.COUNTER,
    "rushes_telegram_calls",
    "Calls to the Bot API: ok, throttled (429), refused, unauthorized (401), conflict (409), failed (5xx), not_sent,"
    " or unanswered.",
    ("method", "outcome"),
)
TELEGRAM_DURATION = Metric(
    Kind.HISTOGRAM,
    "rushes_telegram_call_duration_seconds",
    "How long Telegram took to answer; a wait for updates is meant to be long.",
    ("method",),
    _SHORT,
)
PAUSED_CHATS = Metric(Kind.GAUGE, "rushes_telegram_paused_chats", "Chats that Telegram wants no call about for now.")
BOT_PAUSE = Metric(
    Kind.GAUGE, "rushes_telegram_pause_seconds", "For how much longer Telegram wants no call at all from the bot."
)

# People

UPDATES = Metric(
    Kind.COUNTER,
    "rushes_updates",
    "What Telegram handed out: taken in, known already (repeated), or turned_away at the gate.",
    ("kind", "outcome"),
)
INBOX_WAITING = Metric(Kind.GAUGE, "rushes_inbox_waiting", "Updates that are stored and not handled yet.")
COMMANDS = Metric(
    Kind.COUNTER,
    "rushes_commands",
    'Commands that were handled; "none" is a message without one, "unknown" one that the bot does not know.',
    ("command",),
)
PRESSES = Metric(Kind.COUNTER, "rushes_presses", "Buttons that were pressed and handled.", ("button",))

# The machine and the whole

DATABASE_FAILURES = Metric(Kind.COUNTER, "rushes_database_failures", "Changes that the database did not take.")
TRANSACTION_DURATION = Metric(
    Kind.HISTOGRAM,
    "rushes_transaction_duration_seconds",
    "How long a change took until it was on disk, the wait for its turn included.",
    buckets=_SHORT,
)
DATABASE_SIZE = Metric(Kind.GAUGE, "rushes_database_size_bytes", "The size of the database file.")
WAL_SIZE = Metric(Kind.GAUGE, "rushes_database_wal_size_bytes", "The size of the database's write-ahead log.")
DISK_FREE = Metric(Kind.GAUGE, "rushes_disk_free_bytes", "What is free on the disk of the database.")
LOOP_LAG = Metric(
    Kind.HISTOGRAM,
    "rushes_event_loop_lag_seconds",
    "How much later than asked for the event loop came back, looked at twenty times a second.",
    buckets=_SHORT,
)
LAST_SUCCESS = Metric(
    Kind.GAUGE,
    "rushes_last_success_timestamp_seconds",
    "When Telegram last answered the question for updates (updates), a gateway a poll (poll), and a delivery last got"
    " through (delivery).",
    ("what",),
)
CHECK = Metric(
    Kind.GAUGE, "rushes_check_ok", "1 while this check of /readyz is content, 0 while it is not.", ("check",)
)
BUILD = Metric(Kind.GAUGE, "rushes_build_info", "Always 1; which Rushes runs.", ("version",))

METRICS = tuple(found for found in tuple(vars().values()) if isinstance(found, Metric))
