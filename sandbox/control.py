"""The `/sim/` interface: be a person, look at a chat, read the logs of calls, order trouble."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from random import Random
from types import MappingProxyType
from typing import Any

from aiohttp import web

from sandbox.calls import Calls
from sandbox.chats import DENIABLE, Attachment, Chat, Message, Person
from sandbox.entities import Formatted, finish
from sandbox.faults import Fault, Faults, Weather
from sandbox.files import StoredFile
from sandbox.gateways import Tasks
from sandbox.inline import chosen
from sandbox.refusal import ApiError
from sandbox.scenarios import scenario_from
from sandbox.shapes import message_shape, person_shape
from sandbox.telegram import ORDINARY, TelegramServer

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NOTE = b"a note\n"
# A file from a stranger, on the origin of the page: whatever it is, it does nothing there.
_INERT = MappingProxyType({"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"})
# Far from the numbers of pressed buttons.
_INLINE = 1_000_000
_PRIVATE, _GROUP = "private", "supergroup"
_TELEGRAM_FAULTS = frozenset(
    {"429", "error", "raw", "drop_before", "drop_after", "delay", "502_html", "502_after", "zero_id"}
)
# Those that need no facts of their own, so that a weather can throw them in anywhere.
_WEATHER_FAULTS = ("429", "drop_before", "drop_after", "502_after")
_GATEWAY_FAULTS = frozenset({"429", "status", "html", "raw", "hang", "drip", "cut", "reset", "truncate"})


class Control:
    """What a test may do to the stand-ins and learn from them."""

    def __init__(self, telegram: TelegramServer, tasks: Tasks, gateway_calls: Calls, gateway_faults: Faults) -> None:
        self._telegram = telegram
        self._state = telegram.state
        self._tasks = tasks
        self._gateway_calls = gateway_calls
        self._gateway_faults = gateway_faults
        self._presses = 0

    def routes(self) -> list[web.RouteDef]:
        """Its paths."""
        return [
            web.post("/sim/say", _answering(self._say)),
            web.post("/sim/press", _answering(self._press)),
            web.post("/sim/inline", _answering(self._type)),
            web.get("/sim/inline/{query_id}", _answering(self._offered)),
            web.post("/sim/choose", _answering(self._choose)),
            web.post("/sim/chat", _answering(self._chat)),
            web.get("/sim/chats/{chat_id}", _answering(self._look)),
            web.get("/sim/files/{file_id}", self._file),
            web.get("/sim/calls", _answering(self._calls)),
            web.get("/sim/gateway-calls", _answering(self._list_gateway_calls)),
            web.post("/sim/delete", _answering(self._delete)),
            web.get("/sim/faults", _answering(self._waiting_faults)),
            web.post("/sim/faults", _answering(self._fault)),
            web.delete("/sim/faults", _answering(self._no_faults)),
            web.post("/sim/weather", _answering(self._weather)),
            web.post("/sim/gateway-faults", _answering(self._gateway_fault)),
            web.delete("/sim/gateway-faults", _answering(self._no_gateway_faults)),
            web.post("/sim/proxy", _answering(self._proxy)),
            web.post("/sim/tasks", _answering(self._task)),
        ]

    # A person

    async def _say(self, request: web.Request) -> Json:
        """Text, or a file with a `caption`; `quote` is what was picked out of the message that it replies to.

        `times`: so many messages in a row, as fast as nobody could order them one by one. The answer is the last one's.
        """
        body = await request.json()
        chat, person = self._meet(body)
        for _ in range(int(body.get("times", 1)) - 1):
            self._write(chat, person, body)
        return self._write(chat, person, body)

    def _write(self, chat: Chat, person: Person, body: Json) -> Json:
        message = self._state.chats.post(
            chat.id,
            person,
            finish(Formatted(str(body["caption"] if "caption" in body else body["text"]))),
            attachment=self._note() if "caption" in body else None,
            reply_to=body.get("reply_to_message_id"),
            thread_id=body.get("message_thread_id"),
            is_editable=False,
        )
        shape = message_shape(self._state.chats, message)
        if "quote" in body:
            shape["quote"] = {"text": str(body["quote"]), "position": 0, "is_manual": True}
        return {"update_id": self._state.updates.push("message", shape), "message_id": message.message_id}

    def _note(self) -> Attachment:
        """A small file, for messages that hold one."""
        path = self._state.folder / "note.txt"
        path.write_bytes(_NOTE)
        facts = {"size": len(_NOTE), "sha256": hashlib.sha256(_NOTE).hexdigest()}
        return Attachment(
            "document", self._state.files.add("document", path, name=path.name, mime="text/plain", **facts)
        )

    async def _press(self, request: web.Request) -> Json:
        """Presses a button by its `data` or by its `button` text; data that no button has goes out as a forgery."""
        body = await request.json()
        chat, person = self._meet(body)
        message = self._state.chats.message(chat.id, int(body["message_id"]))
        if message is None:
            raise ValueError("no such message")
        data = body.get("data") if "data" in body else _data_of(message, str(body.get("button")))
        self._presses += 1
        query: Json = {
            "id": f"{self._presses}",
            "from": person_shape(person),
            "message": message_shape(self._state.chats, message),
            "chat_instance": str(chat.id),
            "data": data,
        }
        self._state.updates.ask(query["id"])
        return {"update_id": self._state.updates.push("callback_query", query), "callback_query_id": query["id"]}

    async def _type(self, request: web.Request) -> Json:
        """Types `query` behind the bot's name, in a chat that the bot may know nothing of."""
        body = await request.json()
        person = _person(body, int(body["user_id"]))
        self._state.chats.meet(person)
        query_id = str(_INLINE + len(self._state.inline))
        query: Json = {
            "id": query_id,
            "from": person_shape(person),
            "query": str(body.get("query", "")),
            "offset": str(body.get("offset", "")),
            "chat_type": str(body.get("chat_type", _PRIVATE)),
        }
        self._state.inline[query_id] = {"person": person, "answer": None}
        self._state.updates.ask(query_id)
        return {"update_id": self._state.updates.push("inline_query", query), "inline_query_id": query_id}

    async def _offered(self, request: web.Request) -> Json:
        return {"answer": self._inline(request.match_info["query_id"])["answer"]}

    async def _choose(self, request: web.Request) -> Json:
        """Sends one of the results into a chat, as the person; the bot is in that chat and hears of it."""
        body = await request.json()
        query = self._inline(str(body["inline_query_id"]))
        results = (query["answer"] or {}).get("results", ())
        found = [result for result in results if result["id"] == str(body["result_id"])]
        if not found:
            raise ValueError("no such result")
        content, attachment = chosen(self._state, found[0])
        chat, person = self._meet({"user_id": query["person"].id, "first_name": query["person"].first_name, **body})
        message = self._state.chats.post(
            chat.id,
            person,
            content,
            attachment=attachment,
            thread_id=body.get("message_thread_id"),
            via_bot=self._state.me,
            is_editable=False,
        )
        shape = message_shape(self._state.chats, message)
        return {"update_id": self._state.updates.push("message", shape), "message_id": message.message_id}

    def _inline(self, query_id: str) -> Json:
        if query_id not in self._state.inline:
            raise ValueError("no such inline query")
        return self._state.inline[query_id]

    async def _delete(self, request: web.Request) -> Json:
        """A person may delete what the bot wrote."""
        body = await request.json()
        message = self._state.chats.message(int(body["chat_id"]), int(body["message_id"]))
        if message is None:
            raise ValueError("no such message")
        self._state.chats.delete(message)
        return {}

    async def _chat(self, request: web.Request) -> Json:
        body = await request.json()
        unknown = sorted(body.keys() - {item.name for item in fields(Chat)})
        if unknown:
            raise ValueError(f"unknown fields: {', '.join(unknown)}")
        facts = dict(body)
        for name in ("topics", "admins", "denied"):
            if name in facts:
                facts[name] = frozenset(facts[name])
        if unknown := sorted(facts.get("denied", frozenset()) - DENIABLE.keys()):
            raise ValueError(f"unknown kinds: {', '.join(unknown)}")
        self._state.chats.put(Chat(**{"type": _type_of(int(body["id"])), **facts}))
        return {}

    def _meet(self, body: Mapping[str, Any]) -> tuple[Chat, Person]:
        """The chat and the person; whoever speaks in a chat makes it exist."""
        chat_id, user_id = int(body["chat_id"]), int(body.get("user_id", body["chat_id"]))
        person = _person(body, user_id)
        self._state.chats.meet(person)
        chat = self._state.chats.find(chat_id)
        if chat is None:
            kind = str(body.get("chat_type", _type_of(chat_id)))
            title = None if kind == _PRIVATE else str(body.get("title", "Group"))
            chat = Chat(chat_id, kind, title, person.first_name if kind == _PRIVATE else None)
            self._state.chats.put(chat)
        return chat, person

    # What there is to see

    async def _look(self, request: web.Request) -> Json:
        chat_id = int(request.match_info["chat_id"])
        chats = self._state.chats
        return {
            "messages": [_seen(message) for message in chats.messages(chat_id)],
            "deleted": [_seen(message) for message in chats.deleted(chat_id)],
            "actions": [action for action in self._state.actions if action["chat_id"] == chat_id],
        }

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file that the stand-in holds."""
        try:
            stored = self._state.files.find(request.match_info["file_id"])
        except ApiError:
            return web.json_response({"error": "no such file"}, status=404)
        return web.FileResponse(stored.path, headers=_INERT)

    async def _calls(self, request: web.Request) -> Json:
        return {"calls": self._telegram.calls.since(int(request.query.get("since", 0)))}

    async def _list_gateway_calls(self, request: web.Request) -> Json:
        return {"calls": self._gateway_calls.since(int(request.query.get("since", 0)))}

    # Trouble and tasks

    async def _fault(self, request: web.Request) -> Json:
        body = await request.json()
        match = {name: body[name] for name in ("method", "chat_id", "parse_mode") if name in body}
        if match.get("method", "*") == "*":
            # The long poll would use up what is meant for the calls that a person sees.
            match = {**match, "method": "*", "family": ORDINARY}
        self._telegram.faults.add(_order(body, match, _TELEGRAM_FAULTS))
        return {}

    async def _waiting_faults(self, _: web.Request) -> Json:
        return {"waiting": self._telegram.faults.waiting()}

    async def _no_faults(self, _: web.Request) -> Json:
        self._telegram.faults.clear()
        return {}

    async def _weather(self, request: web.Request) -> Json:
        """What is not named is calm again."""
        body = await request.json()
        kinds = tuple(body.pop("kinds", _WEATHER_FAULTS))
        if not kinds or not _TELEGRAM_FAULTS.issuperset(kinds):
            raise ValueError(f"kinds must be some of {', '.join(sorted(_TELEGRAM_FAULTS))}")
        least, most = map(float, body.pop("seconds", (0, 0)))
        rate, chance = float(body.pop("rate", 0)), Random(body.pop("seed", None))  # noqa: S311 - no secret
        if body:
            raise ValueError(f"unknown fields: {', '.join(sorted(body))}")
        self._telegram.weather = Weather((least, most), rate, kinds, chance)
        return {}

    async def _gateway_fault(self, request: web.Request) -> Json:
        body = await request.json()
        match = {name: body[name] for name in ("provider", "id") if name in body}
        self._gateway_faults.add(_order(body, match, _GATEWAY_FAULTS))
        return {}

    async def _no_gateway_faults(self, _: web.Request) -> Json:
        self._gateway_faults.clear()
        return {}

    async def _proxy(self, request: web.Request) -> Json:
        """Where calls of a webhook arrive, whose address begins with the public one."""
        body = await request.json()
        self._state.webhook.inside[str(body["public"])] = str(body["inside"])
        return {}

    async def _task(self, request: web.Request) -> Json:
        self._tasks.add(scenario_from(await request.json()))
        return {}


def _answering(work: Callable[[web.Request], Awaitable[Json]]) -> Handler:
    """JSON out; a wrong request is told what is wrong with it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await work(request))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return handler


def _order(body: Mapping[str, Any], match: Mapping[str, Any], kinds: frozenset[str]) -> Fault:
    if body.get("kind") not in kinds:
        raise ValueError(f"kind must be one of {', '.join(sorted(kinds))}")
    named = {"method", "chat_id", "parse_mode", "provider", "id", "kind", "times", "skip"}
    details = {name: value for name, value in body.items() if name not in named}
    return Fault(body["kind"], match, int(body.get("times", 1)), int(body.get("skip", 0)), details)


def _person(body: Mapping[str, Any], user_id: int) -> Person:
    name = str(body.get("first_name", f"Person {user_id}"))
    return Person(user_id, name, username=body.get("username"), language_code=body.get("language_code"))


def _type_of(chat_id: int) -> str:
    return _PRIVATE if chat_id > 0 else _GROUP


def _data_of(message: Message, text: str) -> str:
    rows = (message.keyboard or {}).get("inline_keyboard", ())
    found = [button for row in rows for button in row if button.get("text") == text and "callback_data" in button]
    if not found:
        raise ValueError(f"no button {text!r} that can be pressed")
    return str(found[0]["callback_data"])


def _seen(message: Message) -> Json:
    """A message as a test wants to see it."""
    return {
        "message_id": message.message_id,
        "date": message.date,
        "from_bot": message.sender.is_bot,
        "from": message.sender.id,
        "text": message.content.text if message.attachment is None else None,
        "caption": message.content.text if message.attachment is not None else None,
        "entities": [dict(entity) for entity in message.content.entities],
        "media": _media(message.attachment) if message.attachment else None,
        "media_group_id": message.group_id,
        "reply_to": message.reply_to,
        "thread_id": message.thread_id,
        "buttons": [list(row) for row in (message.keyboard or {}).get("inline_keyboard", ())],
        "silent": message.is_silent,
        "protected": message.is_protected,
        "edits": message.edits,
        "reactions": list(message.reactions),
    }


def _media(attachment: Attachment) -> Json:
    file = attachment.file
    return {
        "kind": attachment.kind,
        "file_id": file.file_id,
        "file_name": file.name,
        "mime": file.mime,
        "size": file.size,
        "sha256": file.sha256,
        "width": attachment.width or file.width,
        "height": attachment.height or file.height,
        "duration": attachment.duration,
        "spoiler": attachment.spoiler,
        "thumbnail": _picture(attachment.thumbnail),
        "cover": _picture(attachment.cover),
    }


def _picture(stored: StoredFile | None) -> Json | None:
    return {name: getattr(stored, name) for name in ("file_id", "size", "width", "height")} if stored else None
