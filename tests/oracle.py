"""A foreign oracle: holds logged Bot API calls against aiogram's models; knows nothing of the bot or the stand-in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any

from aiogram import methods
from aiogram.types import BufferedInputFile, ResponseParameters
from pydantic import BaseModel, TypeAdapter, ValidationError

Call = Mapping[str, Any]

_METHODS: Mapping[str, type[methods.TelegramMethod[Any]]] = MappingProxyType(
    {
        method.__api_method__: method
        for method in vars(methods).values()
        if isinstance(method, type)
        and issubclass(method, methods.TelegramMethod)
        and method is not methods.TelegramMethod
    }
)
_UPLOAD = frozenset({"file", "size", "sha256"})
_ATTACHED = "attach://"
_FILE_FIELDS = frozenset({"media", "photo", "video", "animation", "document", "audio", "thumbnail", "cover"})
_TEXT, _CAPTION, _POPUP = (1, 4096), (0, 1024), (0, 200)
_CALLBACK_DATA, _COPIED, _ALBUM = (1, 64), (1, 256), (2, 10)
# What JSON has to hold where the model ends up with a value of the first type. A model takes "7" for 7; Telegram's
# documents do not say so.
_EXACT: tuple[tuple[type, tuple[type, ...]], ...] = (
    (bool, (bool,)),
    (int, (int,)),
    (float, (int, float)),
    (datetime, (int,)),
)


def complaints(calls: Sequence[Call]) -> list[str]:
    """One line for each thing that is wrong with the requests or the answers in a log of `/sim/calls`."""
    return [f"#{call.get('n')} {call['method']}: {what}" for call in calls for what in _complaints(call)]


def _complaints(call: Call) -> Iterator[str]:
    method = _METHODS.get(call["method"])
    if method is None:
        yield "unknown method"
        return
    if call["params"] is not None:
        yield from _request(method, call["params"])
    # An answer that the stand-in wrote as text is a fault that a test asked for.
    if isinstance(call["answer"], Mapping):
        yield from _answer(method, call["status"], call["answer"])


# Requests


def _request(method: type[methods.TelegramMethod[Any]], params: Mapping[str, Any]) -> Iterator[str]:
    uploads = {name: value for name, value in params.items() if _is_upload(value)}
    attached = uploads.keys() - _names(method).keys()
    given = {name: _with_files(value, uploads) for name, value in params.items() if name not in attached}
    yield from _shape(method.model_validate, given)
    wanted = {value.removeprefix(_ATTACHED) for value in _file_values(params) if value.startswith(_ATTACHED)}
    yield from (f"{_ATTACHED}{name} has no file" for name in sorted(wanted - uploads.keys()))
    yield from (f"the file {name} is attached to nothing" for name in sorted(attached - wanted))
    yield from _limits(method.__api_method__, params)


def _is_upload(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == _UPLOAD


def _with_files(value: Any, uploads: Mapping[str, Any]) -> Any:
    """The same, but with aiogram's file objects where the request had files; their bytes are of no interest."""
    if _is_upload(value):
        return BufferedInputFile(b"", filename=str(value["file"]))
    if isinstance(value, Mapping):
        return {name: _as_file(name, _with_files(part, uploads)) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_files(part, uploads) for part in value]
    if isinstance(value, str) and value.startswith(_ATTACHED) and value.removeprefix(_ATTACHED) in uploads:
        return BufferedInputFile(b"", filename=value)
    return value


def _as_file(name: str, value: Any) -> Any:
    """A path, as a local server takes it, is a file; aiogram knows only that some fields do not take text."""
    is_path = name in _FILE_FIELDS and isinstance(value, str) and value.startswith("file:///")
    return BufferedInputFile(b"", filename=value) if is_path else value


def _file_values(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _file_values(part)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if name in _FILE_FIELDS and isinstance(part, str):
                yield part
            else:
                yield from _file_values(part)


# Limits that no type shows


def _limits(name: str, params: Mapping[str, Any]) -> Iterator[str]:
    if name in {"sendMessage", "editMessageText"} and isinstance(params.get("text"), str):
        yield from _within("text", len_utf16(_visible(params["text"], params)), _TEXT)
    if name == "answerCallbackQuery":
        yield from _within("text", len_utf16(str(params.get("text", ""))), _POPUP)
    if name == "sendMediaGroup" and isinstance(params.get("media"), list):
        yield from _within("media", len(params["media"]), _ALBUM)
    for described in _mappings(params):
        yield from _own_limits(described)


def _own_limits(described: Mapping[str, Any]) -> Iterator[str]:
    caption, data = described.get("caption"), described.get("callback_data")
    copied = described.get("copy_text")
    if isinstance(caption, str):
        yield from _within("caption", len_utf16(_visible(caption, described)), _CAPTION)
    if isinstance(data, str):
        yield from _within("callback_data", len(data.encode("utf-8", "surrogatepass")), _CALLBACK_DATA)
    if isinstance(copied, Mapping):
        yield from _within("copy_text", len(str(copied.get("text", ""))), _COPIED)


def _within(what: str, size: int, limits: tuple[int, int]) -> Iterator[str]:
    least, most = limits
    if not least <= size <= most:
        yield f"{what} has the size {size}, not {least} to {most}"


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a decoded JSON value, itself included."""
    if isinstance(value, Mapping):
        yield value
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _mappings(part)


def len_utf16(text: str) -> int:
    """As Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _visible(text: str, described: Mapping[str, Any]) -> str:
    """What is left of a text once its markup is read."""
    if str(described.get("parse_mode", "")).lower() != "html":
        return text.strip()
    parser = _Words()
    parser.feed(text)
    parser.close()
    return "".join(parser.words).strip()


# Answers


def _answer(method: type[methods.TelegramMethod[Any]], status: int | None, answer: Mapping[str, Any]) -> Iterator[str]:
    if answer.get("ok") is not True:
        yield from _refusal(status, answer)
        return
    if answer.keys() != {"ok", "result"}:
        yield f"answer has the fields {sorted(answer)}"
        return
    for what in _shape(_result(method).validate_python, answer["result"]):
        yield f"answer: {what}"


@cache
def _result(method: type[methods.TelegramMethod[Any]]) -> TypeAdapter[Any]:
    return TypeAdapter(method.__returning__)


def _refusal(status: int | None, answer: Mapping[str, Any]) -> Iterator[str]:
    if answer.get("ok") is not False or not isinstance(answer.get("description"), str):
        yield "refusal without ok false and a description"
    if status not in {None, answer.get("error_code")}:
        yield f"refusal with the status {status} and the error_code {answer.get('error_code')}"
    unknown = answer.keys() - {"ok", "error_code", "description", "parameters"}
    yield from (f"refusal has the unknown field {name}" for name in sorted(unknown))
    for what in _shape(ResponseParameters.model_validate, answer.get("parameters", {})):
        yield f"refusal's parameters: {what}"


# Shapes


def _shape(validate: Callable[[Any], Any], raw: Any) -> Iterator[str]:
    """What the model says against `raw`, or what it let pass too lightly."""
    try:
        seen = validate(raw)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            yield f"{_path(detail['loc'])}: {detail['msg']}"
        return
    yield from _loose("", raw, seen)


def _path(location: Sequence[int | str]) -> str:
    return ".".join(map(str, location)) or "value"


def _loose(path: str, raw: Any, seen: Any) -> Iterator[str]:
    """Unknown fields and coerced values anywhere below; `seen` is what the model made of `raw`."""
    if isinstance(seen, BaseModel):
        yield from _loose_fields(path, raw, seen)
    elif isinstance(seen, list):
        for index, (part, made) in enumerate(zip(raw, seen, strict=True)):
            yield from _loose(f"{path}[{index}]", part, made)
    elif not _is_exact(raw, seen):
        yield f"{path or 'value'}: {type(seen).__name__} expected, not {raw!r}"


def _loose_fields(path: str, raw: Any, seen: BaseModel) -> Iterator[str]:
    names = _names(type(seen))
    for name, part in raw.items():
        inner = f"{path}.{name}".lstrip(".")
        if name not in names:
            yield f"{inner}: unknown field"
        elif part is None:
            yield f"{inner}: null instead of being left out"
        else:
            yield from _loose(inner, part, getattr(seen, names[name]))


@cache
def _names(model: type[BaseModel]) -> Mapping[str, str]:
    """Telegram's names of a model's fields and the model's own."""
    return {field.alias or name: name for name, field in model.model_fields.items()}


def _is_exact(raw: Any, seen: Any) -> bool:
    for made, wanted in _EXACT:
        if isinstance(seen, made):
            return isinstance(raw, wanted) and (made is bool or not isinstance(raw, bool))
    return True
