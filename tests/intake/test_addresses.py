import pytest

from bot.intake.addresses import host_of, provider_at, read_address, read_exactly
from bot.intake.meaning import Mistake, Reference
from providers import BUILT_IN
from providers.base import Endpoint, Provider
from tests.intake.gateways import EVERY, SLASHED

UUID = "2f0392df-7da1-4128-8e30-7ea3d81446b3"
COLON = "sora-2:task_01k74ynm13exf9ha36zz7820hv"
BASE64 = "cHJvamVjdHMvYTE+Yg=="


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"https://api.apipod.ai/v1/videos/status/{UUID}", Reference(UUID, "apipod", "video")),
        (f"https://api.apipod.ai/v1/images/status/{UUID}/", Reference(UUID, "apipod", "image")),
        (f"HTTPS://API.APIPOD.AI:443/v1/videos/status/{UUID}?a=b#c", Reference(UUID, "apipod", "video")),
        ("https://api.token360.ai/v1/videos/vid_1", Reference("vid_1", "token360", "video")),
        (f"https://octopusx.ai/v1/video/query?id={COLON}", Reference(COLON, "octopusx", "video")),
        (
            f"https://octopusx.ai/v1/video/query?x=1&id={COLON.replace(':', '%3A')}",
            Reference(COLON, "octopusx", "video"),
        ),
        (f"https://octopusx.ai/v1/video/query?id={BASE64}", Reference(BASE64, "octopusx", "video")),
        (f"https://octopusx.ai/v1/video/generations/{COLON}", Reference(COLON, "octopusx", "video")),
        (f"https://octopusx.ai/v1/videos/{COLON}/content", Reference(COLON, "octopusx")),
        ("https://llm.ai-nebula.com/v1/video/generations/video_69", Reference("video_69", "ai_nebula", "video")),
        ("https://llm.ai-nebula.com/v1/video/generations/download?id=video_69", Reference("video_69", "ai_nebula")),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/veo-3.0/operations/abc?key=AIzaSecret",
            Reference("models/veo-3.0/operations/abc", "google", "video"),
        ),
        (
            f"https://queue.fal.run/fal-ai/kling-video/requests/{UUID}/status",
            Reference(f"fal-ai/kling-video:{UUID}", "fal", "video"),
        ),
        (f"https://queue.fal.run/fal-ai/veo3/requests/{UUID}", Reference(f"fal-ai/veo3:{UUID}", "fal")),
        ("https://shared.example:8443/api/jobs/j1", Reference("j1", "right", "video")),
    ],
)
def test_a_template_read_backwards(address: str, expected: Reference) -> None:
    assert read_exactly(address, EVERY) == expected
    assert read_address(address, EVERY) == expected


def test_a_gateway_below_a_path_and_on_a_port_of_its_own() -> None:
    provider = Provider("mine", "Mine", "http://127.0.0.1:8123/relay/", (Endpoint("video", "/v1/videos/{id}"),))
    assert read_exactly("http://127.0.0.1:8123/relay/v1/videos/t1", [provider]) == Reference("t1", "mine", "video")
    for other in ("http://127.0.0.1:8124/relay/v1/videos/t1", "http://127.0.0.1/relay/v1/videos/t1"):
        assert read_address(other, [provider]) == Mistake("unknown_address", other.split("/")[2])


def test_two_gateways_at_one_address_leave_open_which_is_meant() -> None:
    same = [Provider(name, name, "https://one.example", (Endpoint("video", "/v/{id}"),)) for name in ("a", "b")]
    assert read_exactly("https://one.example/v/t1", same) == Reference("t1", "", "video")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"https://cdn.apipod.ai/videos/2026/05/{UUID}.mp4?sign=abc", Reference(UUID, "apipod")),
        (f"https://apipod.ai/console/tasks/{UUID}", Reference(UUID, "apipod")),
        (
            "https://octopusx.ai/logs?task_id=task_01k6x15vhrff09dkkqjrzwhm60",
            Reference("task_01k6x15vhrff09dkkqjrzwhm60", "octopusx"),
        ),
        ("https://www.octopusx.ai/logs?taskId=grok%3A05c8e247", Reference("grok:05c8e247", "octopusx")),
        ("https://octopusx.ai/u/task_01k6x15vhr/out_7f3a9c2e.mp4", Reference("task_01k6x15vhr", "octopusx")),
        (f"https://shared.example:8443/other/{UUID}", Reference(UUID)),
        (f"https://cdn.siliconflow.com.cn/{UUID}.mp4", Reference(UUID, "silicon")),
    ],
)
def test_any_other_address_of_a_gateway_may_hold_one_part_that_looks_like_an_id(
    address: str, expected: Reference
) -> None:
    assert read_address(address, EVERY) == expected
    assert read_exactly(address, EVERY) is None


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://apipod.ai/pricing", "apipod.ai"),
        ("https://api.token360.ai", "api.token360.ai"),
        ("https://api.token360.ai/v1/videos", "api.token360.ai"),
        ("https://api.token360.ai/v1/videos/generations", "api.token360.ai"),
        ("https://api.token360.ai/v1/videos/{id}", "api.token360.ai"),
        ("https://api.apipod.ai/v1/videos/status/..%2f..%2fmodels", "api.apipod.ai"),
        ("https://llm.ai-nebula.com/v1/video/generations/download", "llm.ai-nebula.com"),
        ("https://octopusx.ai/v1/video/query?key=sk-123456", "octopusx.ai"),
        ("https://s.apipod.ai/videos/demo.mp4", "s.apipod.ai"),
    ],
)
def test_an_address_without_an_id(address: str, host: str) -> None:
    assert read_address(address, EVERY) == Mistake("address_without_id", host)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (f"https://evil.example/v1/videos/status/{UUID}?key=abc", "evil.example"),
        (f"https://api.apipod.ai.evil.example/v1/videos/status/{UUID}", "api.apipod.ai.evil.example"),
        (f"https://api.apipod.ai@evil.example/v1/videos/{UUID}", "evil.example"),
        (f"https://user:secret@evil.example/{UUID}", "evil.example"),
        (f"https://other.com.cn/{UUID}", "other.com.cn"),
        (f"http://169.254.169.254/{UUID}", "169.254.169.254"),
        (f"http://localhost/{UUID}", "localhost"),
        ("http://[::1", "[::1"),
        ("http://x:99999/y", "x:99999"),
        ("https://", "?"),
    ],
)
def test_an_address_of_nobody_here_is_told_by_its_host_alone(address: str, host: str) -> None:
    assert read_address(address, EVERY) == Mistake("unknown_address", host)
    assert read_address(address, ()) == Mistake("unknown_address", host)


def test_the_provider_of_an_address() -> None:
    assert provider_at("https://api.apipod.ai/v1/videos/generations", BUILT_IN) == "apipod"
    assert provider_at("https://apipod.ai/", BUILT_IN) == ""
    assert provider_at("https://shared.example:8443/api/x", EVERY) == ""
    assert host_of("https://user:sk-key@api.example:1/x?key=1") == "api.example:1"


def test_what_the_provider_takes_for_no_id_is_none() -> None:
    assert read_exactly("https://generativelanguage.googleapis.com/v1beta/models/veo-3.0", [SLASHED]) is None
    assert read_exactly(f"https://queue.fal.run/{'a/' * 600}requests/{UUID}/status", EVERY) is None
