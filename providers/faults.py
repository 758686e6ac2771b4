"""Reads complaints out of an answer: what went wrong, in whose words, and what the asker can do about it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.base import QueryErrorKind, TaskError
from providers.outputs import json_inside, usable_url
from providers.scrub import masked
from providers.vocabulary import (
    ASIDES,
    CODE_KEYS,
    ERROR_CODE_KEYS,
    ERROR_KEYS,
    INNER_CODE_KEYS,
    INNER_MESSAGE_KEYS,
    MESSAGE_KEYS,
    OK_CODES,
    SUCCESS_WORDS,
    fold,
    fold_keys,
)

MESSAGE_LIMIT = 500
CODE_LIMIT = 100
_NESTED = 8
_LONGEST_READ = 2000

_HTTP: Mapping[int, QueryErrorKind] = {
    401: QueryErrorKind.AUTH,
    402: QueryErrorKind.PAYMENT,
    403: QueryErrorKind.AUTH,
    404: QueryErrorKind.NOT_FOUND,
    408: QueryErrorKind.TRANSIENT,
    410: QueryErrorKind.NOT_FOUND,
    423: QueryErrorKind.TRANSIENT,
    425: QueryErrorKind.TRANSIENT,
    429: QueryErrorKind.RATE_LIMITED,
    455: QueryErrorKind.TRANSIENT,
}

# The first that matches decides. A key that is "not found" is a matter of the key, so keys come before tasks; and one
# relay family says "not implemented" where another of its doors knows the task.
_PHRASES: Sequence[tuple[QueryErrorKind, Sequence[str]]] = (
    (
        QueryErrorKind.TRANSIENT,
        (
            r"not (?:yet |been )?(?:completed?|finished|ready|available yet)",
            r"still (?:processing|running|in progress)",
            r"未完成|处理中|生成中",
        ),
    ),
    (
        QueryErrorKind.PAYMENT,
        (r"insufficient|payment|billing|arrears|out of credit|quota", r"余额|额度|欠费|充值"),
    ),
    (QueryErrorKind.RATE_LIMITED, (r"rate.?limit|too many requests", r"请求过多|过于频繁|限流")),
    (
        QueryErrorKind.AUTH,
        (
            r"unauthori[sz]ed|unauthenticated|authentication|login fail|permission denied",
            r"(?:invalid|incorrect|expired|missing|bad|wrong|disabled).{0,12}(?:api.?key|token|credential)",
            r"(?:api.?key|token).{0,20}(?:not found|not exist|not valid|invalid|expired|missing)",
            r"令牌|密钥|鉴权|未授权",
        ),
    ),
    (
        QueryErrorKind.NOT_FOUND,
        (
            r"not?.?found|(?:not|n't).{0,6}exist|no such|unknown task|(?:record|task)\w* is null",
            r"invalid.{0,4}(?:task|job).?id|(?:task|job).?id.{0,6}(?:invalid|not valid)",
            r"^not implemented$",
            r"不存在|未找到|找不到",
        ),
    ),
    (
        QueryErrorKind.TRANSIENT,
        (
            r"timed? ?out|temporar|unavailable|try again|overload|too busy|internal.{0,8}error|upstream",
            r"上游|稍后|超时|繁忙",
        ),
    ),
)
_KINDS = tuple((kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, patterns in _PHRASES)
# Some gateways answer an empty account as they answer too many questions. Advice to buy more is no empty account.
_EMPTY_ACCOUNT = re.compile(r"arrears|insufficient|deplet|余额|欠费", re.IGNORECASE)
_REFUSALS = (("success", False), ("ok", False), ("error", True))


@dataclass(frozen=True, slots=True)
class Fault:
    """What an answer complains about, "" where it does not.

    `refused`: the envelope turns the question itself down. `complains`: there is an error, whomever it concerns.
    """

    message: str
    code: str
    envelope_code: str
    refused: bool
    complains: bool


def read_fault(layers: Sequence[Mapping[str, Any]]) -> Fault:
    """The complaint in `layers` (objects with folded keys, the task's own first)."""
    error, inner_code = _first_error(layers)
    envelope_code = _envelope_code(layers)
    code = inner_code or _first_code(layers) or envelope_code
    return Fault(
        message=masked(error or _first_text(layers, (*MESSAGE_KEYS, "description")) or code, MESSAGE_LIMIT),
        code=masked(code, CODE_LIMIT),
        envelope_code=envelope_code,
        refused=is_refused(layers),
        complains=bool(error or inner_code),
    )


def is_refused(layers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the envelope turns the question down, by a code or by a flag."""
    flagged = any(layer.get(flag) is no for layer in layers for flag, no in _REFUSALS)
    return flagged or _envelope_code(layers) != ""


def task_error(layers: Sequence[Mapping[str, Any]]) -> TaskError | None:
    """Why a task ended badly; None when the answer gives no reason at all."""
    fault = read_fault(layers)
    message = fault.message or masked(_misplaced(layers), MESSAGE_LIMIT)
    return TaskError(message, fault.code or None) if message else None


def classify(http: int, fault: Fault) -> QueryErrorKind | None:
    """The kind by numeric code, then by the code's words, then by HTTP status, then by the message."""
    for code in (fault.envelope_code, fault.code):
        if kind := _by_number(code):
            return kind
    if http == 429 and _EMPTY_ACCOUNT.search(fault.message):  # noqa: PLR2004 - HTTP's Too Many Requests
        return QueryErrorKind.PAYMENT
    return (
        by_words(fault.envelope_code.replace("_", " "))
        or by_words(fault.code.replace("_", " "))
        or by_http(http)
        or by_words(fault.message)
    )


def by_http(status: int) -> QueryErrorKind | None:
    """The kind that an HTTP status, or a code that imitates one, means on its own."""
    return _HTTP.get(status) or (QueryErrorKind.TRANSIENT if 500 <= status <= 599 else None)  # noqa: PLR2004


def by_words(text: str) -> QueryErrorKind | None:
    """The kind that a sentence in English or Chinese speaks of."""
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), None) if text else None


def _by_number(code: str) -> QueryErrorKind | None:
    return by_http(int(code)) if len(code) == 3 and code.isascii() and code.isdigit() else None  # noqa: PLR2004


def _first_error(layers: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    values = (node.get(key) for node in _with_asides(layers) for key in ERROR_KEYS)
    found = [_described(value, _NESTED) for value in values if value]
    message = next((message for message, _ in found if message), "")
    return message, next((code for _, code in found if code), "")


def _with_asides(layers: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for layer in layers:
        yield layer
        for key in ASIDES:
            if isinstance(inner := layer.get(key), dict):
                yield fold_keys(inner)


def _described(value: Any, depth: int) -> tuple[str, str]:
    """Message and code of an error in whatever form: text, JSON in text, object, list of these."""
    if depth == 0:
        return "", ""
    if isinstance(value, list):
        return _described(value[0], depth - 1) if value else ("", "")
    if isinstance(value, dict):
        return _described_object(fold_keys(value), depth - 1)
    if not isinstance(value, str):
        return "", ""
    nested = json_inside(value) if len(value) <= _LONGEST_READ else None
    message, code = _described(nested, depth - 1) if isinstance(nested, dict) else ("", "")
    return message or _wording(value), code


def _described_object(node: Mapping[str, Any], depth: int) -> tuple[str, str]:
    code = next((code for key in INNER_CODE_KEYS if (code := _code(node.get(key)))), "")
    for key in INNER_MESSAGE_KEYS:
        value = node.get(key)
        # Only errors hold errors: following every name would let a crafted answer cost as much as it likes.
        message, inner_code = _described(value, depth) if key == "error" or isinstance(value, str) else ("", "")
        if message:
            return message, code or inner_code
    return "", code


def _wording(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    text = value[:_LONGEST_READ].strip()
    return "" if text.lower() in SUCCESS_WORDS or usable_url(text) else text


def _code(value: Any) -> str:
    """A code as text; "" for every way of saying that all is well."""
    if isinstance(value, bool):
        return "" if value else "false"
    if isinstance(value, int | float):
        return "" if value in (0, 1) or 200 <= value <= 299 else f"{value:.15g}"  # noqa: PLR2004 - HTTP's good ones
    text = value[:CODE_LIMIT].strip() if isinstance(value, str) else ""
    return "" if fold(text) in OK_CODES else text


def _envelope_code(layers: Sequence[Mapping[str, Any]]) -> str:
    for layer in reversed(layers):
        for key in CODE_KEYS:
            if key in layer and (code := _code(layer[key])):
                # Some gateways have a good code of their own, and say beside it that it is one.
                return "" if _says_success(layers) else code
        if _imitates_http(layer.get("status")):
            return _code(layer["status"])
    return ""


def _imitates_http(value: Any) -> bool:
    # Small numbers are some gateway's own states, which nobody can guess.
    return isinstance(value, int) and value >= 100  # noqa: PLR2004 - HTTP's least status


def _first_code(layers: Sequence[Mapping[str, Any]]) -> str:
    values = (layer.get(key) for layer in layers for key in ERROR_CODE_KEYS)
    return next((code for value in values if (code := _code(value))), "")


def _first_text(layers: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> str:
    values = (layer.get(key) for layer in layers for key in keys)
    return next((text for value in values if (text := _wording(value))), "")


def _says_success(layers: Sequence[Mapping[str, Any]]) -> bool:
    words = [text for layer in layers for key in MESSAGE_KEYS if isinstance(text := layer.get(key), str) and text]
    return bool(words) and all(word.strip().lower() in SUCCESS_WORDS for word in words)


def _misplaced(layers: Sequence[Mapping[str, Any]]) -> str:
    """One gateway family puts the failure's text where a link would be."""
    values = (node.get(key) for node in _with_asides(layers) for key in ("result_url", "url"))
    return next((text for value in values if (text := _wording(value))), "")
