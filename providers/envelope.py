"""Peels a JSON answer down to the object that speaks of the task; knows nothing of what the words there mean."""

from collections.abc import Mapping
from typing import Any

from providers.scrub import plain
from providers.vocabulary import (
    ENVELOPES,
    ID_KEYS,
    PERCENT_KEYS,
    REQUEST_WORDS,
    STATUS_KEYS,
    TASK_ID_KEYS,
    fold,
    fold_keys,
)

_ID_LIMIT = 512
_DEEPEST = 4


def peel(root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects from the task's own out to the root, with folded keys."""
    node: Mapping[str, Any] = fold_keys(root)
    layers = [node]
    if isinstance(verdict := node.get("base_resp"), dict):
        layers.append(fold_keys(verdict))
    for _ in range(_DEEPEST):
        inner = _inside(node)
        if inner is None:
            break
        layers.insert(0, inner)
        node = inner
    return layers


def word_of(node: Mapping[str, Any]) -> str:
    """The status as the gateway wrote it, "" for none. Of two, the one that can only be meant of the task."""
    words = [word for key in STATUS_KEYS if isinstance(word := node.get(key), str) and word.strip()]
    return next((word for word in words if not is_request_word(word)), words[0] if words else "")


def is_request_word(word: str) -> bool:
    """Whether `word` is used of requests as often as of tasks."""
    return fold(word.strip()) in REQUEST_WORDS


def id_of(node: Mapping[str, Any]) -> str | None:
    """The task's ID as the answer gives it."""
    for key in ID_KEYS:
        value = node.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            value = f"{value:d}"
        if isinstance(value, str) and (cleaned := plain(value, _ID_LIMIT)):
            return cleaned
    return None


def names_task(node: Mapping[str, Any]) -> bool:
    """Whether `node` has an ID that can be no request's: a bare `id` may be either."""
    return any(node.get(key) for key in TASK_ID_KEYS)


def _inside(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The object that `node` is only an envelope of."""
    if _is_task(node):
        return None
    for name in ENVELOPES:
        value = node.get(name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, dict) and value:
            inner = fold_keys(value)
            if word_of(inner) or name == "data":
                return inner
    return None


def _is_task(node: Mapping[str, Any]) -> bool:
    word = word_of(node)
    if word and not is_request_word(word):
        return True
    # An ID with a status, were it empty, or with progress is the task: what lies deeper is an upstream's opinion.
    return names_task(node) and any(node.get(key) is not None for key in (*STATUS_KEYS, *PERCENT_KEYS))
