"""The words that everything speaks about gateways: plain values, no I/O, nothing of Telegram, SQL or the bot."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Kind = Literal["video", "image"]

_TASK_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:=+\-]{0,510}[A-Za-z0-9=])?")


def is_task_id(text: str) -> bool:
    """Whether `text` can be a task ID at all: 1 to 512 characters that stay one segment of a URL path."""
    return _TASK_ID.fullmatch(text) is not None


class State(StrEnum):
    """What a gateway says of a task. Only the terminal ones end it; `UNKNOWN` is any word we do not know."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL


_TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED})


class OutputKind(StrEnum):
    """What a result is for. A thumbnail is never sent; a last frame follows its video as a photo."""

    VIDEO = "video"
    IMAGE = "image"
    AUDIO = "audio"
    LAST_FRAME = "last_frame"
    THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True)
class Output:
    """One result: `url` is an absolute http(s) URL or a `data:` URL."""

    kind: OutputKind
    url: str


@dataclass(frozen=True, slots=True)
class TaskError:
    """Why the gateway ended the task, in its own words."""

    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One usable answer about a task. Times are epoch seconds, `progress` is 0 to 100.

    `needs_fetch`: the task succeeded, but its file comes from a second, authenticated request (`Provider.fetch`).
    """

    state: State
    raw_status: str = ""
    task_id: str | None = None
    progress: int | None = None
    outputs: tuple[Output, ...] = ()
    needs_fetch: bool = False
    error: TaskError | None = None
    model: str | None = None
    prompt: str | None = None
    created_at: float | None = None
    updated_at: float | None = None
    completed_at: float | None = None
    expires_at: float | None = None


class QueryErrorKind(StrEnum):
    """Why a question got no usable answer, by what the asker can do about it."""

    NOT_FOUND = "not_found"  # ask another endpoint or account, or a little later
    AUTH = "auth"  # pause this account, tell the operator
    PAYMENT = "payment"  # likewise
    RATE_LIMITED = "rate_limited"  # slow this account down
    TRANSIENT = "transient"  # ask again
    PROTOCOL = "protocol"  # ask again; if it stays, the base URL is probably wrong


@dataclass(frozen=True, slots=True)
class QueryError:
    """The question failed; that says nothing about the task. `retry_after` is in seconds from now."""

    kind: QueryErrorKind
    message: str
    http: int | None = None
    code: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that answers for task IDs. `{id}` in `path` and in the values of `params` becomes the task ID."""

    kind: Kind
    path: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fetch:
    """The second request that some gateways want for a finished task's file.

    `mode`: `binary`, the answer is the file; `json`, the answer holds it as base64, as a `data:` URL or as a URL.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    mode: Literal["binary", "json"] = "binary"


@dataclass(frozen=True, slots=True)
class Provider:
    """A gateway, as data. `base_url` is its origin and the only place that its key is ever sent to.

    `endpoints` are tried in order; the one that knows a task is remembered by its position.
    `min_interval` is the least number of seconds between two questions about one task.
    """

    name: str
    title: str
    base_url: str
    endpoints: tuple[Endpoint, ...]
    fetch: Fetch | None = None
    min_interval: float = 3.0


class TooLarge(Exception):
    """A file is larger than the caller takes. `size` is in bytes, None where only the limit is known to be passed."""

    def __init__(self, size: int | None = None) -> None:
        super().__init__(f"{size} bytes" if size else "larger than the limit")
        self.size = size
