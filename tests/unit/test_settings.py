import re
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load_gateways
from bot.tracking.gateways import Gateway
from providers import BUILT_IN

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "1:abc"
KEYS = [f"{provider.name}_{part}".upper() for provider in BUILT_IN for part in ("api_key", "base_url")]
NAMES = sorted([*(name.upper() for name in Settings.model_fields), *KEYS, "PROVIDERS_FILE"])


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def load(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in {"TELEGRAM_BOT_TOKEN": TOKEN, **values}.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def configured() -> list[Gateway]:
    return [gateway for gateway in load_gateways() if gateway.keys]


def test_the_example_names_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    assert sorted(named) == NAMES


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / ".env.example").read_text()
    shown = {name: value for name, value in re.findall(r"^#([A-Z][A-Z0-9_]+)=(.+)$", text, re.MULTILINE) if value}
    assert (load(monkeypatch), load_gateways()) == (load(monkeypatch, **shown), load_gateways())


def test_a_copied_example_with_a_token_is_enough(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text().replace("TELEGRAM_BOT_TOKEN=\n", f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    (tmp_path / ".env").write_text(text)
    settings = Settings.load()
    assert settings.telegram_bot_token.get_secret_value() == TOKEN
    assert configured() == []
    assert settings.allowed_telegram_user_ids == frozenset()


def test_limits_are_at_least_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, LIMIT_COMMANDS_PER_MINUTE="30", LIMIT_OPEN_TASKS="7")
    assert (settings.limit_commands_per_minute, settings.limit_open_tasks) == (30, 7)
    for name in ("LIMIT_COMMANDS_PER_MINUTE", "LIMIT_OPEN_TASKS"):
        with pytest.raises(SettingsError, match=name):
            load(monkeypatch, **{name: "0"})
        monkeypatch.delenv(name)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        ALLOWED_TELEGRAM_USER_IDS="1, 2,3",
        ALLOWED_TELEGRAM_CHAT_IDS="-100,5",
        MEDIA_TRUSTED_HOSTS="127.0.0.1:9, cdn.example",
        APIPOD_API_KEY="sk-one,sk-two",
    )
    assert settings.allowed_telegram_user_ids == frozenset({1, 2, 3})
    assert settings.allowed_telegram_chat_ids == frozenset({-100, 5})
    assert settings.media_trusted_hosts == frozenset({"127.0.0.1:9", "cdn.example"})
    (gateway,) = configured()
    assert gateway.keys == ("sk-one", "sk-two")
    assert "sk-one" not in repr(gateway)
    assert "sk-one" not in repr(settings)


def test_a_star_lets_everybody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, ALLOWED_TELEGRAM_USER_IDS="*").allowed_telegram_user_ids == "*"


def test_a_base_url_moves_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    load(monkeypatch, AI_NEBULA_API_KEY="k", AI_NEBULA_BASE_URL="http://127.0.0.1:8/x/")
    (gateway,) = configured()
    assert gateway.provider.base_url == "http://127.0.0.1:8/x"


@pytest.mark.parametrize(
    ("values", "name", "cure"),
    [
        ({"TELEGRAM_BOT_TOKEN": ""}, "TELEGRAM_BOT_TOKEN", "is not set"),
        ({"TELEGRAM_BOT_TOKEN": "1:a b"}, "TELEGRAM_BOT_TOKEN", "without spaces"),
        ({"ALLOWED_TELEGRAM_USER_IDS": "12,bob"}, "ALLOWED_TELEGRAM_USER_IDS", "numeric ids"),
        ({"ADMIN_TELEGRAM_USER_IDS": "*"}, "ADMIN_TELEGRAM_USER_IDS", "numeric ids"),
        ({"DATABASE_URL": "postgres://x"}, "DATABASE_URL", "sqlite:///"),
        ({"APIPOD_BASE_URL": "api.apipod.ai"}, "APIPOD_BASE_URL", "https://"),
        ({"APIPOD_BASE_URL": "https://me:secret@api.apipod.ai"}, "APIPOD_BASE_URL", "without a name or password"),
        ({"HTTP_PORT": "70000"}, "HTTP_PORT", "65535"),
        ({"POLL_INTERVAL": "0"}, "POLL_INTERVAL", "greater than 0"),
        ({"POLL_INTERVAL": "9", "POLL_MAX_INTERVAL": "3"}, "POLL_INTERVAL", "POLL_MAX_INTERVAL"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL", "INFO"),
        ({"DEFAULT_LANGUAGE": "fr"}, "DEFAULT_LANGUAGE", "zh"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], name: str, cure: str
) -> None:
    with pytest.raises(SettingsError) as caught:  # noqa: PT012 - one of the two reads the setting
        load(monkeypatch, **values)
        load_gateways()
    text = str(caught.value)
    assert text.startswith(name)
    assert cure in text
    assert "\n" not in text


def test_a_mistake_never_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, TELEGRAM_BOT_TOKEN="123:SECRET SECRET")
    assert "SECRET" not in str(caught.value)


def test_files_are_bounded_by_what_telegram_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch).upload_limit == 50_000_000
    assert load(monkeypatch, MEDIA_MAX_BYTES="1000").upload_limit == 1000
    assert load(monkeypatch, MEDIA_MAX_BYTES="999999999999").upload_limit == 50_000_000
    monkeypatch.delenv("MEDIA_MAX_BYTES")
    assert load(monkeypatch, TELEGRAM_LOCAL_MODE="true").upload_limit == 2_000_000_000


FILE = """
[providers.acme]
base_url = "https://acme.example"
api_key_env = "Acme_Key"
query = { path = "/v1/{id}" }
[providers.open]
base_url = "https://open.example"
auth = { in = "none" }
query = { path = "/v1/{id}" }
"""


@pytest.fixture
def providers_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    monkeypatch.setenv("PROVIDERS_FILE", str(path))
    return path


def test_keys_of_the_file_come_from_the_environment_or_env(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, providers_file: Path
) -> None:
    assert [gateway.provider.name for gateway in configured()] == ["open"]
    (tmp_path / ".env").write_text("acme_key = one, two\nTELEGRAM_BOT_TOKEN=1:a\nAPIPOD_API_KEY=k\n")
    apipod, acme, _ = configured()
    assert (apipod.keys, acme.keys, acme.setting) == (("k",), ("one", "two"), "Acme_Key")
    monkeypatch.setenv("ACME_KEY", "three")
    assert configured()[1].keys == ("three",)
    assert providers_file.exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("acme]", "apipod]", "more than one provider apipod"),
        ("acme]", "API-Pod]", "more than one provider"),
        ("Acme_Key", "TELEGRAM_BOT_TOKEN", "is no gateway's key"),
        ("base_url", "base", "providers.acme.base"),
        ('"Acme_Key"', '"KLING"\nauth = { sign = "kling_jwt" }', "ACCESS_KEY:SECRET_KEY"),
    ],
)
def test_a_mistake_in_the_file_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, providers_file: Path, old: str, new: str, said: str
) -> None:
    monkeypatch.setenv("KLING", "only-one-part")
    providers_file.write_text(FILE.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        load_gateways()
    assert said in str(caught.value)
    assert "only-one-part" not in str(caught.value)
