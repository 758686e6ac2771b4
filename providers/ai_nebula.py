"""AI-Nebula: videos at `GET /v1/video/generations/{task_id}`; asks for 3 to 5 seconds between two questions.

Veo and Wan tasks end with a `url`. Sora 2 tasks end without one: their file comes as base64 inside the JSON of
`GET /v1/video/generations/download?id={task_id}`.
"""

from providers.base import Endpoint, Fetch, Provider

AI_NEBULA = Provider(
    name="ai_nebula",
    title="AI-Nebula",
    base_url="https://llm.ai-nebula.com",
    endpoints=(Endpoint("video", "/v1/video/generations/{id}"),),
    fetch=Fetch("/v1/video/generations/download", {"id": "{id}"}, mode="json"),
)
