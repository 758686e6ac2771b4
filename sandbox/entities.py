"""Formatted text: Telegram's HTML subset becomes text plus entities in UTF-16 units; knows nothing of chats or HTTP."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sandbox.refusal import ApiError, bad_request

Entity = Mapping[str, Any]

MAX_ENTITIES = 100  # Telegram drops the rest without a word

_KINDS = MappingProxyType(
    {
        "b": "bold",
        "strong": "bold",
        "i": "italic",
        "em": "italic",
        "u": "underline",
        "ins": "underline",
        "s": "strikethrough",
        "strike": "strikethrough",
        "del": "strikethrough",
        "code": "code",
        "pre": "pre",
        "a": "text_link",
        "tg-spoiler": "spoiler",
        "span": "spoiler",
        "blockquote": "blockquote",
        "tg-emoji": "custom_emoji",
        "tg-time": "date_time",
    }
)
_REFERENCE = re.compile(r"&(?:#(?P<dec>[0-9]{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<name>lt|gt|amp|quot));?")
_NAMED = MappingProxyType({"lt": "<", "gt": ">", "amp": "&", "quot": '"'})
_TOKEN = re.compile(r"[0-9A-Za-z.\-]*")
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_VERBATIM = frozenset({"code", "pre"})
_UNTOUCHED = _VERBATIM | {"blockquote", "expandable_blockquote"}
# Of several entities on the same stretch of text, Telegram puts those first that stand first here.
_ORDER = (
    "blockquote",
    "expandable_blockquote",
    "pre",
    "code",
    "date_time",
    "text_link",
    "text_mention",
    "bot_command",
    "url",
    "mention",
    "hashtag",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "custom_emoji",
)
_FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,32}(?:@[A-Za-z][A-Za-z0-9_]{3,31})?(?![\w/<>]))"
    r"|(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?')\]])"
    r"|(?P<mention>(?<![\w@/])@[A-Za-z][A-Za-z0-9_]{3,31}\b)"
    r"|(?P<hashtag>(?<![\w#&])#(?=\w*[^\W\d])\w{1,64})"
)


@dataclass(frozen=True, slots=True)
class Formatted:
    """What a person sees: the text and its entities, sorted, offsets and lengths in UTF-16 units."""

    text: str = ""
    entities: tuple[Entity, ...] = ()


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units, which is how Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def from_html(source: str) -> Formatted:
    """Text and entities of `source`; a Bot API error "can't parse entities: …" where the markup is broken."""
    return _Reader(source).read()


def finish(formatted: Formatted) -> Formatted:
    """As it will be shown: white space at both ends cut, commands and links found, at most 100 entities."""
    trimmed = _trim(_clean(formatted))
    entities = [*_untangle(trimmed.entities), *_detect(trimmed)]
    entities.sort(key=_place)
    return Formatted(trimmed.text, tuple(entities[:MAX_ENTITIES]))


def _place(entity: Entity) -> tuple[int, int, int]:
    kind = entity["type"]
    return entity["offset"], -entity["length"], _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _clean(formatted: Formatted) -> Formatted:
    """Control characters become spaces, one for one, so that no offset moves."""
    text = "".join(" " if char < " " and char != "\n" else char for char in formatted.text)
    return Formatted(text, formatted.entities)


def _trim(formatted: Formatted) -> Formatted:
    ahead = units(formatted.text) - units(formatted.text.lstrip())
    text = formatted.text.strip()
    end = units(text)
    kept: list[Entity] = []
    for entity in formatted.entities:
        start = max(0, entity["offset"] - ahead)
        stop = min(end, entity["offset"] + entity["length"] - ahead)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return Formatted(text, tuple(kept))


def _untangle(entities: tuple[Entity, ...]) -> list[Entity]:
    """Without what stands inside code, where Telegram keeps nothing else; quotes may hold code and stay."""
    walls = [entity for entity in entities if entity["type"] in _VERBATIM]
    return [
        entity
        for entity in entities
        if entity["type"] in _UNTOUCHED or not any(_within(entity, wall) for wall in walls)
    ]


def _within(inner: Entity, outer: Entity) -> bool:
    return bool(
        outer["offset"] <= inner["offset"] and inner["offset"] + inner["length"] <= outer["offset"] + outer["length"]
    )


def _detect(formatted: Formatted) -> list[Entity]:
    taken = [entity for entity in formatted.entities if entity["type"] in {"code", "pre", "text_link", "text_mention"}]
    found: list[Entity] = []
    for match in _FOUND.finditer(formatted.text):
        entity = {
            "type": match.lastgroup,
            "offset": units(formatted.text[: match.start()]),
            "length": units(match.group()),
        }
        if not any(_overlap(entity, other) for other in taken):
            found.append(entity)
    return found


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    attributes: Mapping[str, str]
    offset: int
    first: int  # index into the pieces of text


class _Reader:
    """One pass over the markup. Positions count characters; Telegram's complaints count bytes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._pieces: list[str] = []
        self._offset = 0
        self._open: list[_Tag] = []
        self._entities: list[dict[str, Any]] = []

    def read(self) -> Formatted:
        while self._at < len(self._source):
            if self._source[self._at] == "<":
                self._tag()
            else:
                self._emit(self._character())
        if self._open:
            raise _broken(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return Formatted("".join(self._pieces), tuple(sorted(map(_settled, self._entities), key=_place)))

    def _emit(self, text: str) -> None:
        self._pieces.append(text)
        self._offset += units(text)

    def _peek(self) -> str:
        return self._source[self._at] if self._at < len(self._source) else ""

    def _skip_spaces(self) -> None:
        while self._peek().isspace():
            self._at += 1

    def _until(self, stops: str) -> str:
        start = self._at
        while self._peek() and not self._peek().isspace() and self._peek() not in stops:
            self._at += 1
        return self._source[start : self._at]

    def _character(self) -> str:
        """The next character, with a character reference resolved."""
        match = _REFERENCE.match(self._source, self._at)
        resolved = _resolve(match) if match else ""
        if match and resolved:
            self._at = match.end()
            return resolved
        self._at += 1
        return self._source[self._at - 1]

    def _tag(self) -> None:
        begin = self._at
        self._at += 1
        if self._peek() == "/":
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        name = self._until(">").lower()
        if not self._peek():
            raise _broken(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        if name not in _KINDS:
            raise _broken(f'Unsupported start tag "{name}" at byte offset {self._bytes(begin)}')
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _broken(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}')
        self._open.append(_Tag(name, attributes, self._offset, len(self._pieces)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        self._skip_spaces()
        while self._peek() != ">":
            name = self._until("=>/\"'")
            if not name:
                raise _broken(f'Empty attribute name in the tag "{tag}" at byte offset {self._bytes(begin)}')
            self._skip_spaces()
            attributes[name.lower()] = self._value(begin) if self._peek() == "=" else ""
            self._skip_spaces()
            if not self._peek():
                raise _broken(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')
        self._at += 1
        return attributes

    def _value(self, begin: int) -> str:
        self._at += 1
        self._skip_spaces()
        if self._peek() in {'"', "'"}:
            return self._quoted()
        start = self._at
        token = _TOKEN.match(self._source, start)
        self._at = token.end() if token else start
        if not self._peek():
            raise _broken(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        if not self._peek().isspace() and self._peek() != ">":
            raise _broken(f"Unexpected end of name token at byte offset {self._bytes(start)}")
        return self._source[start : self._at].lower()

    def _quoted(self) -> str:
        quote = self._peek()
        self._at += 1
        value = ""
        while self._peek() and self._peek() != quote:
            value += self._character()
        self._at += 1
        return value

    def _end_tag(self, begin: int) -> None:
        if not self._open:
            raise _broken(f"Unexpected end tag at byte offset {self._bytes(begin)}")
        self._at += 1
        name = self._until(">").lower()
        self._skip_spaces()
        if self._peek() != ">":
            raise _broken(f"Unclosed end tag at byte offset {self._bytes(begin)}")
        self._at += 1
        tag = self._open.pop()
        if name not in {"", tag.name}:
            place = self._bytes(begin)
            raise _broken(f'Unmatched end tag at byte offset {place}, expected "</{tag.name}>", found "</{name}>"')
        self._close(tag)

    def _close(self, tag: _Tag) -> None:
        length = self._offset - tag.offset
        if not length:
            return
        details = _details(tag, "".join(self._pieces[tag.first :]))
        if details is None:
            return
        entity = {"type": _KINDS[tag.name], "offset": tag.offset, "length": length, **details}
        if not self._join_code(entity):
            self._entities.append(entity)

    def _join_code(self, entity: dict[str, Any]) -> bool:
        """<pre><code class="language-x"> is one entity, not two."""
        if not self._entities or entity["type"] != "pre":
            return False
        last = self._entities[-1]
        if last["type"] != "code" or (last["offset"], last["length"]) != (entity["offset"], entity["length"]):
            return False
        self._entities[-1] = {**last, "type": "pre"}
        return True

    def _bytes(self, position: int) -> int:
        return len(self._source[:position].encode("utf-8", "surrogatepass"))


def _settled(entity: Entity) -> Entity:
    """Only `pre` has a language; until its end tag was read, the inner `code` held it."""
    if entity["type"] != "code":
        return entity
    return {name: value for name, value in entity.items() if name != "language"}


def _resolve(match: re.Match[str]) -> str:
    if match["name"]:
        return _NAMED[match["name"]]
    point = int(match["dec"]) if match["dec"] else int(match["hex"], 16)
    if point in _SURROGATES or not 0 < point <= _LAST_CODE_POINT:
        return ""
    return chr(point)


def _details(tag: _Tag, text: str) -> dict[str, Any] | None:
    """The fields beside type, offset and length; None where Telegram makes no entity of the tag."""
    match tag.name:
        case "a":
            url = tag.attributes.get("href") or text
            return {"url": url} if re.match(r"(?:https?|tg|tonsite|mailto|tel):", url) or "." in url else None
        case "code":
            language = tag.attributes.get("class", "")
            return {"language": language[9:]} if language.startswith("language-") else {}
        case "blockquote" if "expandable" in tag.attributes:
            return {"type": "expandable_blockquote"}
        case "tg-emoji":
            return {"custom_emoji_id": tag.attributes.get("emoji-id", "")}
        case "tg-time":
            form = tag.attributes.get("format")
            unix = tag.attributes.get("unix", "")
            return {"unix_time": int(unix), **({"date_time_format": form} if form else {})} if unix.isdigit() else None
        case _:
            return {}


def _broken(text: str) -> ApiError:
    return bad_request(f"Can't parse entities: {text}")
