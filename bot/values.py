"""What the text of a setting may be, as types; and what the operator reads where it is something else."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from bot.text.catalogue import CATALOGUES

EVERYONE = "*"
_EXAMPLE = ".env.example explains it"


def words(value: Any) -> Any:
    """`"a, b"` as `["a", "b"]`; anything that is no text passes, for the next validator to judge."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def http_url(value: str) -> str:
    """An address without its last slash. Raises ValueError, without the address: it may hold a password."""
    # Looked at before `urlsplit`, which drops some kinds of white space without a word.
    if any(character.isspace() or not character.isprintable() for character in value):
        raise ValueError("must be an address without spaces, such as https://host")
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")  # as the name is looked up, or not at all
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError("must be a full address such as https://host")
    if "@" in parts.netloc:
        raise ValueError("must be an address without a name or password in it, such as https://host")
    if parts.query or parts.fragment:
        raise ValueError("must be an address without ? and #, such as https://host")
    return value.rstrip("/")


def sentence(problem: Mapping[str, Any], instead: str = "") -> str:
    """One of pydantic's problems as the operator should read it; the value is left out, it may be a secret.

    `instead`: the name that was probably set in the place of a missing one.
    """
    said = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return f"{said}."
    name = str(problem["loc"][0]).upper()
    if problem["type"] == "missing":
        hint = f"{instead} is set, rename it" if instead else f"put it into .env or the environment ({_EXAMPLE})"
        return f"{name} is not set: {hint}."
    if name.endswith("_IDS"):
        star = ", or only * for everybody" if name == "ALLOWED_TELEGRAM_USER_IDS" else ""
        return (
            f"{name} must be numeric ids separated by commas{star}; names do not work, /start tells a person's own id."
        )
    return f"{name} {_demand(problem) or said}; {_EXAMPLE}."


def _demand(problem: Mapping[str, Any]) -> str:
    """What the setting must be, where the library's own words are about Python rather than about settings."""
    bounds = problem.get("ctx", {})
    match problem["type"]:
        case "bool_parsing":
            return "must be true or false"
        case "int_parsing" | "int_from_float" | "int_parsing_size":
            return "must be a whole number"
        case "float_parsing" | "finite_number":
            return "must be a number"
        case "greater_than":
            return f"must be greater than {bounds['gt']:g}"
        case "greater_than_equal":
            return f"must be {bounds['ge']:g} or more"
        case "less_than_equal":
            return f"must be {bounds['le']:g} or less"
        case "literal_error":
            return f"must be one of {bounds['expected'].replace(chr(39), '')}"
        case _:
            return ""


def _ids_or_everyone(value: Any) -> Any:
    found = words(value)
    return EVERYONE if found == [EVERYONE] else found


def _one_word(value: SecretStr) -> SecretStr:
    secret = value.get_secret_value().strip()
    if not secret or any(c.isspace() or not c.isprintable() or c in "\"'" for c in secret):
        raise ValueError("must be one word without spaces and quotes, as BotFather gives it")
    return SecretStr(secret)


def _language(value: str) -> str:
    if value not in CATALOGUES:
        raise ValueError(f"must be one of {', '.join(CATALOGUES)}")
    return value


def sqlite_url(value: str) -> str:
    """The same, if it names a file. Raises ValueError."""
    path = value.removeprefix("sqlite:///")
    if path == value or path.endswith("/") or path.strip() in {"", ".", "..", ":memory:"}:
        raise ValueError("must name a file, like sqlite:///data/rushes.db (or sqlite:////absolute/path)")
    return value


def _host(value: str) -> str:
    if any(character in value for character in "/*@") or any(character.isspace() for character in value):
        raise ValueError("must be hosts such as cdn.example or 127.0.0.1:8080, without https://, path and *")
    return value


def _folded(fold: str) -> BeforeValidator:
    """For words that are known in one case only."""
    return BeforeValidator(lambda value: getattr(value.strip(), fold)() if isinstance(value, str) else value)


Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(words)]
IdsOrEveryone = Annotated[frozenset[int] | Literal["*"], NoDecode, BeforeValidator(_ids_or_everyone)]
Hosts = Annotated[frozenset[Annotated[str, AfterValidator(_host)]], NoDecode, BeforeValidator(words)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
SqliteUrl = Annotated[str, AfterValidator(sqlite_url)]
Token = Annotated[SecretStr, AfterValidator(_one_word)]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Language = Annotated[str, _folded("lower"), AfterValidator(_language)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], _folded("upper")]
LogFormat = Annotated[Literal["console", "json"], _folded("lower")]
