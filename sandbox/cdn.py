"""The CDN over HTTP: result files on an origin that must never see a key. Knows nothing of tasks."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from sandbox.calls import Calls
from sandbox.faults import Faults
from sandbox.gateways import record
from sandbox.media import Media
from sandbox.trouble import disturb

_SALT = "rushes sandbox"


def signed(name: str, life: float | None, now: float) -> str:
    """The path and query under which a file is served; with a `life` it dies after so many seconds."""
    path = f"/files/{name}"
    if life is None:
        return path
    expires = int(now + life)
    return f"{path}?expires={expires}&signature={_signature(name, expires)}"


def _signature(name: str, expires: int) -> str:
    return "c0ffee" + hashlib.sha256(f"{_SALT} {name} {expires}".encode()).hexdigest()[:26]


class Cdn:
    """Files by name, with Range; every request is logged with whether it brought an Authorization."""

    def __init__(self, media: Media, calls: Calls, faults: Faults, clock: Callable[[], float] = time.time) -> None:
        self._media = media
        self._calls = calls
        self._faults = faults
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Its paths."""
        return [web.get("/files/{name}", self._serve), web.get("/redirect", self._redirect)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        fault = self._faults.take(provider="cdn", id=name)
        if fault is not None:
            self._record(request, fault=fault.kind)
            return await self._cut_short(request, name) if fault.kind == "truncate" else await disturb(request, fault)
        path = await asyncio.to_thread(self._media.path, name)
        refused = self._refusal(request, name, path)
        self._record(request, status=refused.status if refused else 200)
        if refused is not None or path is None:
            return refused or web.Response(status=404)
        return web.FileResponse(path, headers={"Content-Type": self._media.mime(name)})

    def _refusal(self, request: web.Request, name: str, path: Path | None) -> web.Response | None:
        if path is None:
            return web.Response(status=404, text="no such file")
        expires = request.query.get("expires")
        if expires is None:
            return None
        if not expires.isdigit() or request.query.get("signature") != _signature(name, int(expires)):
            return web.Response(status=403, text="bad signature")
        if int(expires) < self._clock():
            return web.Response(status=403, text="Request has expired")
        return None

    async def _cut_short(self, request: web.Request, name: str) -> web.StreamResponse:
        """Promise the whole file and break off half-way."""
        path = await asyncio.to_thread(self._media.path, name)
        data = await asyncio.to_thread(path.read_bytes) if path else b""
        answer = web.StreamResponse(headers={"Content-Type": self._media.mime(name)})
        answer.content_length = len(data)
        await answer.prepare(request)
        await answer.write(data[: len(data) // 2])
        if request.transport is not None:
            request.transport.close()
        return answer

    async def _redirect(self, request: web.Request) -> web.StreamResponse:
        self._record(request, status=302)
        return web.Response(status=302, headers={"Location": request.query.get("to", "/")})

    def _record(self, request: web.Request, **facts: object) -> None:
        record(self._calls, "cdn", request, authorization="Authorization" in request.headers, **facts)
