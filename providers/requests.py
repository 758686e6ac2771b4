"""What is sent to a gateway: address, headers and body of a question. Pure; the key is in nothing but the result."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

import jwt
from yarl import URL

from providers.base import PLACEHOLDER, Auth, Endpoint, Provider
from providers.own_links import same_origin

_TOKEN_LIFE, _CLOCK_SKEW = 1800, 5  # seconds
# A signed token serves for so long: of half an hour a minute more or less is the same.
_TOKEN_KEPT = 60
_PORTS = {"http": 80, "https": 443}
_BREAKS = re.compile("[\r\n\0]")
_JSON = "application/json"


class Origin(NamedTuple):
    """Whom a connection leads to; `host` as it is looked up: in ASCII, without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """As it stands in addresses and in `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host.rstrip(".")
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Fields(Mapping[str, str]):
    """Headers of a request. `lines`: as they are sent, `Host` among them; `names`: what they are called, in small."""

    __slots__ = ("_named", "lines", "names")

    def __init__(self, origin: Origin, named: Mapping[str, str]) -> None:
        """Raises ValueError where a value would begin a line of its own."""
        self._named = named
        self.names = frozenset(name.lower() for name in named)
        host = {} if "host" in self.names else {"Host": origin.authority}
        lines = [f"{name}: {value}" for name, value in {**host, **named}.items()]
        if any(_BREAKS.search(line) for line in lines):
            raise ValueError("a header must be one line")
        self.lines = "".join(f"{line}\r\n" for line in lines).encode()

    def __getitem__(self, name: str) -> str:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent as it is. Neither address nor headers are shown: both may hold the key.

    `target` is what stands in the first line: path and query, quoted.
    """

    method: str
    origin: Origin
    target: str = field(repr=False)
    headers: Fields = field(repr=False)
    body: bytes | None = field(default=None, repr=False)

    @property
    def url(self) -> URL:
        return URL(f"{self.origin.scheme}://{self.origin.authority}{self.target}", encoded=True)


class Question:
    """How is a task? Made once for an endpoint and a key, of all that is the same whichever task it is about."""

    def __init__(self, provider: Provider, endpoint: Endpoint, key: str) -> None:
        """Raises ValueError where no request can be made of these."""
        self.provider = provider
        self.endpoint = endpoint
        self._place = _Place(provider.base_url, endpoint.path, endpoint.params)
        self._key = key
        self._accept = {"Accept": _JSON}
        if endpoint.json is not None:
            self._accept["Content-Type"] = _JSON
        self._signature: _Signature | None = None
        self._signed_at = 0.0

    def about(self, task_id: str, now: float) -> Request:
        """The request about this task. Raises ValueError for an ID that the provider does not accept.

        `now` (epoch seconds) is only for keys that sign a token.
        """
        parts = _parts(self.provider, task_id)
        signature = self._signature
        if signature is None or (self.provider.auth.sign and abs(now - self._signed_at) > _TOKEN_KEPT):
            signature = self._signature = _signed(self._place.origin, self.provider, self._key, now, self._accept)
            self._signed_at = now
        body = None
        if self.endpoint.json is not None:
            body = json.dumps(_filled_json(self.endpoint.json, parts)).encode()
        return _request(self.endpoint.method, self._place, parts, signature, body)


def question(provider: Provider, endpoint: Endpoint, key: str, task_id: str, now: float) -> Request:
    """As `Question.about`, for one task only."""
    return Question(provider, endpoint, key).about(task_id, now)


def second_question(provider: Provider, key: str, task_id: str, handles: Mapping[str, str], now: float) -> Request:
    """Where is this finished task's file? Raises ValueError for a bad ID, or where an answer left a handle out."""
    if provider.fetch is None:
        raise ValueError(f"{provider.name} has no second request")
    parts = {**_parts(provider, task_id), **handles}
    place = _Place(provider.base_url, provider.fetch.path, provider.fetch.params)
    accept = _JSON if provider.fetch.mode == "json" else "*/*"
    return _request("GET", place, parts, _signed(place.origin, provider, key, now, {"Accept": accept}))


def own_file(provider: Provider, key: str, url: str, now: float) -> Request:
    """A file on the provider's own origin. Raises ValueError for any other: the key goes nowhere else."""
    # Two readers must agree on where it leads: what one takes for a user's name may be the other's host.
    target, base = URL(url), URL(provider.base_url)
    agreed = (target.scheme, target.host, target.port, target.user) == (base.scheme, base.host, base.port, None)
    if not agreed or not same_origin(url, provider.base_url):
        raise ValueError("not on the provider's own origin")
    origin = _origin(base)
    signature = _signed(origin, provider, key, now, {"Accept": "*/*"})
    return Request("GET", origin, _with_query(URL(url, encoded=True).raw_path_qs, signature.query), signature.fields)


class _Place:
    """Where an endpoint is, quoted here once and for all: nothing after this may read an escape or dots anew."""

    def __init__(self, base_url: str, path: str, params: Mapping[str, str]) -> None:
        base = URL(base_url.rstrip("/"), encoded=True)
        self.origin = _origin(URL(base_url))
        # Each text with the part that stands behind it, and how that is quoted.
        self._slots: list[tuple[str, str, Callable[[str], str]]] = []
        self._rest = base.raw_path.rstrip("/") + "/"
        self._add(PLACEHOLDER.split(path.lstrip("/")), _as_segments)
        for number, (name, value) in enumerate(params.items()):
            self._rest += f"{'&' if number else '?'}{_quoted(name)}="
            pieces = PLACEHOLDER.split(value)
            self._add([piece if place % 2 else _quoted(piece) for place, piece in enumerate(pieces)], _quoted)
        if _BREAKS.search("".join(text for text, *_ in self._slots) + self._rest):
            raise ValueError("an address must be one line")

    def target(self, parts: Mapping[str, str]) -> str:
        """Path and query. Raises ValueError for a part that is missing, or that is no part of a path."""
        return "".join([text + quoted(_part(name, parts)) for text, name, quoted in self._slots]) + self._rest

    def _add(self, pieces: Sequence[str], quoted: Callable[[str], str]) -> None:
        """`pieces` are a text, a part's name, a text, and so on, as the pattern of placeholders splits them."""
        self._rest += pieces[0]
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            self._slots.append((self._rest, name, quoted))
            self._rest = text


class _Signature(NamedTuple):
    """What shows who asks: headers, and what goes behind the address."""

    fields: Fields
    query: str


def _origin(url: URL) -> Origin:
    if url.scheme not in _PORTS or not url.raw_host or not url.port:
        raise ValueError("not an http(s) URL")
    return Origin(url.scheme, url.raw_host, url.port)


def _request(
    method: str, place: _Place, parts: Mapping[str, str], signature: _Signature, body: bytes | None = None
) -> Request:
    target = place.target(parts)
    return Request(method, place.origin, _with_query(target, signature.query), signature.fields, body)


def _with_query(target: str, query: str) -> str:
    if not query:
        return target
    return f"{target}{'&' if '?' in target else '?'}{query}"


def _parts(provider: Provider, task_id: str) -> Mapping[str, str]:
    parts = provider.task_ids.parts(task_id)
    if parts is None:
        raise ValueError("not a task ID")
    return parts


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _as_segments(part: str) -> str:
    segments = part.split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        raise ValueError("not a segment of a path")
    return "/".join([quote(segment, safe="") for segment in segments])


def _part(name: str, parts: Mapping[str, str]) -> str:
    if name not in parts:
        raise ValueError("the answer does not say what the second request needs")
    return parts[name]


def _filled_json(value: Any, parts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: _part(match[1], parts), value)
    if isinstance(value, Mapping):
        return {name: _filled_json(item, parts) for name, item in value.items()}
    return [_filled_json(item, parts) for item in value] if isinstance(value, list) else value


def _signed(origin: Origin, provider: Provider, key: str, now: float, accept: Mapping[str, str]) -> _Signature:
    headers = {"Accept-Encoding": "identity", **accept, **provider.headers}
    auth = provider.auth
    if auth.place == "none":
        return _Signature(Fields(origin, headers), "")
    credential = auth.prefix + _credential(auth, _bare(key), now)
    if auth.place == "query":
        return _Signature(Fields(origin, headers), f"{_quoted(auth.name)}={_quoted(credential)}")
    return _Signature(Fields(origin, {**headers, auth.name: credential}), "")


def _credential(auth: Auth, key: str, now: float) -> str:
    if not auth.sign:
        return key
    access, _, secret = key.partition(":")
    claims = {"iss": access, "exp": int(now) + _TOKEN_LIFE, "nbf": int(now) - _CLOCK_SKEW}
    return jwt.encode(claims, secret, algorithm="HS256")


def _bare(key: str) -> str:
    """The key without what people copy along with it."""
    key = key.strip()
    key = key[7:] if key[:7].lower() == "bearer " else key
    return "".join(letter for letter in key if letter.isprintable() and not letter.isspace())
