"""One file for each language, named by its code; `SENTENCES` in each. A new file is a new language."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules


def read() -> Mapping[str, Mapping[str, str]]:
    """The sentences of every language by their keys, by the language's code."""
    codes = sorted(module.name for module in iter_modules(__path__))
    return {code: import_module(f"{__name__}.{code}").SENTENCES for code in codes}
