from pathlib import Path
from typing import Any

import pytest

from bot.doctor.choices import look_at_choices
from bot.doctor.report import Mark
from bot.settings import Settings
from bot.tracking.gateways import Gateway
from providers.token360 import TOKEN360

WELL = {"telegram_bot_token": "1:abc", "allowed_telegram_user_ids": "1", "admin_telegram_user_ids": "2"}
KEY = (Gateway(TOKEN360, ("sk-one",), "TOKEN360_API_KEY"),)


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def told(gateways: tuple[Gateway, ...] = KEY, **choices: Any) -> list[str]:
    """What is told beyond that all is well."""
    found = look_at_choices(Settings(**{**WELL, **choices}), gateways, [], [])
    return [f"{one.mark}: {one.what} -> {one.cure}" for one in found if one.mark is not Mark.OK]


def test_usual_choices_are_well() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"allowed_telegram_user_ids": "", "admin_telegram_user_ids": ""}, "warn: nobody is let in"),
        ({"allowed_telegram_user_ids": "*"}, "warn: everybody is let in"),
        ({"admin_telegram_user_ids": ""}, "warn: nobody is told when a key is rejected"),
        ({"poll_interval": "0.2"}, "warn: gateways are asked about each task every 0.2 s"),
        ({"http_host": "0.0.0.0", "http_port": "8080"}, "warn: whoever reaches this machine"),
        ({"telegram_api_base_url": "http://10.0.0.1"}, "warn: the bot's token goes to http://10.0.0.1 without"),
        ({"telegram_local_mode": "true"}, "bad: TELEGRAM_LOCAL_MODE is for a Bot API server of your own"),
        (
            {"telegram_webhook": "true", "public_url": "http://bot.example", "http_port": "8080"},
            "bad: Telegram calls webhooks only by https",
        ),
    ],
)
def test_what_was_perhaps_not_meant_is_told_with_its_cure(choices: dict[str, Any], said: str) -> None:
    (found,) = told(**choices)
    assert found.startswith(said)
    assert " -> " in found


def test_no_key_is_told() -> None:
    assert told(gateways=())[0].startswith("warn: no provider has a key")


def test_what_stays_on_this_machine_needs_no_encryption() -> None:
    assert told(telegram_api_base_url="http://localhost:8081", http_host="127.0.0.1", http_port="8080") == []


def test_a_proxy_is_a_reason_to_be_open() -> None:
    assert told(http_host="0.0.0.0", http_port="8080", public_url="https://bot.example") == []


def test_a_file_that_others_may_read_is_told() -> None:
    path = Path(".env")
    path.touch(mode=0o600)
    assert told() == []
    path.chmod(0o644)
    assert told()[0].endswith("chmod 600 .env")


def test_a_folder_in_the_place_of_the_file_is_told() -> None:
    Path(".env").mkdir()
    assert told()[0].startswith("bad: .env is a folder")
