"""Finds what a task has made in its answer, and never what the user had sent in; knows nothing of states or HTTP."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from providers.base import Kind, Output, OutputKind
from providers.vocabulary import (
    ASIDE_KINDS,
    EXTENSIONS,
    KINDED_KEYS,
    LINK_KEYS,
    LOOSE_VIDEO_KEYS,
    MIXED_KEYS,
    RESULT_KEYS,
    fold_keys,
)

_LINK = re.compile(r"(?i)https?://[^\s/?#\\]+(?:[/?#]\S*)?")
_INLINE = re.compile(r"data:(video|image|audio)/[\w.+\-]{1,60}[\w;=.+\- ]{0,100},")
_LONGEST_LINK = 8192
_LONGEST_JSON = 1 << 16
_DEEPEST = 16
_MOST_VALUES = 500
_MOST_OUTPUTS = 64
_PLACES = (*RESULT_KEYS, *LOOSE_VIDEO_KEYS, *MIXED_KEYS)

_DEFAULT: Mapping[Kind, OutputKind] = {"video": OutputKind.VIDEO, "image": OutputKind.IMAGE}


def usable_url(text: str) -> str | None:
    """`text` as an absolute http(s) URL or a `data:` URL of media; None for prose, placeholders and other schemes."""
    if text.startswith("data:"):
        return text if _INLINE.match(text) and text.isascii() else None
    text = text.strip()
    if len(text) > _LONGEST_LINK or not text.isprintable() or not _LINK.fullmatch(text):
        return None
    return text


def kind_of(url: str, default: OutputKind) -> OutputKind:
    """What `url` holds by its MIME type or its extension, else `default`."""
    if inline := _INLINE.match(url):
        return OutputKind(inline[1])
    path = url.partition("?")[0].partition("#")[0]
    return EXTENSIONS.get(path[-8:].rpartition(".")[2].lower(), default)


def find_outputs(layers: Sequence[Mapping[str, Any]], kind: Kind) -> tuple[Output, ...]:
    """The results in `layers` (objects with folded keys, the task's own first), without duplicates.

    Names are looked up in a fixed order and the first that holds anything wins, since gateways like to give one file
    under several names; different media kinds stand side by side. Thumbnails and last frames follow at the end.
    """
    walk = _Walk()
    found = _first(walk.node(layer, _Hint(_DEFAULT[kind])) for layer in layers)
    if not found and kind == "image":
        # Pictures beside the status are the results of an image task; on a video task they are what the user sent in.
        found = _first(walk.node(layer, _Hint(_DEFAULT[kind], ours=True)) for layer in layers)
    unique: dict[str, Output] = {}
    for output in (*found, *walk.extras(layers[0], _DEEPEST)):
        unique.setdefault(output.url, output)
    return tuple(unique.values())[:_MOST_OUTPUTS]


def legacy_output(layers: Iterable[Mapping[str, Any]], kind: Kind) -> tuple[Output, ...]:
    """The result that old rows of one gateway family keep in their field for the failure text."""
    texts = (layer.get("fail_reason") for layer in layers)
    urls = (usable_url(text) for text in texts if isinstance(text, str))
    return tuple(Output(kind_of(url, _DEFAULT[kind]), url) for url in urls if url)[:1]


def _first(attempts: Iterable[list[Output]]) -> list[Output]:
    return next((found for found in attempts if found), [])


class _Hint(NamedTuple):
    """What is known of a value from the names above it.

    `ours`: it was made by the task, so that even a bare `image` is a result. `named`: a name has told the kind, so
    that the extension is not asked.
    """

    kind: OutputKind
    ours: bool = False
    named: bool = False


_NAMED_VIDEO = _Hint(OutputKind.VIDEO, ours=True, named=True)


@dataclass(slots=True)
class _Walk:
    """One look through an answer, with a bound on the number of values it touches."""

    left: int = _MOST_VALUES

    def node(self, node: Mapping[str, Any], hint: _Hint, depth: int = _DEEPEST) -> list[Output]:
        if hint.ours and (found := self._kinded(node, depth)):
            return found
        return (
            self._under(node, LINK_KEYS, hint, depth)
            or self._under(node, RESULT_KEYS, _Hint(hint.kind, ours=True, named=hint.named), depth)
            or self._under(node, LOOSE_VIDEO_KEYS, _NAMED_VIDEO, depth)
            or self._under(node, MIXED_KEYS, hint, depth)
        )

    def _kinded(self, node: Mapping[str, Any], depth: int) -> list[Output]:
        return [
            output
            for kind, names in KINDED_KEYS.items()
            for output in self._under(node, names, _Hint(kind, ours=True, named=True), depth)
        ]

    def _under(self, node: Mapping[str, Any], names: Iterable[str], hint: _Hint, depth: int) -> list[Output]:
        for name in names:
            # A list of contents is how requests carry their references.
            if name in node and not (name == "content" and isinstance(node[name], list)):
                found = self._value(node[name], hint, depth - 1)
                if found:
                    return found
        return []

    def _value(self, value: Any, hint: _Hint, depth: int) -> list[Output]:
        if value is None or depth <= 0 or self.left <= 0:
            return []
        self.left -= 1
        if isinstance(value, str):
            return self._text(value, hint, depth)
        if isinstance(value, list):
            return [output for item in value[:_MOST_OUTPUTS] for output in self._value(item, hint, depth - 1)]
        return self.node(fold_keys(value), hint, depth - 1) if isinstance(value, dict) else []

    def _text(self, text: str, hint: _Hint, depth: int) -> list[Output]:
        if url := usable_url(text):
            return [Output(hint.kind if hint.named else kind_of(url, hint.kind), url)]
        return self._value(json_inside(text), hint, depth - 1)

    def extras(self, node: Mapping[str, Any], depth: int) -> list[Output]:
        """Last frames and thumbnails, wherever results may be."""
        found = [
            output
            for kind, names in ASIDE_KINDS.items()
            for output in self._under(node, names, _Hint(kind, ours=True, named=True), depth)
        ]
        for name in _PLACES:
            if depth > 0 and name in node:
                for inner in self._objects(node[name]):
                    found += self.extras(inner, depth - 1)
        return found

    def _objects(self, value: Any) -> list[dict[str, Any]]:
        """The objects in `value`: itself, or those in a list, or in the JSON inside a string."""
        value = json_inside(value) if isinstance(value, str) else value
        items = value[:_MOST_OUTPUTS] if isinstance(value, list) else (value,)
        objects = [fold_keys(item) for item in items if isinstance(item, dict)] if self.left > 0 else []
        self.left -= len(objects)
        return objects


def json_inside(text: str) -> Any:
    """What a string holds when it holds a JSON object or array, as some gateways nest one in the other; else None."""
    if not text.startswith(("{", "[")) or len(text) > _LONGEST_JSON:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
