"""The Bot API over HTTP: reads requests of any body form, applies faults, writes answers and the call log."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.account import ACCOUNT
from sandbox.calls import Calls
from sandbox.editing import EDITING
from sandbox.faults import Fault, Faults, Weather
from sandbox.inline import INLINE
from sandbox.params import Params, Upload
from sandbox.refusal import TOO_LARGE, ApiError, bad_request
from sandbox.sending import SENDING, Method
from sandbox.spool import Spool
from sandbox.state import State

METHODS: Mapping[str, tuple[str, Method]] = MappingProxyType(
    {name.lower(): (name, method) for name, method in {**SENDING, **EDITING, **ACCOUNT, **INLINE}.items()}
)
_TOKEN = re.compile(r"[0-9]+:[0-9A-Za-z_-]+")
ORDINARY = "ordinary"
_CALM = Weather()
# Of the time that a call takes in a slow weather, this share lies before it is carried out.
_WAY_THERE = 0.6
# Faults of an answer: the call is carried out all the same.
_AFTERWARDS = frozenset({"delay", "drop_after", "502_after", "zero_id"})
# Nothing of the answer is left.
_LOST = frozenset({"drop_before", "drop_after", "502_after"})
_OTHER_FIELDS = 1024 * 1024
_BAD_GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>502 Bad Gateway</body>\r\n</html>\r\n"


class TelegramServer:
    """One bot's Bot API. `calls` tells what it did, `faults` what goes wrong next, `weather` what any call meets."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.calls = Calls()
        self.faults = Faults()
        self.weather = _CALM

    def routes(self) -> list[web.RouteDef]:
        """Its paths, to be put into an application."""
        return [
            web.get("/{bot:bot[^/]+}/{method}", self._serve),
            web.post("/{bot:bot[^/]+}/{method}", self._serve),
            web.get("/file/{bot:bot[^/]+}/{path:.+}", self._serve_file),
        ]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        wanted, params = request.match_info["method"], None
        try:
            self._check_token(request)
            params = await _read(request, self.state)
            name, method = _method(wanted)
        except ApiError as error:
            # What was not read is None in the log, so that nobody takes it for a request without parameters.
            facts = {"method": wanted, "params": params.summary() if params else None, "fault": None}
            self.calls.add(**facts, status=error.code, answer=error.answer())
            return _write(error.code, error.answer())
        return await self._call(request, name, method, params)

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["bot"].removeprefix("bot")
        if not _TOKEN.fullmatch(token):
            raise ApiError(404, "Not Found")
        if token != self.state.token:
            raise ApiError(401, "Unauthorized")

    async def _call(self, request: web.Request, name: str, method: Method, params: Params) -> web.StreamResponse:
        """Goes its way whether or not somebody still waits for the answer."""
        weather = _CALM if name == "getUpdates" else self.weather
        fault, seconds = self._fault(name, params) or weather.fault(), weather.duration()
        await asyncio.sleep(seconds * _WAY_THERE)
        answer = await self._answer(name, method, params, fault)
        await asyncio.sleep(seconds * (1 - _WAY_THERE))
        return _hang_up(request) if answer is None else answer

    async def _answer(self, name: str, method: Method, params: Params, fault: Fault | None) -> web.Response | None:
        """The call carried out, or not, and logged; None if nothing is to be answered."""
        facts = {"method": name, "params": params.summary(), "fault": fault.kind if fault else None}
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.number("seconds", 1))
        status, answer = await self._execute(method, params) if _is_carried_out(fault) else (None, None)
        if fault and fault.kind in _LOST:
            self.calls.add(**facts, status=None, answer=answer)
            return _bad_gateway() if fault.kind == "502_after" else None
        refused = _refusal(fault)
        if refused is not None:
            self.calls.add(**facts, status=refused.status, answer=refused.text)
            return refused
        if fault and fault.kind == "zero_id":
            answer = _without_ids(answer)
        self.calls.add(**facts, status=status, answer=answer)
        return _write(status or 200, answer)

    def _fault(self, name: str, params: Params) -> Fault | None:
        """`family` lets a fault mean every method but the long poll, which would use it up before anything happens."""
        family = "updates" if name == "getUpdates" else ORDINARY
        values = params.values
        return self.faults.take(
            method=name, family=family, chat_id=values.get("chat_id"), parse_mode=_parse_mode(values)
        )

    async def _execute(self, method: Method, params: Params) -> tuple[int, dict[str, Any]]:
        try:
            return 200, {"ok": True, "result": await method(self.state, params)}
        except ApiError as error:
            return error.code, error.answer()

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request)
        except ApiError as error:
            return _write(error.code, error.answer())
        stored = self.state.files.at(request.match_info["path"])
        if stored is None:
            return _write(404, ApiError(404, "Not Found").answer())
        return web.FileResponse(stored.path, headers={"Content-Type": "application/octet-stream"})


def _method(name: str) -> tuple[str, Method]:
    found = METHODS.get(name.lower())
    if found is None:
        raise ApiError(404, "Not Found: method not found")
    return found


def _parse_mode(values: Mapping[str, Any]) -> str:
    """How the words of the call are marked up, wherever they stand."""
    media = values.get("media")
    return str(values.get("parse_mode") or (media.get("parse_mode") if isinstance(media, dict) else None) or "")


def _is_carried_out(fault: Fault | None) -> bool:
    """Most troubles keep the call from running; any of them can be ordered to come after it."""
    return fault is None or fault.kind in _AFTERWARDS or bool(fault.details.get("executed"))


def _without_ids(answer: Any) -> Any:
    """What Telegram answers about messages that it will show only later: they have no number yet."""
    result = answer.get("result")
    if isinstance(result, list):
        return {**answer, "result": [{**message, "message_id": 0} for message in result]}
    return {**answer, "result": {**result, "message_id": 0}} if isinstance(result, dict) else answer


def _refusal(fault: Fault | None) -> web.Response | None:
    """The answer that a fault puts in place of the method's own."""
    match fault:
        case Fault(kind="429"):
            seconds = int(fault.number("retry_after", 1))
            error = ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
            return _write(429, error.answer(), {"Retry-After": str(seconds)})
        case Fault(kind="error"):
            error = ApiError(
                int(fault.number("code", 400)),
                str(fault.details.get("description", "Bad Request: sandbox fault")),
                fault.details.get("parameters"),
            )
            return _write(error.code, error.answer())
        case Fault(kind="502_html"):
            return _bad_gateway()
        case Fault(kind="raw"):
            body = str(fault.details.get("body", ""))
            return web.Response(status=int(fault.number("status", 200)), text=body, content_type="text/html")
        case _:
            return None


def _bad_gateway() -> web.Response:
    return web.Response(status=502, text=_BAD_GATEWAY, content_type="text/html")


def _write(status: int, answer: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(answer, status=status, headers=headers)


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without a word; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _read(request: web.Request, state: State) -> Params:
    query = dict(request.query)
    if request.content_type == "application/json":
        return await _read_json(request, query)
    if request.content_type.startswith("multipart/"):
        return await _read_multipart(request, query, state)
    form = await request.post()
    return Params.from_strings({**query, **{name: str(value) for name, value in form.items()}}, {})


async def _read_json(request: web.Request, query: dict[str, str]) -> Params:
    try:
        body = await request.json() if request.can_read_body else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise bad_request("Can't parse request JSON object")
    return Params({**Params.from_strings(query, {}).values, **body})


async def _read_multipart(request: web.Request, query: dict[str, str], state: State) -> Params:
    fields, files, room = query, dict[str, Upload](), _OTHER_FIELDS
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise bad_request("Can't parse multipart body")
        if part.filename is not None:
            files[part.name] = await _spool(part, state)
            continue
        value = await part.text()
        room -= len(value)
        fields[part.name] = value
    if room < 0 or any(upload.size > state.max_upload for upload in files.values()):
        raise ApiError(TOO_LARGE, "Request Entity Too Large")
    return Params.from_strings(fields, files)


async def _spool(part: BodyPartReader, state: State) -> Upload:
    spool = Spool(state.folder, state.max_upload)
    await spool.fill(_chunks(part))
    mime = part.headers.get("Content-Type", "application/octet-stream")
    return spool.upload(part.filename or "file", mime)


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(65536):
        yield chunk
