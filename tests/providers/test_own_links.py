import pytest

from providers.base import Output, OutputKind, Snapshot, State
from providers.own_links import on_own_origin, same_origin

BASE = "https://relay.example"


def judged(url: str, *, needs_auth: bool = False, base: str = BASE) -> Output:
    snapshot = Snapshot(State.SUCCEEDED, outputs=(Output(OutputKind.VIDEO, url, needs_auth),))
    return on_own_origin(snapshot, base).outputs[0]


@pytest.mark.parametrize("url", [f"{BASE}/v1/videos/task_1/content", f"{BASE}:443/v1/videos/a%3Ab/content?x=1"])
def test_the_content_route_of_the_gateway_wants_the_key(url: str) -> None:
    assert judged(url) == Output(OutputKind.VIDEO, url, needs_auth=True)


@pytest.mark.parametrize(
    "host",
    ["http://localhost:3000", "http://127.0.0.1:3000", "http://10.0.0.7", "http://new-api:3000", "http://[::1]:9"],
)
def test_a_relay_that_does_not_know_its_address_is_helped(host: str) -> None:
    found = judged(f"{host}/v1/videos/task_1/content?a=b")
    assert found == Output(OutputKind.VIDEO, f"{BASE}/v1/videos/task_1/content?a=b", needs_auth=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example/v1/videos/task_1/content",
        "https://cdn.example/v.mp4",
        f"{BASE}/files/v.mp4",
        f"{BASE}/v1/videos/task_1/content/more",
        "http://127.0.0.1:3000/v.mp4",
        "data:video/mp4;base64,AAAA",
        "https://[broken/v1/videos/x/content",
        "https://cdn.example:port/v1/videos/x/content",
    ],
)
def test_everything_else_stays_as_it_is(url: str) -> None:
    assert judged(url) == Output(OutputKind.VIDEO, url)


def test_an_operators_word_counts_for_the_own_origin_only() -> None:
    assert judged(f"{BASE}/files/v.mp4", needs_auth=True).needs_auth
    assert not judged("https://cdn.example/v.mp4", needs_auth=True).needs_auth


def test_nothing_is_touched_without_results() -> None:
    snapshot = Snapshot(State.RUNNING)
    assert on_own_origin(snapshot, BASE) is snapshot


def test_origins() -> None:
    assert same_origin("https://a.example/x", "https://A.example:443")
    assert not same_origin("https://a.example", "http://a.example")
    assert not same_origin("https://a.example", "https://a.example:8443")
    assert not same_origin("nonsense", "nonsense")
