"""OctopusX: tasks of every channel at `GET /v1/video/query?id={task_id}`, IDs with a colon included.

Tasks that were made through its other two doors are only known behind those, hence three places to ask. Some channels
finish without a link; the file then comes from the content route.
"""

from providers.base import Endpoint, Fetch, Provider

OCTOPUSX = Provider(
    name="octopusx",
    title="OctopusX",
    base_url="https://octopusx.ai",
    endpoints=(
        Endpoint("video", "/v1/video/query", {"id": "{id}"}),
        Endpoint("video", "/v1/videos/{id}"),
        Endpoint("video", "/v1/video/generations/{id}"),
    ),
    fetch=Fetch("/v1/videos/{id}/content", mode="binary"),
)
