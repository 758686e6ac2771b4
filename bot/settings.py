"""Every setting, read once from the environment or `.env` and frozen. Knows the names, not what they are used for.

The gateways' keys are read apart from the bot's own settings: their names come from the list of providers, and asking a
gateway by hand needs no Telegram token.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic import PositiveInt, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import environment
from bot.tracking.gateways import Gateway, fold_name
from bot.values import (
    Days,
    Hosts,
    HttpUrl,
    Ids,
    IdsOrEveryone,
    Language,
    LogFormat,
    LogLevel,
    Port,
    Positive,
    SqliteUrl,
    Token,
    http_url,
    sentence,
    sqlite_url,
    words,
)
from providers import BUILT_IN, custom
from providers.base import Provider

MEGABYTE = 1_000_000
# What stands in for settings that can not be used, so that the others can be looked at all the same.
_TOGETHER = ("poll_interval", "poll_max_interval", "telegram_webhook")
_NO_TOKEN = SecretStr("0:none")


class SettingsError(Exception):
    """The environment can not be used as it is; the text is one sentence per setting, for the operator."""


class Settings(BaseSettings):
    """The operator's choices; the names are a contract, `.env.example` explains each one."""

    model_config = SettingsConfigDict(
        env_file=environment.DOTENV,
        env_file_encoding=environment.ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    telegram_bot_token: Token
    telegram_api_base_url: HttpUrl = "https://api.telegram.org"
    telegram_local_mode: bool = False

    allowed_telegram_user_ids: IdsOrEveryone = frozenset()
    allowed_telegram_chat_ids: Ids = frozenset()
    admin_telegram_user_ids: Ids = frozenset()
    limit_commands_per_minute: PositiveInt = 1500
    limit_open_tasks: PositiveInt = 5000

    database_url: SqliteUrl = "sqlite:///data/rushes.db"

    poll_interval: Positive | None = None
    poll_max_interval: Positive | None = None
    poll_give_up_after: Positive = 86_400.0
    provider_max_rps: Positive | None = None
    provider_max_concurrency: PositiveInt | None = None

    media_max_bytes: PositiveInt | None = None
    media_trusted_hosts: Hosts = frozenset()

    retention_days: Days = 90.0

    http_host: str = "127.0.0.1"
    http_port: Port | None = None
    public_url: HttpUrl | None = None
    telegram_webhook: bool = False

    log_level: LogLevel = "INFO"
    log_format: LogFormat = "console"
    default_language: Language = "en"

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
        settings, wrong = cls.examine()
        if wrong:
            raise SettingsError("\n".join(wrong.values()))
        return settings

    @classmethod
    def examine(cls) -> tuple[Self, dict[str, str]]:
        """The settings, and a sentence for each that is wrong, by its name ("" for two that do not go together).

        What is wrong has its default instead; a token without use stands for a wrong one. Raises `SettingsError` if
        nothing can be read at all.
        """
        meant = {known: name for name, known in _slips(_variables(), ()).items()}
        wrong, defaults = dict[str, str](), dict[str, Any]()
        while True:
            try:
                return cls(**defaults), wrong
            except ValidationError as error:
                # Two that do not go together are judged only once each of them is right by itself.
                for problem in error.errors():
                    name = str(problem["loc"][0]) if problem["loc"] else ""
                    # A choice of types reports one problem for each; one sentence for each setting is enough.
                    wrong.setdefault(name.upper(), sentence(problem, meant.get(name.upper(), "")))
                    defaults |= cls._defaults(name)

    @classmethod
    def _defaults(cls, wrong: str) -> dict[str, Any]:
        if wrong == "telegram_bot_token":
            return {wrong: _NO_TOKEN}
        return {name: cls.model_fields[name].default for name in ([wrong] if wrong else _TOGETHER)}

    @property
    def database_path(self) -> Path:
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def files_folder(self) -> Path:
        """Where results are on their way from a gateway to Telegram."""
        return self.database_path.with_name(self.database_path.name + ".media")

    @property
    def upload_limit(self) -> int:
        """The largest file in bytes that is downloaded and uploaded."""
        telegram = (2000 if self.telegram_local_mode else 50) * MEGABYTE
        return min(self.media_max_bytes or telegram, telegram)


def load_database_path() -> Path:
    """Where the database is: to copy it, no other setting is needed. Raises `SettingsError`."""
    url = _variables().get("DATABASE_URL", Settings.model_fields["database_url"].default)
    try:
        return Path(sqlite_url(url).removeprefix("sqlite:///"))
    except ValueError as error:
        raise SettingsError(f"DATABASE_URL {error}; .env.example explains it.") from None


def load_gateways() -> tuple[Gateway, ...]:
    """Every provider that is known here, built in or from PROVIDERS_FILE, with its keys; without one it is off.

    For a built-in one `NAME_API_KEY` holds the keys and `NAME_BASE_URL` may move it. Raises `SettingsError`.
    """
    gateways, wrong = examine_gateways()
    if wrong:
        raise SettingsError("\n".join(wrong))
    return gateways


def examine_gateways() -> tuple[tuple[Gateway, ...], list[str]]:
    """The providers that can be used, and a sentence for each mistake. Raises `SettingsError` if none can be read."""
    variables = _variables()
    gateways, wrong = list[Gateway](), list[str]()
    for provider in BUILT_IN:
        try:
            gateways.append(_built_in(provider, variables))
        except SettingsError as error:
            wrong.append(str(error))
    if file := variables.get("PROVIDERS_FILE"):
        try:
            gateways += _of_file(Path(file), variables)
        except SettingsError as error:
            wrong += str(error).splitlines()
    names = [fold_name(gateway.provider.name) for gateway in gateways]
    twice = {gateway.provider.name for gateway in gateways if names.count(fold_name(gateway.provider.name)) > 1}
    wrong += [f"PROVIDERS_FILE: there is more than one provider {name}; rename it." for name in sorted(twice)[:1]]
    return tuple(gateways), wrong


def likely_slips(gateways: Iterable[Gateway]) -> list[str]:
    """A sentence for each variable that nobody reads and whose name is nearly that of a setting."""
    return [
        f"{name} is not a setting of Rushes and is not used; {meant} was probably meant."
        for name, meant in _slips(_variables(), gateways).items()
    ]


def _slips(found: Mapping[str, str], gateways: Iterable[Gateway]) -> dict[str, str]:
    keys = (f"{provider.name}_{part}".upper() for provider in BUILT_IN for part in ("api_key", "base_url"))
    own = (gateway.setting.upper() for gateway in gateways)
    known = {*(name.upper() for name in Settings.model_fields), *keys, "PROVIDERS_FILE", *own}
    return environment.slips(found, environment.own_variables(), known)


def _variables() -> dict[str, str]:
    try:
        return environment.variables()
    except environment.EnvironmentUnreadable as error:
        raise SettingsError(str(error)) from None


def _built_in(provider: Provider, variables: Mapping[str, str]) -> Gateway:
    setting, moved = f"{provider.name}_API_KEY".upper(), f"{provider.name}_BASE_URL".upper()
    try:
        base_url = http_url(variables.get(moved, provider.base_url))
    except ValueError as error:
        raise SettingsError(f"{moved} {error}; .env.example explains it.") from None
    return Gateway(replace(provider, base_url=base_url), tuple(words(variables.get(setting, ""))), setting)


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
    keys = tuple(words(variables.get(setting.upper(), "")))
    if provider.auth.sign and not all(access and secret for access, _, secret in (key.partition(":") for key in keys)):
        raise SettingsError(f"{setting} must be ACCESS_KEY:SECRET_KEY for the provider {provider.name}.")
    return Gateway(provider, keys, setting)
