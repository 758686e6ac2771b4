"""A task as programs see it: what the chat is told, as JSON; no key, no link that wants one. Pure."""

from datetime import UTC, datetime
from typing import Any

from bot.tracking.model import Task
from bot.tracking.results import is_openable
from providers.base import OutputKind
from providers.failures import failure_kind
from providers.scrub import without_request_id

Json = dict[str, Any]


def task_resource(task: Task) -> Json:
    """What is known of the task. What nobody knows yet is null."""
    snapshot = task.snapshot
    return {
        "id": task.external_id,
        "state": str(task.state),
        "ending": task.ending and str(task.ending),
        "progress": snapshot.progress if snapshot else None,
        "trouble": str(task.trouble) if task.trouble and task.ending is None else None,
        "provider": task.provider or None,
        "kind": task.kind or None,
        "model": snapshot.model if snapshot else None,
        "created_at": _moment(task.created_at),
        "changed_at": _moment(task.changed_at),
        "error": _error(task),
        "outputs": _outputs(task),
    }


def _error(task: Task) -> Json | None:
    """Why the gateway ended it, in its own words, without the number of its request."""
    error = task.snapshot.error if task.snapshot and task.ending and not task.succeeded else None
    if error is None:
        return None
    kind = failure_kind(error)
    message = without_request_id(error.message) or error.message
    return {"kind": kind and str(kind), "message": message, "code": error.code}


def _outputs(task: Task) -> list[Json]:
    """Those that the chat gets, with a link where people could open one."""
    outputs = task.snapshot.outputs if task.snapshot and task.succeeded else ()
    return [
        {"kind": str(output.kind), "url": output.url if is_openable(output) else None}
        for output in outputs
        if output.kind is not OutputKind.THUMBNAIL
    ]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
