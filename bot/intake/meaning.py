"""What a person can mean, as values, and which words look like an ID. Pure; knows nothing of how people write it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from providers.base import Provider, is_task_id
from providers.scrub import masked

_SHOWN = 100
_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_RUN = re.compile(r"[A-Za-z0-9]+")
# Parts of the names of models, files and moments, which have digits too: hunyuan3d, 20250528, 1280x720.
_NAME_PART = re.compile(r"[A-Za-z]{3,}\d{1,2}[A-Za-z]{0,5}|20\d{6}|\d{1,7}|\d{2,4}[xX]\d{2,4}|\d{8}T\d{4,6}Z?")
_SHORTEST_STRONG = 8
_SHORTEST_RUN = 6
_MANY_DIGITS = 12
_LONG = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """A task as a person names it; "" where the provider or the kind was left open."""

    task_id: str
    provider: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What can not be meant: the catalogue's key of the answer, and the words that it is about, fit to be repeated."""

    say: str
    text: str = ""


def bad_id(word: str) -> Mistake:
    """The answer to `word`; of what may be an address, the query is not repeated: keys stand there."""
    head, question_mark, _ = word.partition("?")
    return Mistake("bad_id", _fit_to_repeat(f"{head}?…" if question_mark else word))


def unknown_word(word: str) -> Mistake:
    """The answer to a `word` that nobody can place."""
    return Mistake("unknown_word", _fit_to_repeat(word.partition("?")[0] or "?"))


def can_be_id(word: str, providers: Sequence[Provider]) -> bool:
    """Whether `word` can be a task ID anywhere; what only one kind of provider takes is asked only there."""
    return is_task_id(word) or any(provider.accepts(word) for provider in providers)


def is_meant_as_id(word: str) -> bool:
    """Whether `word`, standing behind an ID in a command, is one more: most words of a language hold no digit."""
    return len(word) >= _LONG or any(character.isdigit() for character in word)


def is_likely(word: str) -> bool:
    """Whether `word`, sent alone, is rather an ID than talk: some length, digits and letters."""
    kinds = {character.isdigit() for character in word if character.isalnum()}
    return len(word) >= _SHORTEST_RUN and kinds == {True, False}


def is_strong(word: str) -> bool:
    """Whether `word` looks like an ID wherever it stands: a UUID, 12 digits, or 8 characters that look random.

    Random is a run of letters and digits that is no part of a name: the `69095b4c` of `video_69095b4c`, but nothing
    in `seedance-2.0` or in a date.
    """
    if _UUID.fullmatch(word):
        return True
    if word.isdigit():
        return len(word) >= _MANY_DIGITS
    return len(word) >= _SHORTEST_STRONG and any(_is_random(run) for run in _RUN.findall(word))


def _is_random(run: str) -> bool:
    has_digit = any(character.isdigit() for character in run)
    return has_digit and len(run) >= _SHORTEST_RUN and _NAME_PART.fullmatch(run) is None


def _fit_to_repeat(text: str) -> str:
    """Its beginning, without what no database takes and what might still be a key."""
    return masked(text, _SHOWN)
