"""Each wrong setting as a new operator makes it, through the command line: one sentence, and never a traceback."""

import logging
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.settings import SettingsError, examine_gateways, likely_slips, load_gateways
from bot.start import OPEN_FILES, allow_open_files
from bot.storage import sqlite

TOKEN = "1:abc"
CANNOT_START = 2


@pytest.fixture(autouse=True)
def _new_operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty folder, nothing set but a token, and nobody to be reached; the log is left as it was."""
    with monkeypatch.context() as patch:
        for name in ("DATABASE_URL", "PROVIDERS_FILE", "TELEGRAM_BOT_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
        patch.setenv("TELEGRAM_API_BASE_URL", "http://127.0.0.1:9")
        patch.chdir(tmp_path)
        root = logging.getLogger()
        level, handlers = root.level, root.handlers[:]
        yield
        root.setLevel(level)
        root.handlers[:] = handlers


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence with which `run` refuses to begin."""
    assert main(["run"]) == CANNOT_START
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].endswith(".")
    return lines[0]


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("TELEGRAM_BOT_TOKEN", "", "put it into .env"),
        ("TELEGRAM_BOT_TOKEN", " ", "as BotFather gives it"),
        ("TELEGRAM_BOT_TOKEN", "1:SECRET SECRET", "without spaces"),
        ("TELEGRAM_BOT_TOKEN", "'1:SECRET'", "without spaces and quotes"),
        ("TELEGRAM_API_BASE_URL", "api.telegram.org", "https://host"),
        ("ALLOWED_TELEGRAM_USER_IDS", "12,bob", "numeric ids"),
        ("ALLOWED_TELEGRAM_USER_IDS", "@bob", "/start tells"),
        ("ALLOWED_TELEGRAM_USER_IDS", "12 13", "separated by commas"),
        ("ALLOWED_TELEGRAM_USER_IDS", "*,12", "only * for everybody"),
        ("ALLOWED_TELEGRAM_CHAT_IDS", "*", "numeric ids"),
        ("ADMIN_TELEGRAM_USER_IDS", "12;13", "separated by commas"),
        ("LIMIT_OPEN_TASKS", "many", "whole number"),
        ("DATABASE_URL", "postgres://SECRET@host/rushes", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///data/", "must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("POLL_INTERVAL", "0", "greater than 0"),
        ("POLL_INTERVAL", "-1", "greater than 0"),
        ("POLL_INTERVAL", "often", "must be a number"),
        ("POLL_INTERVAL", "inf", "must be a number"),
        ("POLL_MAX_INTERVAL", "nan", "must be"),
        ("RETENTION_DAYS", "-1", "0 or more"),
        ("PROVIDER_MAX_CONCURRENCY", "1.5", "whole number"),
        ("TELEGRAM_LOCAL_MODE", "perhaps", "true or false"),
        ("MEDIA_TRUSTED_HOSTS", "https://cdn.example", "without https://"),
        ("MEDIA_TRUSTED_HOSTS", "*.cdn.example", "without"),
        ("HTTP_PORT", "80a", "whole number"),
        ("HTTP_PORT", "0", "1 or more"),
        ("HTTP_PORT", "70000", "65535 or less"),
        ("PUBLIC_URL", "bot.example", "https://host"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("LOG_FORMAT", "xml", "console or json"),
        ("DEFAULT_LANGUAGE", "fr", "en, zh"),
        ("APIPOD_BASE_URL", "api.apipod.ai", "https://host"),
        ("APIPOD_BASE_URL", "ftp://api.apipod.ai", "https://host"),
        ("APIPOD_BASE_URL", "https://api.api pod.ai", "without spaces"),
        ("APIPOD_BASE_URL", "https://me:SECRET@api.apipod.ai", "without a name or password"),
        ("APIPOD_BASE_URL", "https://api.apipod.ai:port", "https://host"),
        ("APIPOD_BASE_URL", "https://api.apipod.ai/?key=SECRET", "without ?"),
        ("PROVIDERS_FILE", "nowhere.toml", "No such file"),
    ],
)
def test_a_wrong_setting_is_one_sentence_with_its_name_and_the_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, cure: str
) -> None:
    monkeypatch.setenv(name, value)
    sentence = said(capsys)
    assert sentence.startswith(name)
    assert cure in sentence
    assert "SECRET" not in sentence


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("[providers.acme", "is not TOML"),
        ('[providers.acme]\npreset = "acme"', "there is no preset acme, only newapi and openai"),
        ('[providers.acme]\nbase_url = "acme.example"\napi_key_env = "K"\nquery = { path = "/{id}" }', "https://host"),
        ('acme = "https://acme.example"', "[providers.NAME]"),
    ],
)
def test_a_mistake_in_the_providers_file_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, cure: str
) -> None:
    Path("mine.toml").write_text(text)
    monkeypatch.setenv("PROVIDERS_FILE", "mine.toml")
    sentence = said(capsys)
    assert sentence.startswith("PROVIDERS_FILE: mine.toml")
    assert cure in sentence


def test_every_mistake_about_gateways_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("APIPOD_BASE_URL", "x"), ("OCTOPUSX_BASE_URL", "y"), ("PROVIDERS_FILE", "nowhere.toml")):
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_gateways()
    assert [line.split()[0] for line in str(caught.value).splitlines()] == [
        *("APIPOD_BASE_URL", "OCTOPUSX_BASE_URL", "PROVIDERS_FILE:"),
    ]


def a_folder(path: Path) -> None:
    path.mkdir()


def under_a_file(path: Path) -> None:
    path.parent.write_text("")


def junk(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


def of_the_future(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1000")


@pytest.mark.parametrize(
    ("name", "spoil", "cure"),
    [
        ("rushes", a_folder, "must name a file, such as rushes/rushes.db"),
        ("data/rushes.db", under_a_file, "data is no folder"),
        ("rushes.db", junk, "is no SQLite database; move it away"),
        ("rushes.db", of_the_future, "newer Rushes"),
        ("/proc/rushes.db", None, "DATABASE_URL"),
    ],
)
def test_a_database_that_can_not_be_one_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, spoil: object, cure: str
) -> None:
    if callable(spoil):
        spoil(Path(name))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{name}")
    sentence = said(capsys)
    assert name in sentence
    assert cure in sentence


def test_a_database_that_another_program_holds_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///rushes.db")
    with closing(sqlite3.connect("rushes.db")) as holder:
        holder.execute("PRAGMA journal_mode=WAL")
        holder.execute("BEGIN IMMEDIATE")
        assert "locked by another program" in said(capsys)


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfHTTP_PORT=x\r\nALLOWED_TELEGRAM_USER_IDS=1\r\n",
        b"ALLOWED_TELEGRAM_USER_IDS=\"1\"\r\nHTTP_PORT='x' # words\r\n",
        b"export HTTP_PORT = x",
    ],
)
def test_an_env_file_is_read_however_it_was_saved(capsys: pytest.CaptureFixture[str], text: bytes) -> None:
    Path(".env").write_bytes(text)
    assert said(capsys).startswith("HTTP_PORT must be a whole number")


def test_an_env_file_in_another_encoding_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text("HTTP_PORT=1", encoding="utf-16")
    assert said(capsys).startswith(".env is not UTF-8 text: save it anew")


def test_words_are_known_in_either_case(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (
        ("LOG_LEVEL", "debug"),
        ("LOG_FORMAT", "Console"),
        ("DEFAULT_LANGUAGE", "ZH"),
        ("HTTP_PORT", "x"),
    ):
        monkeypatch.setenv(name, value)
    assert said(capsys).startswith("HTTP_PORT")


def test_a_token_under_another_name_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN")
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    assert said(capsys) == "TELEGRAM_BOT_TOKEN is not set: TELEGRAM_TOKEN is set, rename it."


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("ALLOWED_USER_IDS", "ALLOWED_TELEGRAM_USER_IDS"),
        ("TELEGRAM_ALLOWED_USER_IDS", "ALLOWED_TELEGRAM_USER_IDS"),
        ("ADMIN_IDS", "ADMIN_TELEGRAM_USER_IDS"),
        ("APIPOD_KEY", "APIPOD_API_KEY"),
        ("AINEBULA_API_KEY", "AI_NEBULA_API_KEY"),
        ("POLL_INTERVALL", "POLL_INTERVAL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("OPENAI_API_KEY", ""),
        ("HTTP_PROXY", ""),
        ("PORT", ""),
        ("LANG", ""),
    ],
)
def test_a_name_that_is_nearly_a_setting_is_told(slip: str, meant: str) -> None:
    Path(".env").write_text(f"{slip}=1\n")
    told = [sentence for sentence in likely_slips(examine_gateways()[0]) if sentence.startswith(slip)]
    assert bool(told) == bool(meant)
    assert all(meant in sentence for sentence in told)


def test_as_many_files_may_be_open_as_the_system_lets_a_process_allow_itself() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(OPEN_FILES, hard), hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
