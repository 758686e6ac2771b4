"""What the project stands on: locked with hashes, listed with a reason, and all of it in the bill of materials."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distributions, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked(path: Path) -> dict[str, tuple[str, int]]:
    """The version of each package, and how many hashes it has."""
    blocks = re.split(r"\n(?=\S)", re.sub(r"(?m)^#.*\n", "", path.read_text()))
    found = {}
    for block in filter(str.strip, blocks):
        pinned = re.match(r"([a-z0-9-]+)==([^\s;]+)", block)
        assert pinned, block
        found[pinned[1]] = pinned[2], block.count("--hash=sha256:")
    return found


def rows() -> dict[str, str]:
    """The licence of every package that the tables of docs/dependencies.md name."""
    found: dict[str, str] = {}
    for table in (
        (ROOT / "docs" / "dependencies.md").read_text().split("| package | licence | for |\n|---|---|---|\n")[1:]
    ):
        for row in re.findall(r"(?m)^\|(.+)\|$", table.partition("\n\n")[0]):
            names, licences, reason = (cell.strip() for cell in row.split("|", 2))
            assert reason
            packages = [name.partition(" ")[0] for name in names.split(", ")]
            told = licences.partition(";")[0].split(", ")
            found.update(zip(packages, told * len(packages) if len(told) == 1 else told, strict=False))
    return found


def direct() -> set[str]:
    lists = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    lists += PROJECT["dependency-groups"].values()
    return {re.match(r"[\w-]+", wish)[0].lower() for wishes in lists for wish in wishes}  # type: ignore[index]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_is_pinned_with_hashes(path: Path) -> None:
    packages = locked(path)
    assert packages
    assert all(hashes for _, hashes in packages.values())


def test_what_runs_is_what_was_tested() -> None:
    run, sandbox, dev = (locked(ROOT / "requirements" / f"{name}.txt") for name in ("run", "sandbox", "dev"))
    assert run.items() <= sandbox.items() <= dev.items()


def test_every_direct_dependency_is_locked_and_has_a_reason() -> None:
    assert direct() <= {name for path in LOCKS for name in locked(path)}
    assert direct() == set(rows())


def test_licences_are_what_the_packages_say() -> None:
    wrong = {}
    for name, told in rows().items():
        try:
            facts = metadata(name).json
        except PackageNotFoundError:
            continue  # it lives in an environment of its own
        says = str(facts.get("license_expression") or facts.get("license"))
        is_expression = re.fullmatch(r"[\w.-]+( (OR|AND) [\w.-]+)*", says) and says != "None"
        if is_expression and says.replace(" OR ", " or ").replace(" AND ", " and ") != told:
            wrong[name] = says, told
    assert wrong == {}


def test_a_bill_of_materials_is_held_against_the_environment(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    components = [{"name": found.name, "version": found.version} for found in distributions()]

    def check() -> tuple[int, str]:
        bill.write_text(json.dumps({"components": components}))
        program = [sys.executable, str(ROOT / ".ci" / "sbom_complete.py"), str(bill)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        return done.returncode, done.stdout + done.stderr

    status, told = check()
    assert (status, "installed distributions are listed" in told) == (0, True)
    gone = components.pop()
    components.append({"name": "nobodys", "version": "1"})
    status, told = check()
    assert status == 1
    assert f"{gone['version']} is not listed" in told
    assert "nobodys 1 is not installed" in told
