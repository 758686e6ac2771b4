"""Everything that was found, as it stands in the JSON file."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.polling import Cell
from benchmarks.rows import Row


@dataclass(slots=True)
class Results:
    """`rows` by benchmark. `over` is the engine with twice what it holds, `crowd` engine and bare loop with 100,000.

    `machine` is what wrk does: requests a second, CPU µs of each.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    over: Cell | None = None
    crowd: tuple[Cell, Cell] | None = None
    machine: Sequence[float] | None = None
    schedules: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """What an earlier run has left there."""
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = {name: [_row(one) for one in row] for name, row in found["rows"].items()}
        over, crowd = found["over"], found["crowd"]
        cells = [_cell(one) for one in found["cells"]]
        ours_and_bare = (_cell(crowd[0]), _cell(crowd[1])) if crowd else None
        return cls(rows, cells, _cell(over) if over else None, ours_and_bare, found["machine"], found["schedules"])

    def add(self, cell: Cell) -> None:
        """It takes the place of what was measured of the same before."""
        self.cells = [one for one in self.cells if (one.poller, one.tasks) != (cell.poller, cell.tasks)] + [cell]

    def save(self, path: Path, verdicts: Iterable[Any]) -> None:
        found = asdict(self, dict_factory=_known)
        found["verdicts"] = [{**asdict(one, dict_factory=_known), "is_kept": one.is_kept} for one in verdicts]
        found["rows"] = {
            name: [{**asdict(row), "ratio": row.ratio} for row in rows] for name, rows in self.rows.items()
        }
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _known(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """JSON has no word for what is not a number, or infinite."""
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values}


def _cell(found: Mapping[str, Any]) -> Cell:
    values: dict[str, Any] = {name: math.nan if value is None else value for name, value in found.items()}
    return Cell(**values)


def _row(found: Mapping[str, Any]) -> Row:
    return Row(**{name: value for name, value in found.items() if name != "ratio"})
