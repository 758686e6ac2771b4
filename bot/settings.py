"""Every setting, read once from the environment or `.env` and frozen. Knows the names, not what they are used for."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.tracking.gateways import Gateway
from providers import BUILT_IN

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


def _sqlite_url(value: str) -> str:
    if not value.startswith("sqlite:///") or value == "sqlite:///":
        raise ValueError("must look like sqlite:///data/rushes.db (or sqlite:////absolute/path)")
    return value


Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(_words)]
IdsOrEveryone = Annotated[frozenset[int] | Literal["*"], NoDecode, BeforeValidator(_ids_or_everyone)]
Keys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_words)]
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

    apipod_api_key: Keys = ()
    token360_api_key: Keys = ()
    octopusx_api_key: Keys = ()
    ai_nebula_api_key: Keys = ()
    apipod_base_url: HttpUrl = "https://api.apipod.ai"
    token360_base_url: HttpUrl = "https://api.token360.ai"
    octopusx_base_url: HttpUrl = "https://octopusx.ai"
    ai_nebula_base_url: HttpUrl = "https://llm.ai-nebula.com"

    database_url: Annotated[str, AfterValidator(_sqlite_url)] = "sqlite:///data/rushes.db"

    poll_interval: PositiveFloat | None = None
    poll_max_interval: PositiveFloat | None = None
    poll_give_up_after: PositiveFloat = 86_400.0
    provider_max_rps: PositiveFloat | None = None
    provider_max_concurrency: PositiveInt = 64

    media_max_bytes: PositiveInt | None = None
    media_trusted_hosts: Words = frozenset()

    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=1, le=65535)] | None = None

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    default_language: Literal["en", "zh"] = "en"

    @model_validator(mode="after")
    def _intervals_in_order(self) -> Self:
        if self.poll_interval and self.poll_max_interval and self.poll_interval > self.poll_max_interval:
            raise ValueError("POLL_INTERVAL must not be greater than POLL_MAX_INTERVAL")
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

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret in clear, for one purpose: to blank them out of the logs."""
        keys = [key for gateway in self.gateways() for key in gateway.keys]
        return (self.telegram_bot_token.get_secret_value(), *keys)

    def gateways(self) -> tuple[Gateway, ...]:
        """The built-in providers that have a key, each at its configured base URL."""
        configured = []
        for provider in BUILT_IN:
            keys: tuple[SecretStr, ...] = getattr(self, f"{provider.name}_api_key")
            if keys:
                located = replace(provider, base_url=getattr(self, f"{provider.name}_base_url"))
                configured.append(Gateway(located, tuple(key.get_secret_value() for key in keys)))
        return tuple(configured)


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
