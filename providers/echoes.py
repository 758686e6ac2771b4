"""Takes the asker's own key out of what a gateway says: it would be stored and shown in chats. Pure.

What looks like a key is blanked where words are read; this is about keys that look like nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote, urlsplit

from providers.base import Output, QueryError, Snapshot
from providers.own_links import same_origin

Answer = TypeVar("Answer", Snapshot, QueryError)
Blank = Callable[[str], str]

_BLANK = "…"
# A shorter one could be any word, and whoever reads it in an answer learns nothing.
_SHORTEST = 8


def without_key(answer: Answer, key: str, base_url: str) -> Answer:
    """`answer` without the key, or a half of `ACCESS:SECRET`. A link to the provider will be fetched with it."""
    forms = tuple(_forms(key))
    said = "\n".join(_texts(answer))
    if not any(form in said for form in forms):
        # Nearly always; then there is nothing to be made anew.
        return answer

    def blank(text: str) -> str:
        for form in forms:
            text = text.replace(form, _BLANK)
        return text

    if isinstance(answer, QueryError):
        return replace(answer, message=blank(answer.message), code=_maybe(blank, answer.code))
    error = answer.error
    return replace(
        answer,
        task_id=_maybe(blank, answer.task_id),
        raw_status=blank(answer.raw_status),
        model=_maybe(blank, answer.model),
        prompt=_maybe(blank, answer.prompt),
        error=error and replace(error, message=blank(error.message), code=_maybe(blank, error.code)),
        outputs=tuple(_linked(output, blank, base_url) for output in answer.outputs),
        handles={name: blank(value) for name, value in answer.handles.items()},
    )


def _texts(answer: Snapshot | QueryError) -> list[str]:
    if isinstance(answer, QueryError):
        return [answer.message, answer.code or ""]
    error = answer.error
    return [
        *(text for text in (answer.task_id, answer.raw_status, answer.model, answer.prompt) if text),
        *((error.message, error.code or "") if error else ()),
        *(output.url for output in answer.outputs if not output.url.startswith("data:")),
        *answer.handles.values(),
    ]


def _forms(key: str) -> Iterator[str]:
    for part in (key, *key.split(":")):
        if len(part) >= _SHORTEST:
            yield part
            yield quote(part, safe="")


def _maybe(blank: Blank, text: str | None) -> str | None:
    return None if text is None else blank(text)


def _linked(output: Output, blank: Blank, base_url: str) -> Output:
    if output.url.startswith("data:") or blank(output.url) == output.url:
        return output
    parts = urlsplit(output.url)
    query = "&".join(pair for pair in parts.query.split("&") if blank(pair) == pair)
    url = blank(parts._replace(query=query).geturl())
    return replace(output, url=url, needs_auth=output.needs_auth or same_origin(url, base_url))
