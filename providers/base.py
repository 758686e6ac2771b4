"""The words that everything speaks about gateways: plain values, no I/O, nothing of Telegram, SQL or the bot."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

Kind = Literal["video", "image"]
KINDS: tuple[Kind, ...] = ("video", "image")
# Looks something up in a JSON document; None where nothing is. Never raises.
Expression = Callable[[Any], Any]

# What a path, a parameter or a body may hold in the place of a part of the task's ID: `{id}`.
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_LONGEST_ID = 512
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
    """One result: `url` is an absolute http(s) URL or a `data:` URL.

    `needs_auth`: only whoever has the key gets it, so it is no link for people.
    """

    kind: OutputKind
    url: str
    needs_auth: bool = False


@dataclass(frozen=True, slots=True)
class TaskError:
    """Why the gateway ended the task, in its own words."""

    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One usable answer about a task. Times are epoch seconds, `progress` is 0 to 100.

    `needs_fetch`: the task succeeded, but its file comes from a second, authenticated request (`Provider.fetch`), for
    which `handles` holds what the answer had to say. `ask_after`: in how many seconds the gateway wants to be asked
    again, if it says so.
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
    handles: Mapping[str, str] = field(default_factory=dict)
    ask_after: float | None = None


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
class TaskIds:
    """What a provider's task IDs look like. By default: what `is_task_id` takes, one segment of a path.

    `pattern` must match all of an ID; its named groups can be used in paths beside `{id}`. `slashes`: an ID may be
    several segments. Either way each segment by itself must be what `is_task_id` takes.
    """

    pattern: re.Pattern[str] | None = None
    slashes: bool = False

    def parts(self, text: str) -> Mapping[str, str] | None:
        """What the placeholders of a path stand for: `id` and the pattern's groups. None: not an ID of this kind."""
        if self.pattern is None:
            return {"id": text} if self._is_safe(text, slashes=self.slashes) else None
        match = self.pattern.fullmatch(text) if len(text) <= _LONGEST_ID else None
        if match is None:
            return None
        parts = {"id": text, **{name: part for name, part in match.groupdict().items() if part is not None}}
        return parts if all(self._is_safe(part, slashes=True) for part in parts.values()) else None

    def _is_safe(self, text: str, *, slashes: bool) -> bool:
        if not slashes:
            return is_task_id(text)
        return len(text) <= _LONGEST_ID and all(is_task_id(segment) for segment in text.split("/"))


@dataclass(frozen=True, slots=True)
class Auth:
    """Where a request carries the key. `sign`: the key is `access:secret`, and a token made from it is sent."""

    place: Literal["header", "query", "none"] = "header"
    name: str = "Authorization"
    prefix: str = "Bearer "
    sign: Literal["", "kling_jwt"] = ""


@dataclass(frozen=True, slots=True)
class OutputRule:
    """Where results of one kind stand in an answer; `kind` None is told by each link's ending.

    `find` gives a link or a list of links, or with `is_data` base64 or `data:` URLs.
    """

    kind: OutputKind | None
    find: Expression
    is_data: bool = False
    needs_auth: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How an endpoint's answers are read where the normaliser should not go by itself; it does for all left out.

    `root` finds the task in the document, and `fields` (status, progress, model, prompt, created_at, updated_at,
    completed_at, error_message, error_code) are looked up in it, as are `outputs` and the names in `json_strings`,
    whose text is JSON. `ok` judges the whole document, and is asked only where no terminal state is named. `states`
    translates folded words. `made_up` are the words that the status expression says of itself. `fraction`: progress
    runs from 0 to 1. `handles` finds in the whole document what a second request needs to know.
    """

    root: Expression | None = None
    ok: Expression | None = None
    json_strings: tuple[str, ...] = ()
    fields: Mapping[str, Expression] = field(default_factory=dict)
    fraction: bool = False
    states: Mapping[str, State] = field(default_factory=dict)
    made_up: frozenset[str] = frozenset()
    outputs: tuple[OutputRule, ...] | None = None
    handles: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that answers for task IDs. `{id}` in `path`, `params` and `json` becomes the task ID."""

    kind: Kind
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    method: Literal["GET", "POST"] = "GET"
    json: Mapping[str, Any] | None = None
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """The second request that some gateways want for a finished task's file.

    `mode`: `binary`, the answer is the file; `json`, the answer holds it as base64, as a `data:` URL or as a URL, found
    by `reading` if there is one. `{body.…}` in `path` and `params` becomes what `Snapshot.handles` holds under it.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    mode: Literal["binary", "json"] = "binary"
    reading: Reading | None = None

    @property
    def gives_links(self) -> bool:
        """Whether the answer is known to name addresses, so that it can be asked for before anything is downloaded."""
        rules = self.reading.outputs if self.reading else None
        return self.mode == "json" and rules is not None and not any(rule.is_data for rule in rules)


@dataclass(frozen=True, slots=True)
class Provider:
    """A gateway, as data. `base_url` is its origin and the only place that its key is ever sent to.

    `endpoints` are tried in order; the one that knows a task is remembered by its position.
    `min_interval` and `max_interval` are the least and the greatest number of seconds between two questions about one
    task, `give_up_after` the number after which it is watched no longer; None leaves it to the bot.
    """

    name: str
    title: str
    base_url: str
    endpoints: tuple[Endpoint, ...]
    fetch: Fetch | None = None
    min_interval: float | None = None
    max_interval: float | None = None
    give_up_after: float | None = None
    task_ids: TaskIds = TaskIds()
    auth: Auth = Auth()
    headers: Mapping[str, str] = field(default_factory=dict)

    def accepts(self, text: str) -> bool:
        """Whether `text` can be the ID of a task here."""
        return self.task_ids.parts(text) is not None


class TooLarge(Exception):
    """A file is larger than the caller takes. `size` is in bytes, None where only the limit is known to be passed."""

    def __init__(self, size: int | None = None) -> None:
        super().__init__(f"{size} bytes" if size else "larger than the limit")
        self.size = size
