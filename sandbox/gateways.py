"""The five query endpoints and the download endpoint of four gateways, each gateway on an origin of its own."""

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.calls import Calls
from sandbox.faults import Faults
from sandbox.scenarios import Scenario
from sandbox.trouble import disturb
from sandbox.wording import NOT_READY, UNKNOWN, WORDING, WRONG_KEY, Standing

Answer = tuple[int, Any]


@dataclass(slots=True)
class _Run:
    scenario: Scenario
    first_query: float | None = None
    queries: int = 0


class Tasks:
    """Every task of every gateway; a task begins to move with the first question about it."""

    def __init__(self, link: Callable[[str, float | None], str], clock: Callable[[], float] = time.time) -> None:
        self._runs: dict[tuple[str, str], _Run] = {}
        self._link = link
        self.clock = clock

    def add(self, scenario: Scenario) -> None:
        """Create the task, or begin it anew."""
        self._runs[scenario.provider, scenario.id] = _Run(scenario)

    def scenario(self, provider: str, task_id: str) -> Scenario | None:
        """What was created under that id."""
        run = self._runs.get((provider, task_id))
        return run.scenario if run else None

    def ask(self, provider: str, task_id: str, kind: str | None = None) -> Standing | None:
        """Where the task stands now, None where the gateway knows no such task (yet)."""
        run = self._runs.get((provider, task_id))
        if run is None or kind not in {None, run.scenario.kind}:
            return None
        run.queries += 1
        if run.queries <= run.scenario.missing:
            return None
        now = self.clock()
        run.first_query = now if run.first_query is None else run.first_query
        return self._standing(run.scenario, run.first_query, now)

    def _standing(self, scenario: Scenario, started: float, now: float) -> Standing:
        elapsed = now - started
        urls = [self._link(name, scenario.link_life) for name in scenario.outputs]
        frame = self._link(scenario.last_frame, scenario.link_life) if scenario.last_frame else None
        return Standing(scenario, scenario.at(elapsed), scenario.is_over(elapsed), urls, frame, started, now)


@dataclass(slots=True)
class Gateway:
    """One gateway's server: `provider` names it, `key` opens it, `media` is where a download's bytes lie."""

    provider: str
    key: str
    tasks: Tasks
    media: Callable[[str], Path | None]
    calls: Calls
    faults: Faults

    def routes(self) -> list[web.RouteDef]:
        """The gateway's documented paths."""
        return {
            "apipod": self._apipod,
            "token360": self._token360,
            "octopusx": self._octopusx,
            "ai_nebula": self._ai_nebula,
        }[self.provider]()

    def _apipod(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/videos/status/{id}", self._query("video")),
            web.get("/v1/images/status/{id}", self._query("image")),
        ]

    def _token360(self) -> list[web.RouteDef]:
        return [web.get("/v1/videos/{id}", self._query())]

    def _octopusx(self) -> list[web.RouteDef]:
        return [web.get("/v1/video/query", self._query())]

    def _ai_nebula(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/video/generations/download", self._guarded(self._download)),
            web.get("/v1/video/generations/{id}", self._query()),
        ]

    def _query(self, kind: str | None = None) -> Callable[[web.Request], Any]:
        async def answer(task_id: str) -> Answer:
            standing = self.tasks.ask(self.provider, task_id, kind)
            if standing is None:
                return UNKNOWN[self.provider]
            raw = standing.scenario.raw
            return (raw.get("status", 200), raw.get("body")) if raw else (200, WORDING[self.provider](standing))

        return self._guarded(answer)

    async def _download(self, task_id: str) -> Answer:
        """Sora 2's file, as base64 in JSON."""
        standing = self.tasks.ask(self.provider, task_id)
        if standing is None or not standing.scenario.fetch:
            return UNKNOWN[self.provider]
        path = self.media(standing.scenario.outputs[0])
        if not standing.has_result or path is None:
            return 400, NOT_READY
        data = await asyncio.to_thread(path.read_bytes)
        text = base64.b64encode(data).decode()
        ids = {"success": True, "generation_id": task_id, "task_id": task_id, "format": "mp4"}
        return 200, {**ids, "size": len(data), "base64": text, "data_url": f"data:video/mp4;base64,{text}"}

    def _guarded(self, answer: Callable[[str], Any]) -> Callable[[web.Request], Any]:
        """Key, faults and the call log around an answer."""

        async def serve(request: web.Request) -> web.StreamResponse:
            task_id = request.match_info.get("id") or request.query.get("id", "")
            is_right = request.headers.get("Authorization") == f"Bearer {self.key}"
            fault = self.faults.take(provider=self.provider, id=task_id)
            if fault is not None:
                record(self.calls, self.provider, request, task_id=task_id, key_right=is_right, fault=fault.kind)
                return await disturb(request, fault)
            status, body = await answer(task_id) if is_right else WRONG_KEY[self.provider]
            record(self.calls, self.provider, request, task_id=task_id, key_right=is_right, status=status)
            return _write(status, body)

        return serve


def _write(status: int, body: Any) -> web.Response:
    """JSON, unless a scenario wants plain text such as a page of HTML."""
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html")
    return web.json_response(dict(body) if isinstance(body, Mapping) else body, status=status)


def record(calls: Calls, provider: str, request: web.Request, **facts: Any) -> None:
    """Log a question without ever writing its key."""
    calls.add(
        provider=provider,
        method=request.method,
        path=request.path,
        query=dict(request.query),
        headers=sorted(request.headers),
        **{"status": None, "fault": None, "key_right": None, **facts},
    )
