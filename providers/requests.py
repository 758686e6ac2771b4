"""What is sent to a gateway: address, headers and body of a question. Pure; the key is in nothing but the result."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import jwt
from yarl import URL

from providers.base import PLACEHOLDER, Auth, Endpoint, Provider
from providers.own_links import same_origin

_TOKEN_LIFE, _CLOCK_SKEW = 1800, 5  # seconds


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent as it is. Neither address nor headers are shown: both may hold the key."""

    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


def question(provider: Provider, endpoint: Endpoint, key: str, task_id: str, now: float) -> Request:
    """How is this task? Raises ValueError for an ID that the provider does not accept.

    `now` (epoch seconds) is only for keys that sign a token.
    """
    parts = _parts(provider, task_id)
    request = Request(endpoint.method, _url(provider.base_url, endpoint.path, endpoint.params, parts), {})
    if endpoint.json is not None:
        body = json.dumps(_filled_json(endpoint.json, parts)).encode()
        request = replace(request, headers={"Content-Type": "application/json"}, body=body)
    return _signed(request, provider, key, now, "application/json")


def second_question(provider: Provider, key: str, task_id: str, handles: Mapping[str, str], now: float) -> Request:
    """Where is this finished task's file? Raises ValueError for a bad ID, or where an answer left a handle out."""
    if provider.fetch is None:
        raise ValueError(f"{provider.name} has no second request")
    parts = {**_parts(provider, task_id), **handles}
    request = Request("GET", _url(provider.base_url, provider.fetch.path, provider.fetch.params, parts), {})
    return _signed(request, provider, key, now, "application/json" if provider.fetch.mode == "json" else "*/*")


def own_file(provider: Provider, key: str, url: str, now: float) -> Request:
    """A file on the provider's own origin. Raises ValueError for any other: the key goes nowhere else."""
    # Two readers must agree on where it leads: what one takes for a user's name may be the other's host.
    target, base = URL(url), URL(provider.base_url)
    agreed = (target.scheme, target.host, target.port, target.user) == (base.scheme, base.host, base.port, None)
    if not agreed or not same_origin(url, provider.base_url):
        raise ValueError("not on the provider's own origin")
    return _signed(Request("GET", URL(url, encoded=True), {}), provider, key, now, "*/*")


def _parts(provider: Provider, task_id: str) -> Mapping[str, str]:
    parts = provider.task_ids.parts(task_id)
    if parts is None:
        raise ValueError("not a task ID")
    return parts


def _url(base_url: str, path: str, params: Mapping[str, str], parts: Mapping[str, str]) -> URL:
    """The address, quoted here once and for all: nothing after this may read an escape or a dot segment anew."""
    query = "&".join(
        f"{quote(name, safe='')}={quote(_filled(value, parts), safe='')}" for name, value in params.items()
    )
    quoted = {name: _as_segments(part) for name, part in parts.items()}
    where = f"{base_url.rstrip('/')}/{_filled(path, quoted).lstrip('/')}"
    return URL(f"{where}?{query}" if query else where, encoded=True)


def _as_segments(part: str) -> str:
    segments = part.split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        raise ValueError("not a segment of a path")
    return "/".join(quote(segment, safe="") for segment in segments)


def _filled(text: str, parts: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: _part(match[1], parts), text)


def _part(name: str, parts: Mapping[str, str]) -> str:
    if name not in parts:
        raise ValueError("the answer does not say what the second request needs")
    return parts[name]


def _filled_json(value: Any, parts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, parts)
    if isinstance(value, Mapping):
        return {name: _filled_json(item, parts) for name, item in value.items()}
    return [_filled_json(item, parts) for item in value] if isinstance(value, list) else value


def _signed(request: Request, provider: Provider, key: str, now: float, accept: str) -> Request:
    headers = {"Accept": accept, "Accept-Encoding": "identity", **request.headers, **provider.headers}
    auth = provider.auth
    if auth.place == "none":
        return replace(request, headers=headers)
    credential = auth.prefix + _credential(auth, _bare(key), now)
    if auth.place == "query":
        # Put together as text: the library would quote anew what is quoted already.
        joint = "&" if request.url.raw_query_string else "?"
        url = URL(f"{request.url}{joint}{quote(auth.name, safe='')}={quote(credential, safe='')}", encoded=True)
        return replace(request, url=url, headers=headers)
    return replace(request, headers={**headers, auth.name: credential})


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
