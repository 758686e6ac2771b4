"""Opens an answer's document, by itself or as a provider's description says; pure, and judges nothing yet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from providers.base import Kind, Output, OutputKind, OutputRule, Reading, Snapshot, State, TaskError
from providers.envelope import is_request_word, names_task, peel, word_of
from providers.faults import CODE_LIMIT, MESSAGE_LIMIT
from providers.outputs import find_outputs, json_inside, kind_of, usable_url
from providers.quantities import epoch_seconds, percent
from providers.scrub import masked, plain
from providers.vocabulary import fold, fold_keys, state_of

NAME_LIMIT = 200
PROMPT_LIMIT = 2000
_HANDLE_LIMIT = 1024
_MOST_OUTPUTS = 64
_DEEPEST_LIST = 4
_TEXTS = {"model": NAME_LIMIT, "prompt": PROMPT_LIMIT}
_TIMES = ("created_at", "updated_at", "completed_at")

Layers = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An opened document: `layers` are its objects with folded keys, the task's own first; `node` is that as it came.

    `word` is the status as the gateway wrote it, "" for none. `ok` is what the description says of the question, None
    if it has no opinion.
    """

    layers: Layers
    node: Any
    word: str
    state: State
    ok: bool | None = None
    reading: Reading | None = None

    @property
    def task(self) -> Mapping[str, Any]:
        return self.layers[0]

    def is_firm(self, status: int) -> bool:
        """Whether the word can only be meant of the task, not of the question that HTTP answered with `status`."""
        is_error = status >= 400  # noqa: PLR2004 - HTTP's errors
        if self.reading and "status" in self.reading.fields:
            if self.word in self.reading.made_up:
                return not is_error
            if not is_error and self.ok is not False:
                return True
        return not is_request_word(self.word) or names_task(self.task)

    def outputs(self, kind: Kind) -> tuple[Output, ...]:
        """The results, by the description if it names their place."""
        if self.reading is None or self.reading.outputs is None:
            return find_outputs(self.layers, kind)
        return _described_outputs(self.reading.outputs, self.node, kind)


def open_document(document: Any, reading: Reading | None) -> Answer | None:
    """None when there is no object in it that could speak of a task."""
    if reading is None:
        root = document[0] if isinstance(document, list) and len(document) == 1 else document
        return _opened(root, peel(root), None, None) if isinstance(root, dict) else None
    ok = None if reading.ok is None else _is_true(reading.ok(document))
    node = document if reading.root is None else reading.root(document)
    if not isinstance(node, dict):
        # Where the task should be is nothing: an envelope that turns the question down.
        blind = replace(reading, fields={}, outputs=())
        return _opened(document, peel(document), ok, blind) if isinstance(document, dict) else None
    node = _with_json(node, reading.json_strings)
    envelope = [fold_keys(document)] if isinstance(document, dict) else []
    return _opened(node, peel(node) if reading.root is None else [fold_keys(node), *envelope], ok, reading)


def refined(snapshot: Snapshot, answer: Answer) -> Snapshot:
    """The snapshot with what the description finds; what it does not find stays as it was read."""
    reading = answer.reading
    if reading is None:
        return snapshot
    found = {name: find(answer.node) for name, find in reading.fields.items()}
    changes: dict[str, Any] = {
        name: text for name, limit in _TEXTS.items() if (text := _text(found.get(name), limit)) is not None
    }
    changes |= {name: time for name in _TIMES if (time := epoch_seconds(found.get(name))) is not None}
    if not snapshot.state.is_terminal:
        changes.pop("completed_at", None)
    if (progress := percent(found.get("progress"), fraction=reading.fraction)) is not None:
        changes["progress"] = progress
    if snapshot.state.is_terminal and snapshot.state is not State.SUCCEEDED:
        changes["error"] = _error(found, snapshot.error)
    return replace(snapshot, **changes)


def handles(reading: Reading | None, document: Any) -> dict[str, str]:
    """What a second request needs to know of this answer."""
    found = {name: find(document) for name, find in reading.handles.items()} if reading else {}
    return {name: text for name, value in found.items() if (text := _text(value, _HANDLE_LIMIT)) is not None}


def _opened(node: Mapping[str, Any], layers: Layers, ok: bool | None, reading: Reading | None) -> Answer:
    if reading and "status" in reading.fields:
        word = _word(reading.fields["status"](node))
    else:
        word = word_of(layers[0]) or _word_of_operation(layers[0])
    return Answer(layers, node, word, _state(word, reading), ok, reading)


def _word_of_operation(node: Mapping[str, Any]) -> str:
    """Long-running operations have a `done` instead of a status."""
    done = node.get("done")
    if not isinstance(done, bool):
        return ""
    if done:
        return "failed" if node.get("error") else "done"
    return "running"


def _state(word: str, reading: Reading | None) -> State:
    if reading and (state := reading.states.get(fold(word.strip()))):
        return state
    return state_of(word)


def _word(value: Any) -> str:
    """A status as text: some gateways count their states."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:d}"[:20]
    return value.strip() if isinstance(value, str) else ""


def _is_true(value: Any) -> bool:
    """As JMESPath sees it: nothing, false and what is empty are not true; zero is."""
    return value is not None and value is not False and value not in ("", [], {})


def _with_json(node: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """`node` with the JSON inside its strings opened."""
    opened = {name: json_inside(text) for name in names if isinstance(text := node.get(name), str)}
    return {**node, **opened} if opened else node


def _text(value: Any, limit: int) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = json.dumps(value)
    return plain(value, limit) or None if isinstance(value, str) else None


def _error(found: Mapping[str, Any], otherwise: TaskError | None) -> TaskError | None:
    message = masked(_text(found.get("error_message"), MESSAGE_LIMIT) or "", MESSAGE_LIMIT)
    code = masked(_text(found.get("error_code"), CODE_LIMIT) or "", CODE_LIMIT)
    if otherwise:
        return TaskError(message or otherwise.message, code or otherwise.code)
    return TaskError(message or code, code or None) if message or code else None


def _described_outputs(rules: Sequence[OutputRule], node: Any, kind: Kind) -> tuple[Output, ...]:
    unique: dict[str, Output] = {}
    for rule in rules:
        for text in _texts(rule.find(node), _DEEPEST_LIST):
            if url := _as_data_url(text, kind) if rule.is_data else usable_url(text):
                default = kind_of(url, OutputKind(kind)) if rule.kind is None else rule.kind
                unique.setdefault(url, Output(default, url, rule.needs_auth))
    return tuple(unique.values())[:_MOST_OUTPUTS]


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth:
        for item in value[:_MOST_OUTPUTS]:
            yield from _texts(item, depth - 1)


def _as_data_url(text: str, kind: Kind) -> str | None:
    """A `data:` URL, also of bare base64; what it really is shows when it is opened."""
    if text.startswith("data:"):
        return usable_url(text)
    bare = {"video": "data:video/mp4;base64,", "image": "data:image/png;base64,"}
    return usable_url(bare[kind] + text) if text.isascii() else None
