"""What the page in the browser asks besides `/sim/`: which chats there are, what a person may say, and when to look."""

import asyncio
import contextlib
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import web

from sandbox.account import menu_of
from sandbox.chats import Chat
from sandbox.faults import Fault, Faults
from sandbox.gateways import Tasks
from sandbox.samples import FATES, HANGING, UNKNOWN, once_more
from sandbox.shapes import person_shape
from sandbox.telegram import TelegramServer

Json = dict[str, Any]

_PAGE = Path(__file__).with_name("page")
# The page shows what strangers wrote: nothing of it may become a script, and nothing comes from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
_LOOK_EVERY = 0.1
_HEARTBEAT = 10.0
_ACTION_LIFE, _RECENT_ACTIONS = 5.0, 20


class Window:
    """The page itself and its own questions."""

    def __init__(self, telegram: TelegramServer, tasks: Tasks, gateway_faults: Faults) -> None:
        self._telegram = telegram
        self._state = telegram.state
        self._tasks = tasks
        self._gateway_faults = gateway_faults

    def routes(self) -> list[web.RouteDef]:
        """Its paths."""
        return [
            web.get("/chat/{name}", self._page),
            web.get("/sim/chats", self._chats),
            web.get("/sim/live", self._live),
            web.get("/sim/menu", self._menu),
            web.get("/sim/popups/{query_id}", self._popup),
            web.get("/sim/fates", self._fates),
            web.post("/sim/fates/{fate}", self._begin),
        ]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        path = _PAGE / request.match_info["name"]
        if path.name not in _FILES:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)

    async def _chats(self, _: web.Request) -> web.Response:
        seen = [self._seen(chat) for chat in self._state.chats.all()]
        return web.json_response({"chats": seen, "bot": person_shape(self._state.me)})

    def _seen(self, chat: Chat) -> Json:
        messages = self._state.chats.messages(chat.id)
        doing = [one["action"] for one in self._actions() if one["chat_id"] == chat.id]
        return {
            "id": chat.id,
            "type": chat.type,
            "title": chat.title or chat.first_name,
            "topics": sorted(chat.topics),
            "admins": sorted(chat.admins),
            "last_message_id": messages[-1].message_id if messages else 0,
            "action": doing[-1] if doing else None,
        }

    def _actions(self) -> list[Json]:
        """What the bot is seen doing."""
        since = self._state.clock() - _ACTION_LIFE
        return [one for one in self._state.actions[-_RECENT_ACTIONS:] if one["time"] > since]

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events, whenever there is something new to look at: the changes in chats, calls, actions seen."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        seen, spoken = "", 0.0
        with contextlib.suppress(ConnectionResetError):  # the page was closed
            while True:
                version = self._version()
                if version != seen or time.monotonic() - spoken > _HEARTBEAT:
                    seen, spoken = version, time.monotonic()
                    await answer.write(f"data: {version}\n\n".encode())
                await asyncio.sleep(_LOOK_EVERY)
        return answer

    def _version(self) -> str:
        return f"{self._state.chats.version} {self._telegram.calls.count} {len(self._actions())}"

    async def _menu(self, request: web.Request) -> web.Response:
        chat_id = int(request.query["chat_id"])
        # Whoever has not said anything yet is offered the commands as well.
        chat = self._state.chats.find(chat_id) or Chat(chat_id)
        found = menu_of(self._state, chat, int(request.query["user_id"]), request.query["language"])
        return web.json_response({"commands": found})

    async def _popup(self, request: web.Request) -> web.Response:
        """How the bot answered a press; null as long as it has not."""
        query_id = request.match_info["query_id"]
        answers = [popup for popup in self._state.popups if popup["callback_query_id"] == query_id]
        return web.json_response({"answer": answers[-1] if answers else None})

    async def _fates(self, _: web.Request) -> web.Response:
        found = [{"name": name, "provider": task.provider, "kind": task.kind} for name, task in FATES.items()]
        return web.json_response({"fates": found})

    async def _begin(self, request: web.Request) -> web.Response:
        """A new task with that fate; its ID."""
        scenario = FATES.get(request.match_info["fate"])
        if scenario is None:
            raise web.HTTPNotFound
        task = once_more(scenario)
        if scenario is not UNKNOWN:
            self._tasks.add(task)
        if scenario is HANGING:
            self._gateway_faults.add(
                Fault("hang", {"provider": task.provider, "id": task.id}, times=10**6, details={"seconds": 60})
            )
        return web.json_response({"id": task.id, "provider": task.provider})


_FILES = frozenset(path.name for path in _PAGE.iterdir())
