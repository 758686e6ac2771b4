"""The dashboard and the alert rules speak of what `/metrics` really shows, and say what they mean."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from bot.tracking.measures import METRICS, Kind

Json = dict[str, Any]

DOCS = Path(__file__).resolve().parents[2] / "docs"
DASHBOARD: Json = json.loads((DOCS / "grafana.json").read_text())
RULES: list[Json] = [
    rule for group in yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
PANELS: list[Json] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

# What Prometheus itself adds to whatever it reads.
ADDED = {"instance", "job"}
_SUFFIXES = {Kind.COUNTER: ("_total",), Kind.GAUGE: ("",), Kind.HISTOGRAM: ("_bucket", "_count", "_sum")}


def samples() -> dict[str, set[str]]:
    """The labels of every series that a bot shows, by its name."""
    found = {
        metric.name + suffix: {*metric.labels, *(["le"] if suffix == "_bucket" else [])}
        for metric in METRICS
        for suffix in _SUFFIXES[metric.kind]
    }
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    for family in registry.collect():
        for sample in family.samples:
            found[sample.name] = set(sample.labels)
    return {**found, "up": set()}


SAMPLES = samples()


def questions() -> Iterator[tuple[str, str]]:
    """Each question to Prometheus, and where it stands."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for one in DASHBOARD["annotations"]["list"]:
        yield one["name"], one["expr"]
    for one in DASHBOARD["templating"]["list"]:
        if "definition" in one:
            yield one["name"], one["definition"]


@pytest.mark.parametrize(("where", "question"), list(questions()))
def test_a_question_is_about_what_there_is(where: str, question: str) -> None:
    assert where
    names = re.findall(r"\b(?:rushes|process|python)_\w+|\bup\b", question)
    assert names
    assert set(names) <= set(SAMPLES)
    for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", question):
        assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= SAMPLES[name] | ADDED
    known = set().union(*(SAMPLES[name] for name in names)) | ADDED
    for grouping in re.findall(r"\b(?:by|on) \(([^)]*)\)", question):
        assert set(re.split(r",\s*", grouping)) <= known


def test_every_metric_is_looked_at_somewhere() -> None:
    asked = " ".join(question for _, question in questions())
    assert [metric.name for metric in METRICS if not re.search(rf"\b{metric.name}", asked)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: Json) -> None:
    assert re.fullmatch(r"\d+m", rule["for"])
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    assert len(rule["annotations"]["description"]) > 40


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_explains_itself(panel: Json) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        spot = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(spot["x"], spot["x"] + spot["w"])
            for y in range(spot["y"], spot["y"] + spot["h"])
        }  # fmt: skip
        assert not taken & cells
        taken |= cells
    assert max(x for x, _ in taken) == 23
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(numbers) == len(set(numbers))


def test_names_in_the_explanations_are_right_too() -> None:
    for path in (DOCS / "alerts.yml", DOCS / "operations.md"):
        for name in re.findall(r"\brushes_\w+", path.read_text()):
            assert name in SAMPLES or any(metric.name == name for metric in METRICS), name
