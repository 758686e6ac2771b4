import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.tracking.lifecycle import TRANSITIONS
from providers.base import State

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for room in ("bot", "providers", "sandbox") for path in (ROOT / room).rglob("*.py"))


def diagram() -> str:
    """The life of a task as its table tells it."""

    def lines() -> Iterator[str]:
        yield "stateDiagram-v2"
        yield "    [*] --> unknown"
        order = [State.UNKNOWN, *(state for state in State if state is not State.UNKNOWN)]
        for state in order:
            for other in order:
                if other in TRANSITIONS[state] and other is not state:
                    yield f"    {state} --> {other}"
        for state in order:
            if state.is_terminal:
                yield f"    {state} --> [*]"

    return "\n".join(lines())


def test_the_picture_in_the_design_is_the_table_in_the_code() -> None:
    text = (ROOT / "docs" / "design.md").read_text()
    (drawn,) = re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
    assert drawn == diagram()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    # A catalogue is one file for each language, as long as what there is to say.
    assert text.count("\n") <= (600 if path.parent.name == "languages" else 400)
    assert path.stem not in {"utils", "helpers", "common", "manager"}
    assert not text.strip() or text.startswith('"""')


def test_migrations_are_numbered_without_a_gap() -> None:
    names = sorted(path.name for path in (ROOT / "bot" / "storage" / "migrations").glob("*.sql"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
