"""The description of what programs can do, as an OpenAPI 3.1 document. Pure; the handlers are held to it by a test."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.intake.programs import LONGEST_PAGE, NEWEST, PAGE
from bot.tracking.model import Ending, Strike
from providers.base import KINDS, OutputKind, Provider, State, TaskIds
from providers.failures import FailureKind

Json = dict[str, Any]

LONGEST_ID = 512
_ID = r"^[A-Za-z0-9]([A-Za-z0-9._:=+\-]{0,510}[A-Za-z0-9=])?$"
_SAMPLE = "video_69095b4ce004"
_STRING: Json = {"type": "string"}

_ANSWERS: Mapping[str, str] = {
    "400": "The body is no JSON.",
    "401": "There is no token that works.",
    "403": "Whoever made the token is not let in any more.",
    "404": "The chat of the token follows no such task.",
    "408": "The body did not arrive in time.",
    "409": "No provider that is set up can have this task.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not `application/json`, or compressed.",
    "422": "The request can not be meant like this.",
    "429": "Too much for now; `Retry-After` says for how many seconds.",
    "503": "The database does not answer; nothing was changed.",
}
_HEADERS: Mapping[str, Json] = {
    "401": {"WWW-Authenticate": {"schema": _STRING, "required": True}},
    "429": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "required": True}},
    "503": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "required": True}},
}
_EVERYWHERE = ("401", "403", "429", "503")


def document(providers: Sequence[Provider], version: str, public_url: str | None) -> Json:
    """For a bot with these providers."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rushes",
            "version": version,
            "summary": "Have generations followed in a Telegram chat.",
            "description": "A program that submits a generation has it followed in the chat of its token: there appear"
            " the card and, at the end, the media. `/token` in the chat makes a token.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url or "/"}],
        "security": [{"token": []}],
        "paths": {
            "/v1/track": {"post": _track()},
            "/v1/tasks": {"get": _list()},
            "/v1/tasks/{id}": {"parameters": [_path_id(providers)], "get": _show(), "delete": _untrack()},
            "/v1/openapi.json": {"get": _describe()},
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "What `/token` in the chat showed."}
            },
            "schemas": _schemas(providers),
            "responses": {status: _problem(status) for status in _ANSWERS},
        },
    }


def as_bytes(providers: Sequence[Provider], version: str, public_url: str | None) -> bytes:
    """The document as it is handed out."""
    return (json.dumps(document(providers, version, public_url), ensure_ascii=False, indent=2) + "\n").encode()


# What can be done


def _track() -> Json:
    links = {
        "task": {"operationId": "showTask", "parameters": {"id": "$response.body#/id"}},
        "untrack": {"operationId": "untrackTask", "parameters": {"id": "$response.body#/id"}},
    }
    location = {"Location": {"schema": {"type": "string", "format": "uri-reference"}, "required": True}}
    more = {"headers": location, "links": links}
    return {
        "operationId": "track",
        "summary": "The chat follows a task from now on",
        "description": "As `/track ID` in the chat. To ask once more for a task that is followed does no harm.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _ref("TrackRequest"),
                    "examples": {"anywhere": {"summary": "Every provider is asked", "value": {"id": _SAMPLE}}},
                }
            },
        },
        "responses": {
            "200": {**_content("The chat followed it before.", "TrackedTask"), **more},
            "201": {**_content("The chat follows it from now on.", "TrackedTask"), **more},
            **_problems("400", "408", "409", "413", "415", "422"),
        },
    }


def _list() -> Json:
    def number(name: str, what: str, most: int, **more: int) -> Json:
        schema = {"type": "integer", "minimum": 1, "maximum": most, **more}
        return {"name": name, "in": "query", "description": what, "schema": schema}

    return {
        "operationId": "listTasks",
        "summary": "What the chat follows, the newest first",
        "parameters": [
            number("limit", "How many at most.", LONGEST_PAGE, default=PAGE),
            number("before", "What the page before gave as `next`.", NEWEST),
        ],
        "responses": {"200": _content("A page of tasks.", "TaskList"), **_problems("422")},
    }


def _show() -> Json:
    return {
        "operationId": "showTask",
        "summary": "How a task stands",
        "responses": {"200": _content("The task.", "Task"), **_problems("404")},
    }


def _untrack() -> Json:
    return {
        "operationId": "untrackTask",
        "summary": "The chat follows the task no longer",
        "description": "As `/untrack ID` in the chat. The generation itself goes on.",
        "responses": {"204": {"description": "It does not."}, **_problems("404")},
    }


def _describe() -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": "describe",
        "summary": "This document",
        "security": [],
        "responses": {"200": {"description": "An OpenAPI document.", "content": content}},
    }


# What goes in and comes out


def _schemas(providers: Sequence[Provider]) -> Json:
    task = _task(providers)
    callback = {
        "type": ["string", "null"],
        "description": "What a gateway may be given as its callback address; null where the bot has no PUBLIC_URL.",
    }
    tracked = {**task["properties"], "callback_url": callback}
    return {
        "TrackRequest": _track_request(providers),
        "Task": task,
        "TrackedTask": _object(tracked),
        "TaskList": _object(
            {
                "tasks": {"type": "array", "items": _ref("Task"), "maxItems": LONGEST_PAGE},
                "next": {
                    "type": ["integer", "null"],
                    "minimum": 1,
                    "description": "`before` of the next page; null on the last one.",
                },
            }
        ),
        "Problem": {
            "type": "object",
            "description": "RFC 9457.",
            "properties": {
                "title": _STRING,
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {"type": "string", "description": "What is wrong, in one sentence."},
            },
            "required": ["title", "status", "detail"],
        },
    }


def _track_request(providers: Sequence[Provider]) -> Json:
    names = [provider.name for provider in providers]
    named: Json = {"type": ["string", "null"], "description": "Where to look; without it, everywhere."}
    return {
        "type": "object",
        "properties": {
            "id": {**_task_id(providers), "examples": [_SAMPLE]},
            "provider": {**named, "enum": [*names, None]} if names else named,
            "kind": {
                "type": ["string", "null"],
                "enum": [*KINDS, None],
                "description": "What it makes; without it, whatever.",
            },
        },
        "required": ["id"],
        "additionalProperties": False,
    }


def _task(providers: Sequence[Provider]) -> Json:
    words = {"type": ["string", "null"]}
    error = _object(
        {
            "kind": {
                "type": ["string", "null"],
                "enum": [*map(str, FailureKind), None],
                "description": "What somebody could do something about, where that is clear.",
            },
            "message": {"type": "string", "description": "The gateway's own words, without keys."},
            "code": words,
        }
    )
    output = _object(
        {
            "kind": {"type": "string", "enum": [str(kind) for kind in OutputKind if kind is not OutputKind.THUMBNAIL]},
            "url": {**words, "description": "Null where only the bot can open it. It may expire."},
        }
    )
    return _object(
        {
            "id": _task_id(providers),
            "state": {"type": "string", "enum": list(map(str, State)), "description": "What the gateway says."},
            "ending": {
                "type": ["string", "null"],
                "enum": [*map(str, Ending), None],
                "description": "Why it is watched no longer: the gateway ended it, it took too long, or nobody knows"
                " the ID. Null while it is watched.",
            },
            "progress": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
            "trouble": {
                "type": ["string", "null"],
                "enum": [*map(str, Strike), None],
                "description": "What is in the way just now; it is watched all the same.",
            },
            "provider": {**words, "description": "Null until one has answered for it."},
            "kind": {"type": ["string", "null"], "enum": [*KINDS, None]},
            "model": words,
            "created_at": {"type": "string", "format": "date-time"},
            "changed_at": {"type": "string", "format": "date-time"},
            "error": {"anyOf": [error, {"type": "null"}]},
            "outputs": {"type": "array", "items": output},
        }
    )


def _task_id(providers: Sequence[Provider]) -> Json:
    """The usual bounds, unless some provider has IDs of its own kind."""
    schema: Json = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}
    is_usual = all(provider.task_ids == TaskIds() for provider in providers)
    return {**schema, "pattern": _ID} if is_usual else schema


def _path_id(providers: Sequence[Provider]) -> Json:
    what = "The task's ID at its gateway, percent-encoded."
    return {"name": "id", "in": "path", "required": True, "description": what, "schema": _task_id(providers)}


# Parts of the above


def _object(properties: Json) -> Json:
    """One that always has all of them."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(what: str, schema: str) -> Json:
    return {"description": what, "content": {"application/json": {"schema": _ref(schema)}}}


def _problems(*own: str) -> Json:
    """What can be wrong with a request, of its own kind or of any."""
    return {status: {"$ref": f"#/components/responses/{status}"} for status in sorted({*own, *_EVERYWHERE})}


def _problem(status: str) -> Json:
    problem = {"description": _ANSWERS[status], "content": {"application/problem+json": {"schema": _ref("Problem")}}}
    return {**problem, "headers": _HEADERS[status]} if status in _HEADERS else problem
