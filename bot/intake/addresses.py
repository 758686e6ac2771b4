"""From a pasted address to the task that it speaks of: the providers' own templates, read backwards.

Pure; asks nobody, and knows nothing of the text in which the address stood.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from bot.intake.meaning import Mistake, Reference, is_strong
from providers.base import PLACEHOLDER, Endpoint, Fetch, Provider, TaskIds
from providers.vocabulary import EXTENSIONS, fold

_HOST = re.compile(r"(?i)https?://(?:[^\s/?#]*@)?([^\s/?#@]{1,255})")
_LONGEST_PATH = 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ID_PARAMETERS = frozenset({"id", "task_id", "request_id", "video_id", "job_id", "generation_id"})
_SHORT_SUFFIX = 3  # the co of co.uk, the com of com.cn
_COUNTRY = 2
# What stands where an ID would, in the addresses of other calls.
_ACTIONS = frozenset(
    {"cancel", "content", "create", "download", "edits", "generate", "generations", "images", "list", "query", "remix"}
    | {"result", "results", "retrieve", "status", "submit", "task", "tasks", "upload", "video", "videos"}
)


@dataclass(frozen=True, slots=True)
class _Place:
    """An address in its parts, decoded. `port` None is the scheme's own."""

    host: str
    port: int | None
    path: str
    query: Mapping[str, str]

    @property
    def origin(self) -> tuple[str, int | None]:
        return self.host, self.port


def read_address(address: str, providers: Sequence[Provider]) -> Reference | Mistake:
    """The task behind a http(s) address: by a template, else by the one part of it that looks like an ID."""
    place = _place(address)
    if place is None:
        return Mistake("unknown_address", host_of(address))
    if exact := read_exactly(address, providers):
        return exact
    near = [provider for provider in providers if _is_near(place, provider)]
    if not near:
        return Mistake("unknown_address", host_of(address))
    at_home = [provider for provider in near if _origin(provider) == place.origin]
    for word in _likely(place):
        takers = [provider.name for provider in at_home or near if provider.accepts(word)]
        if takers:
            return Reference(word, takers[0] if len(takers) == 1 else "")
    return Mistake("address_without_id", host_of(address))


def read_exactly(address: str, providers: Sequence[Provider]) -> Reference | None:
    """The task that one of the providers would ask for at just this address."""
    place = _place(address)
    found = [match for provider in providers if place and (match := _match(place, provider))]
    if not found:
        return None
    first = found[0]
    same = [match for match in found if match.task_id == first.task_id]
    # Several providers at one address: who is meant stays open, and all of them are asked.
    provider = first.provider if len({match.provider for match in same}) == 1 else ""
    return Reference(first.task_id, provider, first.kind if len({match.kind for match in same}) == 1 else "")


def host_of(address: str) -> str:
    """The host, which is all of an address that may be repeated: a key may stand in the rest."""
    found = _HOST.match(address)
    return found[1] if found else "?"


def provider_at(address: str, providers: Sequence[Provider]) -> str:
    """The name of the one provider whose host the address has, "" for none or several."""
    place = _place(address)
    names = [provider.name for provider in providers if place and _origin(provider) == place.origin]
    return names[0] if len(names) == 1 else ""


def with_scheme(word: str, providers: Sequence[Provider]) -> str:
    """`word` as an address if it begins with a provider's host, else ""."""
    hosts = (urlsplit(provider.base_url).netloc for provider in providers)
    return f"https://{word}" if any(word.lower().startswith(f"{host.lower()}/") for host in hosts) else ""


# Templates


def _match(place: _Place, provider: Provider) -> Reference | None:
    path = place.path
    prefix = urlsplit(provider.base_url).path.rstrip("/")
    if _origin(provider) != place.origin or not path.startswith(f"{prefix}/") or len(path) > _LONGEST_PATH:
        return None
    places: list[Endpoint | Fetch] = [*provider.endpoints, *([provider.fetch] if provider.fetch else [])]
    # The template that says most comes first: `/generations/download` is no `/generations/{id}`.
    places.sort(key=lambda one: len(PLACEHOLDER.sub("", one.path)), reverse=True)
    words = {one.path.rpartition("/")[2] for one in places}
    for one in places:
        task_id = _id_in(one, path.removeprefix(prefix), place.query, provider.task_ids)
        if task_id and provider.accepts(task_id) and task_id.lower() not in words | _ACTIONS:
            return Reference(task_id, provider.name, one.kind if isinstance(one, Endpoint) else "")
    return None


def _id_in(one: Endpoint | Fetch, path: str, query: Mapping[str, str], ids: TaskIds) -> str | None:
    several = ids.slashes or ids.pattern is not None
    parts = _unfilled(one.path.rstrip("/"), path, several=several)
    for name, template in one.params.items():
        if parts is not None and PLACEHOLDER.search(template):
            more = _unfilled(template, query.get(name, ""), several=True)
            parts = None if more is None else parts | more
    if not parts:
        return None
    return _joined(ids, parts) if ids.pattern and ids.pattern.groupindex else parts.get("id")


def _unfilled(template: str, text: str, *, several: bool) -> dict[str, str] | None:
    """What the placeholders stood for when `text` was made from `template`; `several`: segments of a path each."""
    names = PLACEHOLDER.findall(template)
    literals = map(re.escape, PLACEHOLDER.sub("\0", template).split("\0"))
    found = re.fullmatch(("(.+)" if several else "([^/]+)").join(literals), text)
    return dict(zip(names, found.groups(), strict=True)) if found else None


def _joined(ids: TaskIds, parts: Mapping[str, str]) -> str | None:
    """The ID that has these parts: the first way to put them together that comes apart again in the same way."""
    names = ids.pattern.groupindex if ids.pattern else {}
    for sign in ":/":
        candidate = sign.join(parts[name] for name in names if name in parts)
        again = ids.parts(candidate)
        if again and all(again.get(name) == part for name, part in parts.items()):
            return candidate
    return None


# Addresses that are no template's


def _likely(place: _Place) -> Iterator[str]:
    """The parts that look like an ID, the likeliest first: named ones, then folders, then the names of files."""
    yield from (value for name, value in place.query.items() if fold(name) in _ID_PARAMETERS and is_strong(value))
    segments = [segment.rpartition(".") for segment in reversed(place.path.split("/"))]
    files = [stem for stem, _, ending in segments if stem and ending.lower() in EXTENSIONS]
    others = [f"{stem}{dot}{ending}" for stem, dot, ending in segments if not stem or ending.lower() not in EXTENSIONS]
    yield from filter(is_strong, others)
    yield from filter(is_strong, files)


def _is_near(place: _Place, provider: Provider) -> bool:
    origin = _origin(provider)
    return origin == place.origin or (_site(place.host) != "" and _site(place.host) == _site(origin[0]))


def _site(host: str) -> str:
    """What all hosts of one owner end with, roughly; "" for a number or a single name."""
    labels = host.split(".")
    try:
        ip_address(host)
    except ValueError:
        is_shared = len(labels[-1]) == _COUNTRY and len(labels) > _COUNTRY and len(labels[-2]) <= _SHORT_SUFFIX
        return ".".join(labels[-3 if is_shared else -2 :]) if len(labels) > 1 else ""
    return ""


def _origin(provider: Provider) -> tuple[str, int | None]:
    place = _place(provider.base_url)
    return place.origin if place else ("", None)


def _place(address: str) -> _Place | None:
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in _DEFAULT_PORTS:
        return None
    query = dict[str, str]()
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        query.setdefault(unquote(name), unquote(value))  # a plus is a plus: IDs may hold one
    path = "/" + unquote(parts.path).strip("/")
    return _Place(host, None if port == _DEFAULT_PORTS[parts.scheme] else port, path, query)
