"""Every ready table of docs/providers.toml.example, on bodies of its API: what an operator copies is what works."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import Endpoint, Output, Provider, QueryError, Snapshot
from providers.custom import load
from providers.own_links import on_own_origin
from providers.parse import parse
from providers.vocabulary import state_of
from tests.providers.bodies import as_bytes

EXAMPLE = Path(__file__).parents[2] / "docs" / "providers.toml.example"
PROVIDERS = {found.provider.name: found.provider for found in load(EXAMPLE)}
CASES = [json.loads(line) for line in Path(__file__).with_name("examples.jsonl").read_text().splitlines()]
FIELDS = ("progress", "model", "prompt", "created_at", "completed_at", "raw_status")


def endpoint_of(provider: Provider, case: dict[str, Any]) -> Endpoint:
    """The first, or that of the variant that the body belongs to."""
    paths = {
        ("kling", "image"): "/v1/images/generations/{id}",
        ("minimax", "h3"): "/v2/query/video_generation/{id}",
        ("kie", "veo"): "/api/v1/veo/record-info",
        ("kie", "runway"): "/api/v1/runway/record-detail",
        ("newapi", "videos"): "/v1/videos/{id}",
    }
    path = paths.get((provider.name, case.get("variant", "")), provider.endpoints[0].path)
    return next(endpoint for endpoint in provider.endpoints if endpoint.path == path)


def understood(case: dict[str, Any]) -> Snapshot | QueryError:
    provider = PROVIDERS[case["provider"]]
    endpoint = endpoint_of(provider, case)
    body = case["body"].encode() if isinstance(case["body"], str) else as_bytes(case["body"])
    if case.get("step") == "fetch":
        assert provider.fetch is not None
        found = parse(endpoint.kind, case["http"], {}, body, reading=provider.fetch.reading)
    else:
        has_fetch = provider.fetch is not None
        found = parse(endpoint.kind, case["http"], {}, body, reading=endpoint.reading, has_fetch=has_fetch)
    return found if isinstance(found, QueryError) else on_own_origin(found, provider.base_url)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['provider']}-{case['id']}")
def test_example(case: dict[str, Any]) -> None:
    want, found = case["want"], understood(case)
    if "query_error" in want:
        assert isinstance(found, QueryError)
        assert found.kind == want["query_error"]
        return
    assert isinstance(found, Snapshot)
    assert [output.kind for output in found.outputs] == want["out"]
    assert urls(found.outputs) == want.get("urls", urls(found.outputs))
    if case.get("step") == "fetch":
        return
    assert found.state == want["state"]
    assert found.needs_fetch == want.get("fetch", False)
    seen = {name: whole(getattr(found, name)) for name in FIELDS if name in want}
    assert seen == {name: want[name] for name in seen}
    assert (found.error and found.error.message) == want.get("error", found.error and found.error.message)
    assert (found.error and found.error.code) == want.get("error_code", found.error and found.error.code)


def whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) else value


def urls(outputs: tuple[Output, ...]) -> list[str]:
    return [output.url for output in outputs]


QUESTIONS = [case for case in CASES if case.get("step") != "fetch" and isinstance(case["body"], dict)]
GOING_ON = [case for case in QUESTIONS if case["want"].get("state") in {"queued", "running", "unknown"}]
values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just([]) | st.just({})
)


def mutated(body: Any, chance: random.Random, value: Any) -> Any:
    """The body with `value` in one of its places, or without it."""
    if isinstance(body, dict) and body:
        name = chance.choice(sorted(body))
        kept = {key: part for key, part in body.items() if key != name}
        inner = body[name]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.6:
            return {**body, name: mutated(inner, chance, value)}
        return kept if chance.random() < 0.3 else {**body, name: value}
    if isinstance(body, list) and body:
        return [mutated(body[0], chance, value), *body[1:]]
    return value


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(GOING_ON),
    st.randoms(use_true_random=False),
    values,
    st.sampled_from([200, 200, 400, 401, 404, 500]),
)
def test_no_mutation_of_a_running_answer_is_an_end(
    case: dict[str, Any], chance: random.Random, value: Any, status: int
) -> None:
    # Some gateways say with a mere `true` that a task is over.
    if value is True or (isinstance(value, str) and state_of(value).is_terminal):
        return
    found = understood({**case, "body": mutated(case["body"], chance, value), "http": status})
    assert isinstance(found, QueryError) or not found.state.is_terminal


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(QUESTIONS), st.randoms(use_true_random=False), values, st.integers(100, 599))
def test_no_answer_makes_a_description_raise(
    case: dict[str, Any], chance: random.Random, value: Any, status: int
) -> None:
    body = case["body"]
    for _ in range(chance.randint(0, 3)):
        body = mutated(body, chance, value)
    repr(understood({**case, "body": body if isinstance(body, dict) else {"x": body}, "http": status}))


def test_every_example_was_tried_on_an_end_of_either_kind_and_on_the_way_there() -> None:
    seen = Counter((case["provider"], case["want"].get("state", "")) for case in CASES if case.get("step") != "fetch")
    for name in PROVIDERS:
        assert seen[name, "succeeded"], name
        assert seen[name, "failed"], name
        assert seen[name, "running"] + seen[name, "queued"], name


def test_every_example_says_what_it_rests_on() -> None:
    text = EXAMPLE.read_text()
    for table in text.split("\n[providers.")[1:]:
        name = table.partition("]")[0]
        if "." not in name:
            comment = text[: text.index(f"\n[providers.{name}]")].rpartition("\n\n")[2]
            assert "Basis: documented" in comment or "Basis: read in public code" in comment, name
