"""What the operator has set: the environment over `.env`, and what in it looks like a slip of the pen."""

import os
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from pathlib import Path

from dotenv import dotenv_values

DOTENV = Path(".env")
ENCODING = "utf-8-sig"  # some editors begin a file with a mark that is no part of it
# From here on two names look alike: a letter or two, or one word out of three.
_ALIKE = 0.77


class EnvironmentUnreadable(Exception):
    """`.env` can not be read; the text is one sentence for the operator."""


def variables() -> dict[str, str]:
    """All that is set, by names in capitals; what is empty is not set. Raises `EnvironmentUnreadable`."""
    found = {**_dotenv(), **os.environ}
    return {name.upper(): value for name, value in found.items() if value}


def own_variables() -> frozenset[str]:
    """The names that `.env` sets, whatever the environment says of them. Raises `EnvironmentUnreadable`."""
    return frozenset(name.upper() for name, value in _dotenv().items() if value)


def slips(found: Mapping[str, str], own: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Names that are set and mean nothing here, each with the known one that was probably meant and is not set.

    In `own`, which was written for this bot, the same words in another order, or some of them, are a slip too;
    elsewhere they may belong to another program.
    """
    names = sorted(known)
    free = [name for name in names if name not in found]
    strange = sorted(set(found) - set(names))
    meant = {name: _meant(name, free, by_words=name in set(own)) for name in strange}
    return {name: known_one for name, known_one in meant.items() if known_one}


def _meant(name: str, known: Iterable[str], *, by_words: bool) -> str:
    likeness, nearest = max(((SequenceMatcher(None, name, one).ratio(), one) for one in known), default=(0.0, ""))
    if likeness >= _ALIKE:
        return nearest
    words = set(name.split("_"))
    partners = [one for one in known if by_words and len(words) > 1 and words <= set(one.split("_"))]
    return partners[0] if len(partners) == 1 else ""


def _dotenv() -> dict[str, str | None]:
    try:
        return dotenv_values(DOTENV, encoding=ENCODING)
    except UnicodeError:
        raise EnvironmentUnreadable(
            f"{DOTENV} is not UTF-8 text: save it anew with the encoding UTF-8 (editors have it under “Save as”)."
        ) from None
    except OSError as error:
        raise EnvironmentUnreadable(
            f"{DOTENV} can not be read ({error.strerror}): let the user that runs Rushes read it."
        ) from None
