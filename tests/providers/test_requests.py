"""What is sent: whatever the ID, the address stays what the provider describes, and the key stays in its place."""

import json
import random
import re
from dataclasses import replace

import jwt
import pytest

from providers import BUILT_IN
from providers.base import Auth, Endpoint, Fetch, Provider, TaskIds
from providers.requests import Question, own_file, question, second_question

KEY = "sk-test-0123456789"
PROVIDER = Provider("test", "Test", "https://gate.example/base", (Endpoint("video", "/v1/videos/{id}"),))
NASTY = "./\\?#&=%:@+~;,'\"`<>{}[]()|!$*^ \t\r\n\0\x7f\u202e\u200b\uff0f\uff0e\u0663\ud800aZ09-_"

SAFE = "aZ09._:=+-"


def fuzzed(count: int) -> list[str]:
    """IDs of every length from the letters that have ever moved a path, and mutations of good ones; always the same."""
    chance = random.Random(1_234)  # noqa: S311 - to be the same each time, not to be secret
    good = ["2f0392df-7da1-4128-8e30-7ea3d81446b3", "sora-2:task_01k74ynm13exf9ha36zz7820hv", "../../v1/models"]
    made = []
    for number in range(count):
        letters = list(chance.choice(good)) if number % 2 else []
        for _ in range(chance.randint(1, 24)):
            from_these = NASTY if chance.random() < 0.7 - 0.3 * (number % 3) else SAFE
            letters.insert(chance.randint(0, len(letters)), chance.choice(from_these))
        made.append("".join(letters))
    return made


@pytest.mark.parametrize("provider", [PROVIDER, *BUILT_IN], ids=lambda provider: str(provider.name))
def test_ten_thousand_ids_change_one_segment_or_nothing(provider: Provider) -> None:
    sent = 0
    for task_id in fuzzed(10_000):
        for endpoint in provider.endpoints:
            try:
                request = question(provider, endpoint, KEY, task_id, 0)
            except ValueError:
                continue
            sent += 1
            plain = question(provider, endpoint, KEY, "ID", 0)
            assert request.url.origin() == plain.url.origin()
            ours, theirs = request.url.raw_path.split("/"), plain.url.raw_path.split("/")
            assert len(ours) == len(theirs)
            different = [mine for mine, other in zip(ours, theirs, strict=True) if mine != other]
            assert len(different) <= 1
            assert all(re.fullmatch(r"(?:[A-Za-z0-9_.\-~]|%[0-9A-F]{2})+", mine) for mine in different)
            assert not any(mine in {".", ".."} for mine in different)
            assert list(request.url.query) == list(endpoint.params)
            assert all(request.url.query[name] == task_id for name in endpoint.params)
            assert not request.url.raw_fragment
            assert request.headers == plain.headers
    assert sent > 500


def test_the_key_is_a_bearer_and_is_not_shown() -> None:
    request = question(PROVIDER, PROVIDER.endpoints[0], f" Bearer {KEY}\n", "x", 0)
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(request)


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        (Auth(), "Authorization", f"Bearer {KEY}"),
        (Auth(prefix="Key "), "Authorization", f"Key {KEY}"),
        (Auth(name="x-goog-api-key", prefix=""), "x-goog-api-key", KEY),
    ],
)
def test_headers_of_every_kind(auth: Auth, name: str, value: str) -> None:
    assert question(replace(PROVIDER, auth=auth), PROVIDER.endpoints[0], KEY, "x", 0).headers[name] == value


def test_a_key_in_the_address_or_none_at_all() -> None:
    endpoint = Endpoint("video", "/q", {"id": "{id}"})
    request = question(replace(PROVIDER, auth=Auth("query", "key", "")), endpoint, "a+b/c&d", "x:1", 0)
    assert dict(request.url.query) == {"id": "x:1", "key": "a+b/c&d"}
    assert "Authorization" not in request.headers
    request = question(replace(PROVIDER, auth=Auth("query", "key", "")), PROVIDER.endpoints[0], "k", "x", 0)
    assert str(request.url) == "https://gate.example/base/v1/videos/x?key=k"
    request = question(replace(PROVIDER, auth=Auth("none")), endpoint, "", "x", 0)
    assert "key" not in str(request.url)
    assert "Authorization" not in request.headers


def test_a_signed_token_can_be_checked_by_whoever_has_the_secret() -> None:
    secret = "s" * 32
    signing = replace(PROVIDER, auth=Auth(sign="kling_jwt"))
    header = question(signing, PROVIDER.endpoints[0], f"access:{secret}", "x", 1_000_000).headers["Authorization"]
    token = header.removeprefix("Bearer ")
    claims = jwt.decode(token, secret, algorithms=["HS256"], options={"verify_exp": False, "verify_nbf": False})
    assert claims == {"iss": "access", "exp": 1_001_800, "nbf": 999_995}
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    assert secret not in header


def test_a_token_serves_for_a_minute_and_not_longer() -> None:
    signing = Question(replace(PROVIDER, auth=Auth(sign="kling_jwt")), PROVIDER.endpoints[0], "access:" + "s" * 32)

    def token(now: float) -> str:
        return signing.about("x", now).headers["Authorization"]

    first = token(1_000_000)
    assert token(1_000_060) == token(999_940) == first
    later = token(1_000_061)
    assert later != first
    # A clock that is set back must not leave a token that is not valid yet.
    assert token(999_000) not in (first, later)


def test_what_is_put_together_once_says_the_same_as_what_is_not() -> None:
    for provider in (PROVIDER, *BUILT_IN):
        for endpoint in provider.endpoints:
            prepared = Question(provider, endpoint, KEY)
            for task_id in ("a:1", "b=", "a:1"):
                assert prepared.about(task_id, 0) == question(provider, endpoint, KEY, task_id, 0)


def test_a_body_is_filled_and_said_to_be_json() -> None:
    endpoint = Endpoint("video", "/q", method="POST", json={"ids": ["{id}"], "deep": {"id": "{id}"}, "n": 1})
    request = question(PROVIDER, endpoint, KEY, "x:1", 0)
    assert request.method == "POST"
    assert request.body is not None
    assert json.loads(request.body) == {"ids": ["x:1"], "deep": {"id": "x:1"}, "n": 1}
    assert request.headers["Content-Type"] == "application/json"


def test_ids_of_several_segments_and_named_parts() -> None:
    ids = TaskIds(re.compile(r"(?P<app>[\w./-]+):(?P<id>\w+)"))
    provider = replace(PROVIDER, task_ids=ids)
    request = question(provider, Endpoint("video", "/{app}/requests/{id}/status"), KEY, "fal-ai/x:77", 0)
    assert request.url.raw_path == "/base/fal-ai/x/requests/77/status"
    with pytest.raises(ValueError, match="not a task ID"):
        question(provider, Endpoint("video", "/{app}/{id}"), KEY, "fal-ai/../x:77", 0)


def test_headers_of_the_provider_are_sent_along() -> None:
    provider = replace(PROVIDER, headers={"X-Runway-Version": "2024-11-06"})
    assert question(provider, PROVIDER.endpoints[0], KEY, "x", 0).headers["X-Runway-Version"] == "2024-11-06"


FETCHING = replace(PROVIDER, fetch=Fetch("/files/{body.file}/content", {"n": "{body.n}", "id": "{id}"}))


def test_a_second_question_knows_what_the_first_answer_said() -> None:
    request = second_question(FETCHING, KEY, "x", {"body.file": "a b/{id}", "body.n": "1&2"}, 0)
    assert str(request.url) == "https://gate.example/base/files/a%20b/%7Bid%7D/content?n=1%262&id=x"
    assert request.headers["Accept"] == "*/*"


@pytest.mark.parametrize("handles", [{}, {"body.file": "a"}, {"body.n": "1"}, {"body.file": "..", "body.n": "1"}])
def test_a_second_question_that_can_not_be_asked(handles: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"second request|segment"):
        second_question(FETCHING, KEY, "x", handles, 0)


@pytest.mark.parametrize(
    "url",
    [
        "https://gate.example/v1/x",
        "https://gate.example:443/y?sig=a%2Fb",
        "HTTPS://GATE.example/z",
    ],
)
def test_a_file_on_the_own_origin_gets_the_key(url: str) -> None:
    assert own_file(PROVIDER, KEY, url, 0).headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "url",
    [
        "http://gate.example/x",
        "https://gate.example:444/x",
        "https://gate.example.evil.example/x",
        "https://gate.example@evil.example/x",
        "https://me@gate.example/x",
        "https://evil.example/gate.example",
        "//gate.example/x",
        "data:video/mp4;base64,AAAA",
        "",
    ],
)
def test_a_file_elsewhere_never_does(url: str) -> None:
    with pytest.raises(ValueError, match=r"origin|URL"):
        own_file(PROVIDER, KEY, url, 0)
