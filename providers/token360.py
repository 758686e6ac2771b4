"""Token360: videos at `GET /v1/videos/{video_id}`, a bare task object with `url` and `video_url`."""

from providers.base import Endpoint, Provider

TOKEN360 = Provider(
    name="token360",
    title="Token360",
    base_url="https://api.token360.ai",
    endpoints=(Endpoint("video", "/v1/videos/{id}"),),
)
