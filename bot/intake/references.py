"""From what a person wrote to the task that is meant. Pure: asks nobody, stores nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from providers.base import is_task_id

KINDS = frozenset({"video", "image"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A task as a person names it; "" where the provider or the kind was left open."""

    task_id: str
    provider: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What can not be meant: the catalogue's key of the answer, and the words that it is about."""

    say: str
    text: str = ""


def read_reference(arguments: str, providers: Iterable[str]) -> Reference | Mistake | None:
    """`ID [provider] [video|image]`, the two words in any order; None where nothing was written.

    `providers`: the names that may follow. They are understood in any spelling of their separators and case.
    """
    task_id, *words = arguments.split() or [""]
    if not task_id:
        return None
    if not is_task_id(task_id):
        return Mistake("bad_id", task_id)
    names = {_folded(name): name for name in providers}
    reference = Reference(task_id)
    for word in words:
        if word.lower() in KINDS and not reference.kind:
            reference = Reference(task_id, reference.provider, word.lower())
        elif _folded(word) in names and not reference.provider:
            reference = Reference(task_id, names[_folded(word)], reference.kind)
        else:
            return Mistake("unknown_word", word)
    return reference


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
