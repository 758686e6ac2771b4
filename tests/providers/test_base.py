from pathlib import Path

import pytest

from providers import BUILT_IN
from providers.base import Endpoint, Fetch, State, is_task_id


@pytest.mark.parametrize(
    "text",
    [
        "2f0392df-7da1-4128-8e30-7ea3d81446b3",
        "video_69095b4ce0048190893a01510c0c98b0",
        "task_01k6x15vhrff09dkkqjrzwhm60",
        "sora-2:task_01k74ynm13exf9ha36zz7820hv",
        "cHJvamVjdHMv+abc==",
        "0",
        "a" * 512,
    ],
)
def test_ids_of_every_gateway_are_taken(text: str) -> None:
    assert is_task_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "-",
        ":x",
        "a.",
        "../../v1/models",
        "a/b",
        "a?key=1",
        "a#frag",
        "a&id=b",
        "a%2fb",
        "..%2f..%2f",
        "a\r\nX-Injected: 1",
        "a\n",
        "a\0b",
        "//evil.test/",
        "@evil.test",
        "{task_id}",
        "{id}",
        "'; drop table task;--",
        "\u202eabc",
        "\uff0fx",
        "\uff41\uff42\uff43",
        "\u0663",
        "task\u200b_1",
        "\ud800",
        "a" * 513,
    ],
)
def test_what_would_leave_its_path_segment_is_no_id(text: str) -> None:
    assert not is_task_id(text)


def test_only_four_states_end_a_task() -> None:
    assert {state for state in State if state.is_terminal} == {"succeeded", "failed", "cancelled", "expired"}


def test_built_in_providers_are_complete() -> None:
    assert [provider.name for provider in BUILT_IN] == ["apipod", "token360", "octopusx", "ai_nebula"]
    for provider in BUILT_IN:
        assert provider.base_url.startswith("https://")
        places: list[Endpoint | Fetch] = list(provider.endpoints)
        if provider.fetch:
            places.append(provider.fetch)
        for place in places:
            assert "{id}" in place.path or "{id}" in place.params.values()


def test_a_provider_is_a_few_lines_of_data_and_one_of_registration() -> None:
    package = Path(__file__).parents[2] / "providers"
    registry = (package / "__init__.py").read_text()
    for provider in BUILT_IN:
        assert len((package / f"{provider.name}.py").read_text().splitlines()) <= 30
        assert registry.count(provider.name.upper()) == 2  # its import, and its place in the list
