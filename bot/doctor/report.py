"""What was found, and how it is shown: lines for a terminal, or JSON for scripts. Knows no check."""

import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self

_WIDTH = 100
_MARK = 6  # columns
_BLANK = "***"
_SHORTEST = 6  # what is shorter is no secret, and stands in many words
_COLOURS = {"ok": "32", "warn": "33", "bad": "31;1"}


class Mark(StrEnum):
    """How a finding is to be taken: all is well, worth a thought, or it will not work like this."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `cure`: what to do about it, "" where nothing is to be done or `what` says it."""

    mark: Mark
    what: str
    cure: str = ""


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(Mark.OK, what)


def warn(what: str, cure: str = "") -> Finding:
    """It will work, but the operator should know."""
    return Finding(Mark.WARN, what, cure)


def bad(what: str, cure: str = "") -> Finding:
    """It will not work."""
    return Finding(Mark.BAD, what, cure)


@dataclass(frozen=True, slots=True)
class Group:
    """The findings about one part of the surroundings, in the order in which they were made."""

    title: str
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found."""

    groups: tuple[Group, ...]

    def without(self, secrets: Iterable[str]) -> Self:
        """The same, in which nobody can read them, whoever repeated one in a complaint."""
        blanks = sorted((secret for secret in secrets if len(secret) >= _SHORTEST), key=len, reverse=True)
        return type(self)(
            tuple(Group(group.title, [_blanked(f, blanks) for f in group.findings]) for group in self.groups)
        )

    def count(self, mark: Mark) -> int:
        return sum(finding.mark is mark for group in self.groups for finding in group.findings)

    @property
    def is_bad(self) -> bool:
        return self.count(Mark.BAD) > 0

    def as_json(self) -> str:
        """One object: `ok`, `bad` and `warn` (how many), and the `findings`."""
        found = [{"group": group.title, **asdict(finding)} for group in self.groups for finding in group.findings]
        counts = {mark.value: self.count(mark) for mark in (Mark.BAD, Mark.WARN)}
        return json.dumps({"ok": not self.is_bad, **counts, "findings": found}, ensure_ascii=False)

    def as_text(self, *, coloured: bool = False) -> str:
        """A paragraph for each group and a line for each finding, what is to be done below it, and a sum."""
        groups = ("\n".join(_lines(group, coloured=coloured)) for group in self.groups if group.findings)
        return "\n\n".join((*groups, self._sum()))

    def _sum(self) -> str:
        bad_ones, warnings = self.count(Mark.BAD), self.count(Mark.WARN)
        heed = f"{warnings} {'thing is' if warnings == 1 else 'things are'} worth a look" if warnings else ""
        if bad_ones:
            wrong = f"{bad_ones} {'thing is' if bad_ones == 1 else 'things are'} wrong"
            return f"{wrong}{f', {heed}' if heed else ''}. Put right what is marked bad, then ask again."
        return f"Nothing is wrong; {heed}." if heed else "All is well."


def _blanked(finding: Finding, secrets: Sequence[str]) -> Finding:
    what, cure = finding.what, finding.cure
    for secret in secrets:
        what, cure = what.replace(secret, _BLANK), cure.replace(secret, _BLANK)
    return Finding(finding.mark, what, cure)


def _lines(group: Group, *, coloured: bool) -> Iterable[str]:
    yield group.title
    margin = " " * (_MARK + 2)
    for finding in group.findings:
        first, *rest = textwrap.wrap(finding.what, _WIDTH - len(margin), break_long_words=False) or [""]
        yield f"  {_marked(finding.mark, coloured=coloured)}{first}"
        yield from (f"{margin}{line}" for line in rest)
        yield from textwrap.wrap(
            finding.cure,
            _WIDTH,
            initial_indent=f"{margin}-> ",
            subsequent_indent=f"{margin}   ",
            break_long_words=False,
        )


def _marked(mark: Mark, *, coloured: bool) -> str:
    word = f"{mark:<{_MARK}}"
    return f"\x1b[{_COLOURS[mark]}m{word}\x1b[0m" if coloured else word
