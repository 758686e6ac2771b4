"""Turns the operator's `providers.toml` into the same Provider values as the built-in ones, or says what is wrong.

Every mistake is found here, before anything runs: a key that does not exist, an expression that does not compile, a
placeholder that nothing fills. `docs/providers.toml.example` explains the keys.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from providers.base import KINDS, Provider
from providers.presets import PRESETS
from providers.schema import Spec, described

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class ProvidersFileError(Exception):
    """The file can not be used; the text is one sentence per mistake, with file, provider and key."""


@dataclass(frozen=True, slots=True)
class CustomProvider:
    """A provider of the file. `setting` names the variable that holds its keys; "" where it wants none."""

    provider: Provider
    setting: str


def load(path: Path) -> tuple[CustomProvider, ...]:
    """The providers of the file in its order. Raises ProvidersFileError."""
    found, mistakes = list[CustomProvider](), list[str]()
    for name, table in _tables(path).items():
        try:
            found.append(_load_one(path, name, table))
        except ProvidersFileError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ProvidersFileError("\n".join(mistakes))
    return tuple(found)


def _tables(path: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProvidersFileError(f"{path} can not be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ProvidersFileError(f"{path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        raise ProvidersFileError(f"{path} is not TOML: {error}.") from None
    tables = document.pop("providers", {})
    if document:
        raise ProvidersFileError(f"{path}: {next(iter(document))} belongs into a table [providers.NAME].")
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ProvidersFileError(f"{path}: providers must be tables, [providers.NAME].")
    return tables


def _load_one(path: Path, name: str, table: Mapping[str, Any]) -> CustomProvider:
    where = f"{path}: providers.{name}"
    if not _NAME.fullmatch(name) or name.lower() in KINDS:
        raise ProvidersFileError(f"{where}: a name is up to 32 letters, digits, _ and -, and not video or image.")
    preset = table.get("preset")
    if preset is not None and preset not in PRESETS:
        raise ProvidersFileError(f"{where}.preset: there is no preset {preset}, only {' and '.join(PRESETS)}.")
    try:
        spec = Spec.model_validate({**PRESETS.get(preset or "", {}), **table})
        return CustomProvider(spec.provider(name), spec.api_key_env)
    except ValidationError as error:
        raise ProvidersFileError("\n".join(f"{where}{described(problem)}." for problem in error.errors())) from None
