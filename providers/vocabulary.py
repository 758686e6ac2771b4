"""The words that gateways use, as tables: no logic beyond folding a name to one spelling, nothing of HTTP."""

import re
from collections.abc import Mapping
from typing import Any

from providers.base import OutputKind, State

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP = re.compile(r"[\s\-]+")
_ENUM_PREFIX = re.compile(r"^(?:(?:task|job|video|generation)_)?(?:status|state)_(?=.)")
_MANY_KEYS = 256
_LONGEST_NAME = 64


def fold(name: str) -> str:
    """One spelling for `taskStatus`, `Task-Status` and `TASK_STATUS`: `task_status`. Prose is left as it is."""
    if len(name) > _LONGEST_NAME or (name.islower() and "-" not in name and " " not in name):
        return name
    return _GAP.sub("_", _HUMP.sub("_", name.strip())).lower()


def fold_keys(node: Mapping[str, Any]) -> dict[str, Any]:
    """`node` with folded keys; a key that already is in its folded spelling wins over one that is not."""
    folded = {key: value for key, value in node.items() if key.islower()}
    # No task has hundreds of fields; an object that does is read as it is spelled, for the sake of its cost.
    if len(folded) < len(node) <= _MANY_KEYS:
        for key, value in node.items():
            folded.setdefault(fold(key), value)
    return folded


def state_of(word: str) -> State:
    """The state that a gateway's word stands for; `UNKNOWN` for every word that is not in the table."""
    folded = fold(word.strip())
    return STATES.get(folded) or STATES.get(_ENUM_PREFIX.sub("", folded), State.UNKNOWN)


# `cancelling` counts as running: a task on its way out can still finish, and `cancelled` follows if it does not.
_ALIASES: Mapping[State, str] = {
    State.QUEUED: """
        queued pending submitted submitting not_start not_started notstart notstarted created waiting wait queueing
        queuing queue in_queue inqueue preparing prepared prepare accepted scheduled throttled starting init
        initializing initialized received staged dispatched enqueued""",
    State.RUNNING: """
        in_progress inprogress processing process running run generating dreaming rendering active executing working
        started progress progressing uploading streaming downloading cancelling canceling""",
    State.SUCCEEDED: "completed complete succeeded succeed success successful done finished finish ready ok",
    State.FAILED: """
        failed failure fail error errored create_task_failed generate_failed rejected content_filtered moderated nsfw
        blocked aborted""",
    State.CANCELLED: "cancelled canceled cancel revoked deleted terminated stopped",
    State.EXPIRED: "expired timeout timed_out timedout",
}
STATES: Mapping[str, State] = {word: state for state, words in _ALIASES.items() for word in words.split()}

# Words that as often speak of the request as of the task; they need a second sign before they end anything.
REQUEST_WORDS = frozenset({"success", "ok", "error", "fail"})
SUCCESS_WORDS = frozenset({"success", "succeed", "succeeded", "successful", "ok", "true", "null", "none", ""})
OK_CODES = frozenset({"0", "1", "200", "201", "202", "10000", *SUCCESS_WORDS})

STATUS_KEYS = ("status", "task_status", "state", "task_state", "job_status", "video_status")
TASK_ID_KEYS = ("task_id", "video_id", "job_id", "generation_id")
ID_KEYS = ("task_id", "id", "video_id", "job_id", "generation_id")
CODE_KEYS = ("code", "status_code", "err_code", "error_code", "errno")

# Where a task hides below the root. Only `data` is believed unseen; the others must hold a status.
ENVELOPES = ("data", "task", "output", "result", "response", "job", "generation", "detail")
# Objects beside the status that hold more about the task.
ASIDES = ("metadata", "meta", "detail")

CREATED_KEYS = ("created_at", "create_time", "submit_time", "created", "submitted_at", "created_time")
UPDATED_KEYS = ("updated_at", "status_update_time", "update_time", "updated", "last_updated_at", "updated_time")
COMPLETED_KEYS = (
    "completed_at",
    "complete_time",
    "completed_time",
    "finish_time",
    "finished_at",
    "end_time",
    "ended_at",
    "completed",
)
EXPIRES_KEYS = ("expires_at", "expire_at", "expired_at", "expire_time", "expires", "url_expires_at")

PERCENT_KEYS = ("progress", "progress_percent", "progress_percentage", "percent", "percentage")
FRACTION_KEYS = ("progress_pct", "progress_ratio", "progress_fraction")
PROGRESS_ASIDES = ("pending_info", *ASIDES)

MODEL_PATHS = (
    ("model",),
    ("model_name",),
    ("properties", "origin_model_name"),
    ("detail", "input", "model"),
    ("input", "model"),
    ("metadata", "model"),
)
PROMPT_PATHS = (
    ("prompt",),
    ("detail", "input", "prompt"),
    ("input", "prompt"),
    ("request", "prompt"),
    ("properties", "input"),
    ("metadata", "prompt"),
)

# In the order of trust. `reason` and `detail` come late: some gateways use them for remarks.
ERROR_KEYS = (
    "error",
    "errors",
    "fail_reason",
    "fail_msg",
    "failure",
    "failure_reason",
    "error_message",
    "error_msg",
    "err_msg",
    "task_status_msg",
    "reason",
    "detail",
    "err_code",
)
ERROR_CODE_KEYS = ("error_code", "fail_code", "failure_code", "err_code")
MESSAGE_KEYS = ("message", "msg", "error_description", "status_msg")
# Inside an error object.
INNER_MESSAGE_KEYS = ("message", "msg", "error", "detail", "reason", "raw_message", "error_message", "description")
INNER_CODE_KEYS = ("code", "type", "error_code", "status_code")

# Below a result. Plural names stand before singular ones, lest four files shrink to one.
KINDED_KEYS: Mapping[OutputKind, tuple[str, ...]] = {
    OutputKind.VIDEO: ("videos", "video_urls", "video_url", "video", "video_uri"),
    OutputKind.IMAGE: ("images", "image_urls", "image_url", "image"),
    OutputKind.AUDIO: ("audios", "audio_urls", "audio_url", "audio"),
}
# Beside the status these are results when nothing better is there; requests use the same names for references.
LOOSE_VIDEO_KEYS = ("videos", "video", "video_urls")
LINK_KEYS = (
    "video_url",
    "result_urls",
    "output_urls",
    "unsigned_urls",
    "url",
    "result_url",
    "output_url",
    "download_url",
    "downloadable_url",
    "file_url",
    "uri",
    "data_url",
    "resource_without_watermark",
    "resource",
)
# What lies below these was made by the task ...
RESULT_KEYS = (
    "result",
    "results",
    "output",
    "outputs",
    "task_result",
    "result_json",
    "creations",
    "generations",
    "works",
    "assets",
    "artifacts",
    "files",
    "file",
    "generated_videos",
    "generated_samples",
    "generate_video_response",
    "draft_info",
)
# ... and what lies below these may just as well be an echo of what the user sent in.
MIXED_KEYS = ("content", "data", "response", "metadata", "detail")
ASIDE_KINDS: Mapping[OutputKind, tuple[str, ...]] = {
    OutputKind.LAST_FRAME: ("last_frame_url",),
    OutputKind.THUMBNAIL: (
        "thumbnail_url",
        "thumbnail",
        "cover_url",
        "cover_image_url",
        "cover",
        "poster",
        "poster_url",
    ),
}

EXTENSIONS: Mapping[str, OutputKind] = {
    **dict.fromkeys(("mp4", "mov", "webm", "mkv", "m4v", "avi"), OutputKind.VIDEO),
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "avif", "heic", "bmp", "tiff"), OutputKind.IMAGE),
    **dict.fromkeys(("mp3", "wav", "m4a", "aac", "ogg", "flac", "opus"), OutputKind.AUDIO),
}
