"""One file for each language, named by its code; `SENTENCES` in each. A new file is a new language.

What does not fit into that file stands in others, named by the code and what they are about: `en_forgetting`.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules


def read() -> Mapping[str, Mapping[str, str]]:
    """The sentences of every language by their keys, by the language's code."""
    catalogues: dict[str, dict[str, str]] = {}
    for name in sorted(module.name for module in iter_modules(__path__)):
        code, _, _ = name.partition("_")
        catalogues.setdefault(code, {}).update(import_module(f"{__name__}.{name}").SENTENCES)
    return catalogues
