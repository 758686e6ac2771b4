"""`make bench`: runs every benchmark, prints one table, and keeps it as JSON."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from benchmarks import flood, parsing, relay


def main() -> None:
    """One line for each thing measured."""
    options = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--json", type=Path, default=Path("benchmark-results.json"), help="where the numbers go")
    results = options.parse_args().json
    print(f"{'what':48s}{'ours':>9s}{'peer':>9s}{'ratio':>8s}   peer is")
    found = []
    for benchmark in (parsing, relay, flood):
        for row in benchmark.rows():
            print(row, flush=True)
            found.append({**asdict(row), "ratio": row.ratio})
    results.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
