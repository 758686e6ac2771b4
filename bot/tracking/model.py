"""What is tracked: frozen records without behaviour that reaches outside. Times are epoch seconds."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from bot.tracking.gateways import Address
from providers.base import QueryErrorKind, Snapshot, State

NOT_LOCATED = -1
# From this part of a result on: what stands before as media comes once more, as the files themselves.
AGAIN = 2000


class Ending(StrEnum):
    """Why a task is no longer polled. Only `DONE` is the gateway's word; the others are ours: we stopped watching."""

    DONE = "done"
    DEADLINE = "deadline"
    NOT_FOUND = "not_found"


class Strike(StrEnum):
    """An answer that brought the task no further; `NO_MEDIA` is a success without any file."""

    NOT_FOUND = QueryErrorKind.NOT_FOUND.value
    AUTH = QueryErrorKind.AUTH.value
    PAYMENT = QueryErrorKind.PAYMENT.value
    RATE_LIMITED = QueryErrorKind.RATE_LIMITED.value
    TRANSIENT = QueryErrorKind.TRANSIENT.value
    PROTOCOL = QueryErrorKind.PROTOCOL.value
    NO_MEDIA = "no_media"


@dataclass(frozen=True, slots=True)
class Task:
    """A remote job, unique by provider, account, kind and external ID, however many chats follow it.

    Until a gateway has answered for it, `account` is `NOT_LOCATED`, and `provider` and `kind` are what the person
    named ("" = any). `source` is the provider that `trouble` is about. `version` counts the changes that people can
    see. `strikes` counts the last answers in a row that were of kind `strike`; it lives in memory only and starts
    anew with the process.
    """

    id: int
    provider: str
    account: int
    kind: str
    external_id: str
    created_at: float
    changed_at: float
    deadline: float
    endpoint: int = 0
    snapshot: Snapshot | None = None
    ending: Ending | None = None
    trouble: Strike | None = None
    source: str = ""
    version: int = 0
    strike: Strike | None = None
    strikes: int = 0

    @property
    def is_located(self) -> bool:
        return self.account != NOT_LOCATED

    @property
    def address(self) -> Address:
        return Address(self.provider, self.account, self.endpoint)

    @property
    def speaker(self) -> str:
        """The provider whose task it is; while nobody has answered for it, who is in trouble and might; else ""."""
        in_trouble = self.trouble and self.trouble is not Strike.NOT_FOUND
        return self.provider or (self.source if in_trouble else "")

    @property
    def state(self) -> State:
        return self.snapshot.state if self.snapshot else State.UNKNOWN

    @property
    def succeeded(self) -> bool:
        return self.ending is Ending.DONE and self.state is State.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Subscription:
    """One chat (or topic) that follows a task. `thread_id` 0 is no topic; `card_message_id` 0 is no card yet."""

    id: int
    task_id: int
    chat_id: int
    thread_id: int
    user_id: int
    request_message_id: int
    card_message_id: int = 0
    stopped: bool = False


class OutboxKind(StrEnum):
    """What a row of the outbox puts into the chat."""

    CARD = "card"  # the status card: sent once, then edited; the newest state wins
    RESULT = "result"  # a line that becomes a video, photo, document or link
    HEADER = "header"  # the line above an album, or a failure's line: text that stays text
    ALBUM = "album"  # several pictures as one album
    REPLY = "reply"  # a command's answer, or a panel that a button turns another page of
    NOTICE = "notice"  # something the operator must know
    TOAST = "toast"  # what a person sees for a moment after pressing a button
    REACTION = "reaction"  # an emoji on the command itself: one for each subscription, the newest state wins

    @property
    def is_result(self) -> bool:
        """Whether it tells a task's end: such a row is repeated until it is certain to have arrived."""
        return self in {OutboxKind.RESULT, OutboxKind.HEADER, OutboxKind.ALBUM}


class OutboxState(StrEnum):
    """Where a row stands. `DOUBT`: it was being sent when the connection or the process died.

    `RESTING`: as `SENT`, but it is an open task's card, and the time that it shows goes on: it is looked at again.
    """

    PENDING = "pending"
    SENDING = "sending"
    DOUBT = "doubt"
    RESTING = "resting"
    SENT = "sent"
    DEAD = "dead"


class Priority(IntEnum):
    """What goes out first where Telegram's budget is short."""

    ANSWER = 0
    RESULT = 1  # and a first card, and the card that is all there is to say about an unknown ID
    CLOSING = 2  # the card of a task that has ended
    PROGRESS = 3


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox: facts, never rendered text. One row is one message, or one album.

    `part` tells the rows of one result apart; `outputs` are positions in the snapshot's outputs.
    `message_ids` are the messages that already stand in the chat for this row: from then on it is only edited.
    A header with outputs is one message with links to them. `queued_at` is an epoch second.
    `wanted` and `shown` are card versions: the row is due while they differ. `look` is a digest of what is shown,
    or the emoji itself.
    """

    id: int
    chat_id: int
    thread_id: int
    kind: OutboxKind
    state: OutboxState
    subscription_id: int | None = None
    part: int = 0
    outputs: tuple[int, ...] = ()
    message_ids: tuple[int, ...] = ()
    finished: tuple[int, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    reply_to: int = 0
    wanted: int = 0
    shown: int = -1
    look: str = ""
    attempts: int = 0
    queued_at: float = 0.0
    priority: Priority = Priority.RESULT

    @property
    def as_file(self) -> bool:
        """Whether the outputs are to come as the files themselves, whatever they could be shown as."""
        return self.facts.get("form") == "document"

    @property
    def is_again(self) -> bool:
        """Whether an earlier row of the same result has brought the same outputs as media."""
        return self.part >= AGAIN
