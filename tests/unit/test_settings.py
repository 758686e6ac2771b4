import re
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "1:abc"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def load(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in {"TELEGRAM_BOT_TOKEN": TOKEN, **values}.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def test_the_example_names_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / ".env.example").read_text()
    shown = {name: value for name, value in re.findall(r"^#([A-Z][A-Z0-9_]+)=(.+)$", text, re.MULTILINE) if value}
    assert load(monkeypatch) == load(monkeypatch, **shown)


def test_a_copied_example_with_a_token_is_enough(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text().replace("TELEGRAM_BOT_TOKEN=\n", f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    (tmp_path / ".env").write_text(text)
    settings = Settings.load()
    assert settings.telegram_bot_token.get_secret_value() == TOKEN
    assert settings.gateways() == ()
    assert settings.allowed_telegram_user_ids == frozenset()


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
    (gateway,) = settings.gateways()
    assert gateway.keys == ("sk-one", "sk-two")
    assert "sk-one" not in repr(gateway)
    assert "sk-one" not in repr(settings)


def test_a_star_lets_everybody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, ALLOWED_TELEGRAM_USER_IDS="*").allowed_telegram_user_ids == "*"


def test_a_base_url_moves_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, AI_NEBULA_API_KEY="k", AI_NEBULA_BASE_URL="http://127.0.0.1:8/x/")
    (gateway,) = settings.gateways()
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
    with pytest.raises(SettingsError) as caught:
        load(monkeypatch, **values)
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
