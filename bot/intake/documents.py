"""JSON in a text, whole, cut or mangled, and which task it speaks of. Pure; knows no provider.

`providers.envelope` does the same for answers that the bot itself asked for, where the ID is known beforehand; here it
is all that is wanted, and nothing else can be relied on.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.envelope import is_request_word, names_task, peel, word_of
from providers.vocabulary import ENVELOPES, ID_KEYS, fold_keys

_START = re.compile(r"\{\s{0,99}\\?[\"'“”„‟‘’]")
# A name and its text or number. The closing quote must be there: what a cut went through is no whole ID.
_PAIR = re.compile(
    r"[\"']([A-Za-z_][\w-]{0,63})[\"']\s{0,9}:\s{0,9}(?:[\"']([^\"'\n]{0,2048})[\"']|(\d{1,64})(?=[\s,}\]]))"
)
_TYPOGRAPHIC = str.maketrans("“”„‟‘’", '""""\'\'')
_LAST_RESORTS = ("request_id", "uuid")
_LISTS = (*ENVELOPES, "tasks", "items", "list", "records", "results", "jobs", "generations")
# What a person sent in: its IDs and addresses are not the task's.
_SENT_IN = frozenset({"input", "inputs", "request", "params", "parameters"})
_LINK_PLACES = frozenset({"get", "location", "self", "href"})
_LINKS = ("url", "uri", "link")
_MANY = 2000
_DEEPEST = 4

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """An object that stands in a text from `start` to `end`; what could not be parsed is flat and lacks the rest."""

    start: int
    end: int
    value: Json


def documents(text: str) -> Iterator[Document]:
    """Every JSON object of `text`, in order; the elements of an array one by one."""
    end = 0
    while start := _START.search(text, end):
        end = _end_of(text, start.start())
        yield Document(start.start(), end, _read(text[start.start() : end]))


def tasks_in(value: Json, depth: int = _DEEPEST) -> list[Json]:
    """The objects of a document that speak of one task each: mostly itself."""
    node = fold_keys(value)
    if not depth or names_task(node) or (node.get("id") and word_of(node)):
        return [value]
    for name in _LISTS:
        inner = node.get(name)
        if isinstance(inner, list) and _are_tasks(inner):
            return [task for part in inner for task in tasks_in(part, depth - 1)]
        if isinstance(inner, dict) and len(tasks := tasks_in(inner, depth - 1)) > 1:
            return tasks
    return [value]


def id_of(task: Json) -> str:
    """The task's ID as it stands there, "" for none. An ID that can only be a task's goes before a bare `id`."""
    layers, nodes = peel(task), [node for _, node in _objects(task)]
    certain = [node for node in layers if names_task(node) or _has_own_state(node)]
    for group in (certain, filter(names_task, nodes), layers, nodes):
        for node in group:
            if found := _text_at(node, ID_KEYS):
                return found
    last = [found for node in nodes if (found := _text_at(node, _LAST_RESORTS))]
    names = [found for node in nodes if "/" in (found := _text_at(node, ("name",)))]
    return next(iter([*last, *names]), "")


def links_in(task: Json) -> Iterator[str]:
    """The addresses that the document gives, those where one asks for the task among them."""
    for place, node in _objects(task):
        for name, value in node.items():
            is_link = name in _LINK_PLACES or name.endswith(_LINKS) or place in {"urls", "links"}
            if is_link and isinstance(value, str) and value.lower().startswith("http"):
                yield value


def _end_of(text: str, start: int) -> int:
    """Where the object that begins at `start` ends: behind its brace, or with the text."""
    depth, quote = 0, ""
    position = start
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif quote:
            quote = "" if character in quote else quote
        elif character in '"“”„‟':
            quote = '"' if character == '"' else "“”"
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if not depth:
                return position + 1
        position += 1
    return len(text)


def _read(source: str) -> Json:
    for attempt in (source, source.translate(_TYPOGRAPHIC)):
        try:
            value = json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return _pairs(source.translate(_TYPOGRAPHIC).replace('\\"', '"').replace("\\/", "/"))


def _pairs(source: str) -> Json:
    """What can still be read of something that is no JSON: the first value under each name."""
    found: dict[str, str] = {}
    for pair in _PAIR.finditer(source):
        found.setdefault(pair[1], pair[2] or pair[3] or "")
    return found


def _objects(value: Any) -> Iterator[tuple[str, Json]]:
    """Every object with folded keys, the outer ones first, each with the name under which it stands."""
    waiting: list[tuple[str, Any]] = [("", value)]
    for place, node in waiting:
        if isinstance(node, dict):
            folded = fold_keys(node)
            yield place, folded
            waiting += [(name, part) for name, part in folded.items() if name not in _SENT_IN]
        elif isinstance(node, list):
            waiting += [(place, part) for part in node]
        if len(waiting) > _MANY:
            return


def _are_tasks(values: list[Any]) -> bool:
    return len(values) > 1 and all(isinstance(value, dict) and _text_at(fold_keys(value), ID_KEYS) for value in values)


def _has_own_state(node: Json) -> bool:
    word = word_of(node)
    return bool(word and not is_request_word(word) and node.get("id"))


def _text_at(node: Json, names: tuple[str, ...]) -> str:
    for name in names:
        value = node.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
