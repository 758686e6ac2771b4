"""How each gateway words an answer about a task; pure. Every body here follows its documents or an observed answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sandbox.scenarios import End, Scenario, Step

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """A task at one moment: its step, and what is there once it is over. Times are epoch seconds."""

    scenario: Scenario
    step: Step
    is_over: bool
    urls: Sequence[str]
    last_frame: str | None
    started: float
    now: float

    @property
    def has_result(self) -> bool:
        """Whether there is something to hand out."""
        return self.is_over and self.scenario.end is End.SUCCEEDED

    @property
    def has_error(self) -> bool:
        """Whether there is something to complain about."""
        return self.is_over and self.scenario.end is End.FAILED


def apipod(standing: Standing) -> Json:
    """The enveloped body of both APIPod endpoints."""
    data: Json = {"task_id": standing.scenario.id, "status": standing.step.status}
    if standing.has_result:
        data |= {"result": list(standing.urls), "completed_at": int(standing.now)}
    if standing.has_error:
        data |= {"result": None, "error": standing.scenario.error.get("message", "generation failed")}
    return {"code": 200, "message": "success", "data": {**data, **standing.scenario.extra}}


def token360(standing: Standing) -> Json:
    """The flat video object."""
    body: Json = {
        "id": standing.scenario.id,
        "object": "video",
        "status": standing.step.status,
        "model": "seedance-2.0",
        "prompt": "Add gentle motion to the scene",
        "created_at": int(standing.started),
        "updated_at": int(standing.now),
        "progress": standing.step.progress,
        "parameters": {"duration": 4, "resolution": "720p", "aspect_ratio": "16:9", "video_mode": "i2v_first_frame"},
    }
    if standing.has_result:
        url = standing.urls[0] if standing.urls else None
        body |= {"duration": 4, "resolution": "720p", "url": url, "video_url": url}
        body |= {"content": {"last_frame_url": standing.last_frame}} if standing.last_frame else {}
    if standing.has_error:
        body |= {"error": dict(standing.scenario.error)}
    return {**body, **standing.scenario.extra}


def octopusx(standing: Standing) -> Json:
    """The unified query body. As in the documents, the answer's id lacks the prefix that the question had."""
    body: Json = {
        "id": standing.scenario.id.rpartition(":")[2],
        "status": standing.step.status,
        "video_url": standing.urls[0] if standing.has_result and standing.urls else None,
        "enhanced_prompt": "",
        "status_update_time": int(standing.now * 1000),
    }
    if standing.has_error and standing.scenario.error:
        body |= {"error": dict(standing.scenario.error)}
    return {**body, **standing.scenario.extra}


def ai_nebula(standing: Standing) -> Json:
    """The short body; a Sora 2 task carries the upstream object and no URL."""
    body: Json = {"task_id": standing.scenario.id, "status": standing.step.status, "format": "mp4"}
    if standing.has_result and standing.scenario.fetch:
        upstream = {"id": standing.scenario.id, "status": "completed", "progress": 100, "error": None}
        body |= {"metadata": {**upstream, "expires_at": None, "model": "sora-2"}}
    elif standing.has_result:
        body |= {"url": standing.urls[0] if standing.urls else None}
    if standing.has_error:
        body |= {"error": dict(standing.scenario.error)}
    return {**body, **standing.scenario.extra}


WORDING: Mapping[str, Callable[[Standing], Json]] = MappingProxyType(
    {"apipod": apipod, "token360": token360, "octopusx": octopusx, "ai_nebula": ai_nebula}
)

_NEW_API_UNKNOWN = MappingProxyType({"code": "task_not_exist", "message": "task_not_exist", "data": None})
_NEW_API_KEY = MappingProxyType(
    {"error": {"message": "无效的令牌 (request id: sandbox)", "type": "new_api_error", "code": ""}}
)

UNKNOWN: Mapping[str, tuple[int, Mapping[str, Any]]] = MappingProxyType(
    {
        "apipod": (200, {"code": 404, "message": "task not found", "data": None}),
        "token360": (404, {"error": {"code": "not_found", "message": "Video task not found"}}),
        "octopusx": (400, _NEW_API_UNKNOWN),
        "ai_nebula": (400, _NEW_API_UNKNOWN),
    }
)
WRONG_KEY: Mapping[str, tuple[int, Mapping[str, Any]]] = MappingProxyType(
    {
        "apipod": (401, {"code": 401, "message": "Unauthorized", "data": None}),
        "token360": (401, {"error": {"code": "invalid_api_key", "message": "Invalid API key"}}),
        "octopusx": (401, _NEW_API_KEY),
        "ai_nebula": (401, _NEW_API_KEY),
    }
)
NOT_READY: Mapping[str, Any] = MappingProxyType(
    {
        "error": {
            "message": "Task is not completed yet, current status: IN_PROGRESS",
            "type": "invalid_request_error",
        }
    }
)
