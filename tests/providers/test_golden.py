import json
from pathlib import Path
from typing import Any

import pytest

from providers.base import QueryError, Snapshot
from providers.parse import parse

GOLDEN = Path(__file__).with_name("golden")


def cases(name: str) -> list[Any]:
    lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, lines)]


def answer(case: dict[str, Any]) -> Snapshot | QueryError:
    body = case["body"]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return parse(case["kind"], case["http"], {}, raw, has_fetch=case["fetch"])


def seen(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot under the short names that the data files use."""
    whole = {"created": snapshot.created_at, "upd": snapshot.updated_at, "done": snapshot.completed_at}
    return {
        "state": snapshot.state,
        "raw": snapshot.raw_status,
        "out": [output.kind for output in snapshot.outputs],
        "urls": [output.url for output in snapshot.outputs],
        "fetch": snapshot.needs_fetch,
        "prog": snapshot.progress,
        "err": snapshot.error.message if snapshot.error else None,
        "code": snapshot.error.code if snapshot.error else None,
        "model": snapshot.model,
        "prompt": snapshot.prompt,
        **{name: None if moment is None else int(moment) for name, moment in whole.items()},
    }


@pytest.mark.parametrize("case", [*cases("documented.jsonl"), *cases("families.jsonl")])
def test_answer_is_read_as_documented(case: dict[str, Any]) -> None:
    found, want = answer(case), case["want"]
    if "query_error" in want:
        assert isinstance(found, QueryError)
        assert found.kind == want["query_error"]
        assert found.http == case["http"]
        assert found.message
        assert want.get("code", found.code) == found.code
    else:
        assert isinstance(found, Snapshot)
        assert {name: seen(found)[name] for name in want} == want
