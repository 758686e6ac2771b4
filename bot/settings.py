"""Every setting, read once from the environment or `.env` and frozen. Knows the names, not what they are used for.

The gateways' keys are read apart from the bot's own settings: their names come from the list of providers, and asking a
gateway by hand needs no Telegram token.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.text.catalogue import CATALOGUES
from bot.tracking.gateways import Gateway, fold_name
from providers import BUILT_IN, custom
from providers.base import Provider

EVERYONE = "*"


class SettingsError(Exception):
    """The environment can not be used as it is; the text is one sentence per setting, for the operator."""


def _words(value: Any) -> Any:
    """`"a, b"` as `["a", "b"]`; anything that is no text passes, for the next validator to judge."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _ids_or_everyone(value: Any) -> Any:
    words = _words(value)
    return EVERYONE if words == [EVERYONE] else words


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a full address such as https://host")
    return value.rstrip("/")


def _one_word(value: SecretStr) -> SecretStr:
    secret = value.get_secret_value().strip()
    if not secret or any(character.isspace() for character in secret):
        raise ValueError("must be one word without spaces, as BotFather gives it")
    return SecretStr(secret)


def _language(value: str) -> str:
    if value not in CATALOGUES:
        raise ValueError(f"must be one of {', '.join(CATALOGUES)}")
    return value


def _sqlite_url(value: str) -> str:
    if not value.startswith("sqlite:///") or value == "sqlite:///":
        raise ValueError("must look like sqlite:///data/rushes.db (or sqlite:////absolute/path)")
    return value


Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(_words)]
IdsOrEveryone = Annotated[frozenset[int] | Literal["*"], NoDecode, BeforeValidator(_ids_or_everyone)]
Words = Annotated[frozenset[str], NoDecode, BeforeValidator(_words)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Token = Annotated[SecretStr, AfterValidator(_one_word)]

MEGABYTE = 1_000_000


class Settings(BaseSettings):
    """The operator's choices; the names are a contract, `.env.example` explains each one."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    telegram_bot_token: Token
    telegram_api_base_url: HttpUrl = "https://api.telegram.org"
    telegram_local_mode: bool = False

    allowed_telegram_user_ids: IdsOrEveryone = frozenset()
    allowed_telegram_chat_ids: Ids = frozenset()
    admin_telegram_user_ids: Ids = frozenset()
    limit_commands_per_minute: PositiveInt = 1500
    limit_open_tasks: PositiveInt = 5000

    database_url: Annotated[str, AfterValidator(_sqlite_url)] = "sqlite:///data/rushes.db"

    poll_interval: PositiveFloat | None = None
    poll_max_interval: PositiveFloat | None = None
    poll_give_up_after: PositiveFloat = 86_400.0
    provider_max_rps: PositiveFloat | None = None
    provider_max_concurrency: PositiveInt = 64

    media_max_bytes: PositiveInt | None = None
    media_trusted_hosts: Words = frozenset()

    retention_days: NonNegativeFloat = 90.0

    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    public_url: HttpUrl | None = None
    telegram_webhook: bool = False

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    default_language: Annotated[str, AfterValidator(_language)] = "en"

    @model_validator(mode="after")
    def _intervals_in_order(self) -> Self:
        if self.poll_interval and self.poll_max_interval and self.poll_interval > self.poll_max_interval:
            raise ValueError("POLL_INTERVAL must not be greater than POLL_MAX_INTERVAL")
        return self

    @model_validator(mode="after")
    def _reachable_by_telegram(self) -> Self:
        if self.telegram_webhook and not (self.public_url and self.http_port):
            raise ValueError("TELEGRAM_WEBHOOK needs PUBLIC_URL and HTTP_PORT: Telegram calls the bot there")
        return self

    @classmethod
    def load(cls) -> Self:
        """The settings of this environment. Raises `SettingsError` with one sentence for each that is wrong."""
        try:
            return cls()  # type: ignore[call-arg]  # the environment fills it
        except ValidationError as error:
            # A choice of types reports one problem for each; one sentence for each setting is enough.
            problems = {problem["loc"][:1]: problem for problem in reversed(error.errors())}
            raise SettingsError("\n".join(_sentence(problem) for problem in problems.values())) from None

    @property
    def database_path(self) -> Path:
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def upload_limit(self) -> int:
        """The largest file in bytes that is downloaded and uploaded."""
        telegram = (2000 if self.telegram_local_mode else 50) * MEGABYTE
        return min(self.media_max_bytes or telegram, telegram)


def load_database_path() -> Path:
    """Where the database is: to copy it, no other setting is needed. Raises `SettingsError`."""
    url = _variables().get("DATABASE_URL", Settings.model_fields["database_url"].default)
    try:
        return Path(_sqlite_url(url).removeprefix("sqlite:///"))
    except ValueError as error:
        raise SettingsError(f"DATABASE_URL is not usable: {error}.") from None


def load_gateways() -> tuple[Gateway, ...]:
    """Every provider that is known here, built in or from PROVIDERS_FILE, with its keys; without one it is off.

    For a built-in one `NAME_API_KEY` holds the keys and `NAME_BASE_URL` may move it. Raises `SettingsError`.
    """
    variables = _variables()
    gateways = [_built_in(provider, variables) for provider in BUILT_IN]
    if file := variables.get("PROVIDERS_FILE"):
        gateways += _of_file(Path(file), variables)
    names = [fold_name(gateway.provider.name) for gateway in gateways]
    for gateway in gateways:
        if names.count(fold_name(gateway.provider.name)) > 1:
            raise SettingsError(f"PROVIDERS_FILE: there is more than one provider {gateway.provider.name}; rename it.")
    return tuple(gateways)


def _variables() -> dict[str, str]:
    """The environment over `.env`, as pydantic-settings reads them: in any case, and what is empty is not set."""
    found = {**dotenv_values(".env", encoding="utf-8"), **os.environ}
    return {name.upper(): value for name, value in found.items() if value}


def _built_in(provider: Provider, variables: Mapping[str, str]) -> Gateway:
    setting, moved = f"{provider.name}_API_KEY".upper(), f"{provider.name}_BASE_URL".upper()
    try:
        base_url = _http_url(variables.get(moved, provider.base_url))
    except ValueError as error:
        raise SettingsError(f"{moved} is not usable: {error}.") from None
    return Gateway(replace(provider, base_url=base_url), tuple(_words(variables.get(setting, ""))), setting)


def _of_file(path: Path, variables: Mapping[str, str]) -> list[Gateway]:
    try:
        return [_custom(found, variables) for found in custom.load(path)]
    except custom.ProvidersFileError as error:
        raise SettingsError("\n".join(f"PROVIDERS_FILE: {line}" for line in str(error).splitlines())) from None


def _custom(found: custom.CustomProvider, variables: Mapping[str, str]) -> Gateway:
    provider, setting = found.provider, found.setting
    if provider.auth.place == "none":
        return Gateway(provider, ("",))
    if setting.lower() in Settings.model_fields:
        raise SettingsError(f"PROVIDERS_FILE: providers.{provider.name}.api_key_env: {setting} is no gateway's key.")
    keys = tuple(_words(variables.get(setting.upper(), "")))
    if provider.auth.sign and not all(access and secret for access, _, secret in (key.partition(":") for key in keys)):
        raise SettingsError(f"{setting} must be ACCESS_KEY:SECRET_KEY for the provider {provider.name}.")
    return Gateway(provider, keys, setting)


def _sentence(problem: Any) -> str:
    """One problem as the operator should read it; the value is left out, it may be a secret."""
    if not problem["loc"]:
        return str(problem["msg"]).removeprefix("Value error, ") + "."
    name = str(problem["loc"][0]).upper()
    if problem["type"] == "missing":
        return f"{name} is not set: put it into .env or the environment (.env.example explains it)."
    if "int" in problem["type"] and name.endswith("_IDS"):
        return f"{name} must be numeric ids separated by commas; names do not work, /start tells a person's own id."
    return f"{name} is not usable: {str(problem['msg']).removeprefix('Value error, ')}."
