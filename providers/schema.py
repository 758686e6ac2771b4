"""The keys of a `[providers.NAME]` table and what they may hold; knows nothing of files, HTTP or answers."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from providers.base import (
    KINDS,
    PLACEHOLDER,
    Auth,
    Endpoint,
    Expression,
    Fetch,
    Kind,
    OutputKind,
    OutputRule,
    Provider,
    Reading,
    State,
    TaskIds,
)
from providers.expressions import compiled, literals
from providers.vocabulary import fold

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_BODY = "body."


def _jmespath(value: Any) -> Expression:
    if not isinstance(value, str):
        raise ValueError("must be a JMESPath expression, as text")  # noqa: TRY004 - pydantic collects ValueErrors
    return compiled(value)


def _pattern(value: Any) -> re.Pattern[str]:
    try:
        return re.compile(str(value))
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None


def _seconds(value: Any) -> float:
    match = _DURATION.fullmatch(str(value).strip())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if seconds <= 0 or isinstance(value, bool):
        raise ValueError("must be seconds, or a time such as 90s, 15m, 6h or 2d")
    return seconds


def _path(text: str) -> str:
    if not text.startswith("/") or any(letter in text for letter in "?#\\ ") or not text.isprintable():
        raise ValueError("must begin with / and hold no ? and no #; what follows a ? belongs into params")
    return text


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or "@" in text:
        raise ValueError("must be an address such as https://host")
    return text.rstrip("/")


def _matching(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"must be {what}")
        return text

    return AfterValidator(check)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable text")
    return text


Jmespath = Annotated[Any, BeforeValidator(_jmespath)]
Seconds = Annotated[float, BeforeValidator(_seconds)]
AbsolutePath = Annotated[str, AfterValidator(_path)]
Origin = Annotated[str, AfterValidator(_origin)]
HeaderName = Annotated[str, _matching(_HEADER, "the name of a header or parameter")]
Variable = Annotated[str, _matching(_VARIABLE, "the name of an environment variable")]
Text = Annotated[str, AfterValidator(_printable)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Auth(_Table):
    place: Literal["header", "query", "none"] = Field("header", alias="in")
    name: HeaderName = "Authorization"
    prefix: Text = "Bearer "
    sign: Literal["", "kling_jwt"] = ""


class _TaskIds(_Table):
    pattern: Annotated[Any, BeforeValidator(_pattern)] = None
    slashes: bool = False


class _Query(_Table):
    method: Literal["GET", "POST"] = "GET"
    path: AbsolutePath
    params: dict[str, str] = {}
    body: dict[str, Any] | None = Field(None, alias="json")


class _Map(_Table):
    status: Jmespath = None
    progress: Jmespath = None
    model: Jmespath = None
    prompt: Jmespath = None
    created_at: Jmespath = None
    updated_at: Jmespath = None
    completed_at: Jmespath = None
    error_message: Jmespath = None
    error_code: Jmespath = None


class _Output(_Table):
    kind: OutputKind | Literal["auto"]
    urls: Jmespath = None
    data_urls: Jmespath = None
    needs_auth: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.urls is None) == (self.data_urls is None):
            raise ValueError("needs either urls or data_urls")
        return self

    def rule(self) -> OutputRule:
        kind = None if self.kind == "auto" else OutputKind(self.kind)
        return OutputRule(kind, self.urls or self.data_urls, self.data_urls is not None, self.needs_auth)


class _Fetch(_Table):
    path: AbsolutePath
    params: dict[str, str] = {}
    mode: Literal["binary", "json"] = "binary"
    outputs: tuple[_Output, ...] | None = None

    @model_validator(mode="after")
    def _outputs_are_in_json(self) -> Self:
        if self.outputs is not None and self.mode != "json":
            raise ValueError('outputs can only be found with mode = "json"')
        return self


class _Poll(_Table):
    first: Seconds | None = None
    max: Seconds | None = None
    give_up_after: Seconds | None = None


class _Answers(_Table):
    """What a variant may say differently."""

    kind: Kind = "video"
    query: _Query
    root: Jmespath = None
    ok: Jmespath = None
    json_strings: tuple[str, ...] = ()
    map: _Map = _Map()
    progress_unit: Literal["percent", "fraction"] = "percent"
    states: dict[State, tuple[str | int, ...]] = {}
    outputs: tuple[_Output, ...] | None = None

    def endpoint(self, handles: Mapping[str, Expression]) -> Endpoint:
        return Endpoint(
            self.kind, self.query.path, self.query.params, self.query.method, self.query.body, self._reading(handles)
        )

    def _reading(self, handles: Mapping[str, Expression]) -> Reading | None:
        fields = {name: find for name in _Map.model_fields if (find := getattr(self.map, name)) is not None}
        if self.progress_unit == "fraction":
            fields.setdefault("progress", compiled("progress"))
        reading = Reading(
            root=self.root,
            ok=self.ok,
            json_strings=self.json_strings,
            fields=fields,
            fraction=self.progress_unit == "fraction",
            states={fold(str(word)): state for state, words in self.states.items() for word in words},
            made_up=literals(self.map.status),
            outputs=None if self.outputs is None else tuple(output.rule() for output in self.outputs),
            handles=handles,
        )
        return None if reading == Reading() else reading


class Spec(_Answers):
    """One table `[providers.NAME]`. Validation raises pydantic's ValidationError."""

    preset: str | None = None
    title: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)] | None = None
    base_url: Origin
    api_key_env: Variable = ""
    auth: _Auth = _Auth.model_validate({})
    headers: dict[HeaderName, Text] = {}
    task_id: _TaskIds = _TaskIds()
    fetch: _Fetch | None = None
    variants: dict[str, dict[str, Any]] = {}
    poll: _Poll = _Poll()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.api_key_env and self.auth.place != "none":
            raise ValueError('needs api_key_env, the name of the variable with its key (or auth = { in = "none" })')
        for query in (self.query, *(variant.query for variant in self._variants())):
            self._check_placeholders("query", query.path, *query.params.values(), *_texts(query.body))
        if self.fetch:
            self._check_placeholders("fetch", self.fetch.path, *self.fetch.params.values())
        self._handles()
        return self

    def _check_placeholders(self, where: str, *texts: str) -> None:
        groups = self.task_id.pattern.groupindex if self.task_id.pattern else {}
        used = [name for text in texts for name in PLACEHOLDER.findall(text)]
        for name in used:
            if name != "id" and name not in groups and not (where == "fetch" and name.startswith(_BODY)):
                raise ValueError(f"{where}: {{{name}}} stands for nothing; use {{id}} or a group of task_id.pattern")
        if where == "query" and not used:
            raise ValueError("query: must hold {id} in path, params or json")

    def _variants(self) -> list[_Answers]:
        ours = {name: getattr(self, name) for name in _Answers.model_fields if name != "query"}
        made = []
        for name, table in self.variants.items():
            kind = {"kind": name} if name in KINDS else {}
            try:
                said = _Answers.model_validate({"query": self.query.model_dump(by_alias=True), **kind, **table})
            except ValidationError as error:
                problem = error.errors()[0]
                raise ValueError(f"variants.{name}{described(problem)}") from None
            made.append(said.model_copy(update={key: ours[key] for key in ours if key not in said.model_fields_set}))
        return made

    def provider(self, name: str) -> Provider:
        """The table as the value that everything else works with."""
        handles = self._handles()
        endpoints = (self.endpoint(handles), *(variant.endpoint(handles) for variant in self._variants()))
        return Provider(
            name=name,
            title=self.title or name,
            base_url=self.base_url,
            endpoints=endpoints,
            fetch=self._fetch(),
            min_interval=self.poll.first,
            max_interval=self.poll.max,
            give_up_after=self.poll.give_up_after,
            task_ids=TaskIds(self.task_id.pattern, self.task_id.slashes),
            auth=Auth(self.auth.place, self.auth.name, self.auth.prefix, self.auth.sign),
            headers=self.headers,
        )

    def _fetch(self) -> Fetch | None:
        if self.fetch is None:
            return None
        rules = self.fetch.outputs
        reading = None if rules is None else Reading(outputs=tuple(output.rule() for output in rules))
        return Fetch(self.fetch.path, self.fetch.params, self.fetch.mode, reading)

    def _handles(self) -> dict[str, Expression]:
        texts = (self.fetch.path, *self.fetch.params.values()) if self.fetch else ()
        names = {name for text in texts for name in PLACEHOLDER.findall(text) if name.startswith(_BODY)}
        try:
            return {name: compiled(name.removeprefix(_BODY)) for name in sorted(names)}
        except ValueError as error:
            raise ValueError(f"fetch: {error}") from None


def described(problem: Any) -> str:
    """One of pydantic's problems as `.key: what is wrong`."""
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "missing":
            text = "is missing"
        case "extra_forbidden":
            text = "is no key of the schema"
        case _:
            text = str(problem["msg"]).removeprefix("Value error, ")
    return f".{key}: {text}" if key else f": {text}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
