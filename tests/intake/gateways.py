"""Providers for the tests of what people write: the built-in ones, and some whose IDs and addresses are unusual."""

import re

from providers import BUILT_IN
from providers.base import Endpoint, Fetch, Provider, TaskIds

SLASHED = Provider(
    "google",
    "Google",
    "https://generativelanguage.googleapis.com/v1beta",
    (Endpoint("video", "/{id}"),),
    task_ids=TaskIds(re.compile(r"models/[\w.-]+/operations/[\w-]+"), slashes=True),
)
COMPOSED = Provider(
    "fal",
    "fal.ai",
    "https://queue.fal.run",
    (Endpoint("video", "/{app}/requests/{request}/status"),),
    fetch=Fetch("/{app}/requests/{request}", mode="json"),
    task_ids=TaskIds(re.compile(r"(?P<app>[\w./-]+):(?P<request>[0-9a-f-]{36})"), slashes=True),
)
POSTED = Provider(
    "silicon",
    "SiliconFlow",
    "https://api.siliconflow.com.cn",
    (Endpoint("video", "/v1/video/status", method="POST", json={"requestId": "{id}"}),),
)
TWINS = tuple(
    Provider(name, name.title(), "https://shared.example:8443/api", (Endpoint("video", path),))
    for name, path in (("left", "/videos/{id}"), ("right", "/jobs/{id}"))
)
EVERY = (*BUILT_IN, SLASHED, COMPOSED, POSTED, *TWINS)
