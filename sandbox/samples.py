"""Ready-made tasks, one for each fate, with IDs in each gateway's own shape. Pure data."""

import random
import re
import string
import uuid
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from sandbox.scenarios import End, Scenario, Step

VIDEO = Scenario("apipod", "2f0392df-7da1-4128-8e30-7ea3d81446b3", pace=8.0)
IMAGES = Scenario(
    "apipod",
    "7c1d5a90-3b1e-4b57-9a55-0c2f6d1e8a11",
    kind="image",
    outputs=("dawn.png", "noon.png", "dusk.jpg", "night.jpg"),
    pace=10.0,
)
LAST_FRAME = Scenario("token360", "vid_8hq2m4", outputs=("noon.mp4",), last_frame="noon-last-frame.png", pace=13.0)
COLON = Scenario("octopusx", "sora-2:task_01k74ynm13exf9ha36zz7820hv", outputs=("dusk.mp4",), pace=9.0)
SECOND_REQUEST = Scenario(
    "ai_nebula", "video_69095b4ce0048190893a01510c0c98b0", outputs=("night.mp4",), fetch=True, pace=11.0
)
FAILING = Scenario(
    "ai_nebula",
    "video_7719cc52d1be4d5c8a0e43b1f2aa6d07",
    end=End.FAILED,
    error={"code": 400, "message": "Prompt contains inappropriate content"},
    pace=6.0,
)
CANCELLED = Scenario("apipod", "b6b0a7de-44f0-4f0b-8a6c-5d1c2a9f7e02", end=End.CANCELLED)
STUCK = Scenario("token360", "vid_stuck1", end=End.STUCK)
LARGE = Scenario("token360", "vid_large1", outputs=("big-60000000.mp4",))

SLOW = Scenario(
    "token360",
    "vid_slow01",
    steps=(
        Step(0, "queued"),
        *(Step(4 + 0.6 * percent, "in_progress", percent) for percent in range(5, 100, 5)),
        Step(62, "completed", 100),
    ),
)
# Its gateway never answers for it.
HANGING = Scenario("token360", "vid_hang01")
# No gateway has it.
UNKNOWN = Scenario("octopusx", "task_01k0000000000000000000none")

SAMPLES = (VIDEO, IMAGES, LAST_FRAME, COLON, SECOND_REQUEST, FAILING, CANCELLED, STUCK, LARGE)

# What somebody may want to see, by the name of what becomes of it.
FATES: Mapping[str, Scenario] = MappingProxyType(
    {
        "normal": VIDEO,
        "slow": SLOW,
        "images": IMAGES,
        "last_frame": LAST_FRAME,
        "colon": COLON,
        "download": SECOND_REQUEST,
        "fails": FAILING,
        "cancelled": CANCELLED,
        "stuck": STUCK,
        "unknown": UNKNOWN,
        "large": LARGE,
        "hangs": HANGING,
    }
)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def once_more(scenario: Scenario) -> Scenario:
    """The same task under an ID that nobody has used, in the same shape."""
    return replace(scenario, id=_fresh(scenario.id))


def _fresh(task_id: str) -> str:
    if _UUID.fullmatch(task_id):
        return str(uuid.uuid4())
    prefix = task_id[: task_id.rindex("_") + 1]
    letters = "".join(random.choices(string.digits + "abcdef", k=len(task_id) - len(prefix)))  # noqa: S311 - no secret
    return prefix + letters
