"""APIPod: videos at `GET /v1/videos/status/{task_id}`, images at `GET /v1/images/status/{task_id}`.

Both wrap the task in `{code, message, data}`; results are a list of links that live for about a day. An ID does not
tell a video from an image, so both places are asked, videos first.
"""

from providers.base import Endpoint, Provider

APIPOD = Provider(
    name="apipod",
    title="APIPod",
    base_url="https://api.apipod.ai",
    endpoints=(
        Endpoint("video", "/v1/videos/status/{id}"),
        Endpoint("image", "/v1/images/status/{id}"),
    ),
)
