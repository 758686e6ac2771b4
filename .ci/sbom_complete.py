"""Holds a bill of materials (CycloneDX, JSON) against the environment that runs this: nothing missing, nothing more.

`python .ci/sbom_complete.py sbom.json`; the exit status is 1 where they differ.
"""

import json
import re
import sys
from importlib.metadata import distributions
from pathlib import Path

Named = tuple[str, str]  # a distribution's name in one spelling, and its version


def named(name: str, version: str) -> Named:
    """As the package index spells names."""
    return re.sub(r"[-_.]+", "-", name).lower(), version


def main(path: str) -> int:
    """Prints what differs."""
    components = json.loads(Path(path).read_text(encoding="utf-8"))["components"]
    listed = {named(component["name"], component["version"]) for component in components}
    installed = {named(found.name, found.version) for found in distributions()}
    for word, difference in (("not listed", installed - listed), ("not installed", listed - installed)):
        for name, version in sorted(difference):
            sys.stderr.write(f"{path}: {name} {version} is {word}\n")
    if installed != listed or not installed:
        return 1
    sys.stdout.write(f"{path}: {len(listed)} of {len(installed)} installed distributions are listed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
