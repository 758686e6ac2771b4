"""One tolerant normaliser: HTTP answer in, Snapshot or QueryError out; pure, and must not know who asked.

The gateways differ in envelopes, names, units and manners far more than in meaning, so one reader serves all. It
follows four rules:

- Only a terminal word inside the payload ends a task. It then outweighs the envelope's code and the HTTP status.
- A word that is not in the vocabulary means that the task goes on.
- A question that was turned down says nothing about the task.
- No bytes make it raise.

An answer is not required to repeat the ID that was asked for: gateways shorten, prefix and alias IDs, and the only
thing an equality check would ever catch is a gateway that mixes up its own customers, which it could do unnoticed just
as well. What the gateway said stands in `Snapshot.task_id` for whoever wants to log a difference.
"""

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from providers.base import Kind, Output, OutputKind, QueryError, QueryErrorKind, Reading, Snapshot, State
from providers.envelope import id_of, is_request_word, word_of
from providers.faults import MESSAGE_LIMIT, Fault, by_http, by_words, classify, is_refused, read_fault, task_error
from providers.outputs import legacy_output
from providers.quantities import epoch_seconds, number, percent
from providers.reading import NAME_LIMIT, PROMPT_LIMIT, Answer, Layers, handles, open_document, refined
from providers.scrub import masked, plain
from providers.vocabulary import (
    ASIDES,
    CODE_KEYS,
    COMPLETED_KEYS,
    CREATED_KEYS,
    EXPIRES_KEYS,
    FRACTION_KEYS,
    ID_KEYS,
    LOOSE_VIDEO_KEYS,
    MESSAGE_KEYS,
    MODEL_PATHS,
    PERCENT_KEYS,
    PROGRESS_ASIDES,
    PROMPT_PATHS,
    STATUS_KEYS,
    UPDATED_KEYS,
    fold_keys,
    state_of,
)

# The headers that say when to ask again; the second one is a way of OpenAI's own clients.
ADVICE = RETRY_AFTER, POLL_AFTER = "retry-after", "openai-poll-after-ms"
WEB_PAGE = "a web page instead of JSON"  # what an error says where something else answers than the API
_WORD_LIMIT = 64
_LONGEST_WAIT = 86_400.0
_LARGE = 1 << 14
_DATE_LIMIT = 64
_SIDE_OUTPUTS = frozenset({OutputKind.LAST_FRAME, OutputKind.THUMBNAIL})
_GOING_ON = frozenset({State.QUEUED, State.RUNNING})
_SIGNS_OF_A_TASK = (*STATUS_KEYS, *ID_KEYS, *CODE_KEYS, *PERCENT_KEYS, "success")


def parse(
    kind: Kind,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    reading: Reading | None = None,
    has_fetch: bool = False,
    now: float | None = None,
) -> Snapshot | QueryError:
    """What an answer to "how is this task?" means. Never raises, whatever the bytes.

    `kind` is what the endpoint makes; it decides where neither name nor extension does. `reading` describes the answer
    where it should not be read by itself. `has_fetch`: the provider has a second request for files, so that a success
    without a usable link is `needs_fetch`. `now` (epoch seconds) is only for a Retry-After date from a server that
    sends no Date.
    """
    with _without_collector(len(body)):
        found = _understood(kind, status, body, reading, has_fetch=has_fetch)
    return _with_wait(found, headers, now)


@contextmanager
def _without_collector(size: int) -> Iterator[None]:
    """Lets no garbage be collected while a large document is read: there is none, and looking triples the cost."""
    if size < _LARGE or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _understood(
    kind: Kind, status: int, body: bytes, reading: Reading | None, *, has_fetch: bool
) -> Snapshot | QueryError:
    document = _load(body)
    answer = None if _is_redirect(status) else open_document(document, reading)
    if answer is None:
        return _no_answer(status, body)
    found = _read(kind, status, answer, has_fetch=has_fetch)
    if isinstance(found, Snapshot) and found.needs_fetch:
        return replace(found, handles=handles(reading, document))
    return found


def _load(body: bytes) -> Any:
    """The JSON document; None for everything that is not JSON."""
    try:
        return _loads(body.decode(json.detect_encoding(body), "replace"))
    except (ValueError, RecursionError):
        return None


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # An integer of thousands of digits, which Python refuses to convert; as a float it is merely infinite.
        if len(text) > _LARGE:
            raise
        return json.loads(text, parse_int=float)


def _is_redirect(status: int) -> bool:
    return 300 <= status < 400  # noqa: PLR2004 - HTTP's range


def _read(kind: Kind, status: int, answer: Answer, *, has_fetch: bool) -> Snapshot | QueryError:
    word, state, layers = answer.word, answer.state, answer.layers
    if state.is_terminal and answer.is_firm(status):
        return _snapshot(kind, state, answer, has_fetch=has_fetch)
    is_refused_here = is_refused(layers) if answer.ok is None else not answer.ok
    if state in _GOING_ON and status < 400 and not is_refused_here:  # noqa: PLR2004 - HTTP's errors
        return _snapshot(kind, state, answer, has_fetch=has_fetch)
    fault = read_fault(layers)
    if state.is_terminal and answer.ok is not False and _is_of_task(answer.task, status, fault):
        return _snapshot(kind, state, answer, has_fetch=has_fetch)
    refusal = _refusal(status, answer, fault)
    if refusal is not None:
        message = fault.message or _said_nothing(status)
        return QueryError(refusal, message, status, fault.code or None)
    if word and not state.is_terminal:
        return _snapshot(kind, state, answer, has_fetch=has_fetch)
    return _wordless(kind, answer, has_fetch=has_fetch)


def _is_of_task(node: Mapping[str, Any], status: int, fault: Fault) -> bool:
    """Whether a word like `success` or `error`, without a task's ID beside it, still is the task's own."""
    if status >= 400 or "data" in node:  # noqa: PLR2004 - HTTP's errors
        return False
    if node.get("id"):
        return True
    spoken = any(node.get(key) for key in MESSAGE_KEYS)
    return classify(status, fault) is None and (not spoken or state_of(word_of(node)) is State.SUCCEEDED)


def _refusal(status: int, answer: Answer, fault: Fault) -> QueryErrorKind | None:
    """Why there is no answer about the task here; None when there is one."""
    named = classify(status, fault)
    if status >= 400:  # noqa: PLR2004 - HTTP's errors
        return named or QueryErrorKind.PROTOCOL
    if answer.ok is not None:
        return None if answer.ok else named or QueryErrorKind.TRANSIENT
    words = [word_of(layer) for layer in answer.layers]
    turned_down = any(is_request_word(word) and state_of(word) is State.FAILED for word in words)
    if fault.refused or turned_down or (fault.complains and not (answer.word or words[0])):
        # An odd code beside a state that we know is no reason to doubt the state.
        return named if answer.state in _GOING_ON else named or QueryErrorKind.TRANSIENT
    if not answer.word and not _shows_a_task(answer.layers):
        return None if answer.outputs("video") else QueryErrorKind.PROTOCOL
    return None


def _shows_a_task(layers: Layers) -> bool:
    return any(layer.get(key) is not None for layer in layers for key in _SIGNS_OF_A_TASK)


def _wordless(kind: Kind, answer: Answer, *, has_fetch: bool) -> Snapshot:
    """An answer without a status: finished when it holds a video by name, otherwise of unknown state.

    Bytes without a status are the answer of a fetch; they are handed on, but end nothing.
    """
    snapshot = _snapshot(kind, State.UNKNOWN, answer, has_fetch=has_fetch)
    node = answer.task
    if any(node.get(key) not in (None, "") for key in STATUS_KEYS):
        return snapshot
    outputs = answer.outputs(kind)
    granted = any(state_of(word_of(layer)) is State.SUCCEEDED for layer in answer.layers)
    named = granted or any(node.get(key) for key in ("video_url", *LOOSE_VIDEO_KEYS))
    linked = any(output.kind not in _SIDE_OUTPUTS and not output.url.startswith("data:") for output in outputs)
    if named and linked and snapshot.progress in (None, 100):
        return _snapshot(kind, State.SUCCEEDED, answer, has_fetch=has_fetch)
    return replace(snapshot, outputs=outputs)


def _snapshot(kind: Kind, state: State, answer: Answer, *, has_fetch: bool) -> Snapshot:
    node = answer.task
    places = [node, *(fold_keys(inner) for key in ASIDES if isinstance(inner := node.get(key), dict))]
    outputs = _made(kind, answer) if state is State.SUCCEEDED else ()
    snapshot = Snapshot(
        state=state,
        raw_status=_raw(answer.word or node.get("status"), state),
        task_id=id_of(node),
        progress=_progress(node),
        outputs=outputs,
        needs_fetch=state is State.SUCCEEDED and has_fetch and all(one.kind in _SIDE_OUTPUTS for one in outputs),
        error=task_error(answer.layers) if state.is_terminal and state is not State.SUCCEEDED else None,
        model=_text(node, MODEL_PATHS, NAME_LIMIT),
        prompt=_text(node, PROMPT_PATHS, PROMPT_LIMIT),
        created_at=_time(places, CREATED_KEYS),
        updated_at=_time(places, UPDATED_KEYS),
        # Some gateways move this along while the task still runs.
        completed_at=_time(places, COMPLETED_KEYS) if state.is_terminal else None,
        expires_at=_time(places, EXPIRES_KEYS),
    )
    return refined(snapshot, answer)


def _made(kind: Kind, answer: Answer) -> tuple[Output, ...]:
    outputs = answer.outputs(kind)
    by_itself = answer.reading is None or answer.reading.outputs is None
    if by_itself and all(output.kind in _SIDE_OUTPUTS for output in outputs):
        return (*legacy_output(answer.layers, kind), *outputs)
    return outputs


def _raw(word: Any, state: State) -> str:
    if isinstance(word, int) and not isinstance(word, bool):
        return f"{word:d}"[:_WORD_LIMIT]
    if not isinstance(word, str):
        return ""
    return masked(word, _WORD_LIMIT) if state is State.UNKNOWN else plain(word, _WORD_LIMIT)


def _progress(node: Mapping[str, Any]) -> int | None:
    detail = node.get("detail")
    nested = detail.get("pending_info") if isinstance(detail, dict) else None
    for place in (node, *(node.get(key) for key in PROGRESS_ASIDES), nested):
        if isinstance(place, dict) and (found := _progress_in(place)) is not None:
            return found
    return None


def _progress_in(place: Mapping[str, Any]) -> int | None:
    for keys, fraction in ((PERCENT_KEYS, False), (FRACTION_KEYS, True)):
        for key in keys:
            if key in place and (found := percent(place[key], fraction=fraction)) is not None:
                return found
    return None


def _time(places: Layers, keys: Sequence[str]) -> float | None:
    for place in places:
        for key in keys:
            if key in place and (found := epoch_seconds(place[key])) is not None:
                return found
    return None


def _text(node: Mapping[str, Any], paths: Sequence[Sequence[str]], limit: int) -> str | None:
    for path in paths:
        value: Any = node
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and (text := plain(value, limit)):
            return text
    return None


def _no_answer(status: int, body: bytes) -> QueryError:
    """What a body that is no JSON object tells by its looks and its HTTP status."""
    text = body[: 4 * MESSAGE_LIMIT].decode("utf-8", "replace").strip("\ufeff \t\r\n")
    if _is_redirect(status):
        return QueryError(QueryErrorKind.PROTOCOL, "redirected to another address", status)
    if text.startswith("<"):
        # A 403 with a page is a wall against bots, not the gateway's verdict on the key.
        kind = QueryErrorKind.TRANSIENT if status == 403 else by_http(status)  # noqa: PLR2004
        return QueryError(kind or QueryErrorKind.PROTOCOL, WEB_PAGE, status)
    if not text:
        return QueryError(by_http(status) or QueryErrorKind.TRANSIENT, _said_nothing(status), status)
    kind = by_http(status) or (by_words(text) if status >= 400 else None)  # noqa: PLR2004 - HTTP's errors
    message = masked(text, MESSAGE_LIMIT) if kind else "the answer is not a JSON object"
    return QueryError(kind or QueryErrorKind.PROTOCOL, message, status)


def _said_nothing(status: int) -> str:
    return f"HTTP {status} without a reason" if status >= 400 else "an answer without a task"  # noqa: PLR2004


def _with_wait(found: Snapshot | QueryError, headers: Mapping[str, str], now: float | None) -> Snapshot | QueryError:
    """With what the headers say about when to ask again; of a task in either way."""
    named = {name.lower(): value for name, value in headers.items()}
    wait = _wait(named.get(RETRY_AFTER, ""), _moment(named.get("date", "")) or now)
    if isinstance(found, QueryError):
        return found if wait is None else replace(found, retry_after=wait)
    if wait is None and (after := number(named.get(POLL_AFTER, ""))) is not None:
        wait = min(max(after / 1000, 0.0), _LONGEST_WAIT)
    return found if wait is None else replace(found, ask_after=wait)


def _wait(text: str, now: float | None) -> float | None:
    """Seconds from a Retry-After, which holds either seconds or a date."""
    seconds = number(text)
    if seconds is None and now is not None and (until := _moment(text)) is not None:
        seconds = until - now
    return None if seconds is None else min(max(seconds, 0.0), _LONGEST_WAIT)


def _moment(text: str) -> float | None:
    if not text or len(text) > _DATE_LIMIT:
        return None
    try:
        moment: datetime = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
