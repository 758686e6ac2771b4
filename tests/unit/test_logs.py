import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from bot.ops.logs import Formatter, Style, set_up
from bot.ops.redactor import Redactor, secrets_in

TOKEN = "123456:AAHsecretsecretsecretsecretsecretsec"
KEY = "plain-looking/key=="
PAIR = "access-half:secret-half"
REDACTOR = Redactor([TOKEN, KEY, PAIR, "", "a"])

log = structlog.stdlib.get_logger("here")


def fail(text: str) -> None:
    raise ValueError(text)


class Caught(logging.Handler):
    """Keeps what a formatter makes of each record."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.setFormatter(Formatter(style, REDACTOR))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(params=["console", "json"])
def caught(request: pytest.FixtureRequest) -> Iterator[Caught]:
    handler = Caught(request.param)
    logger = logging.getLogger("here")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    level, names = root.level, ("httpx", "httpcore", "telegram", "aiohttp", "aiosqlite", "telegram.request.BaseRequest")
    levels = {name: logging.getLogger(name).level for name in names}
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    logging.captureWarnings(capture=False)  # some other test may have begun it
    yield
    logging.captureWarnings(capture=False)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


SECRET_TEXTS = [
    f"POST https://api.telegram.org/bot{TOKEN}/sendMessage",
    f"The token `{TOKEN}` was rejected",
    f"key {KEY}",
    "https://x.example/plain-looking%2Fkey%3D%3D",
    "Basic cGxhaW4tbG9va2luZy9rZXk9PQ==",
    "in base64 after something else: eHBsYWluLWxvb2tpbmcva2V5PT0=",
    "a part: secret-half",
    "another one: sk-abcdef123456",
    "Authorization: Bearer abcdef.123456",
    "bot987654:BBHanotherbotanotherbotanotherbot/getMe",
    "bot987654%3ABBHanotherbotanotherbotanotherbot",
    "987654:BBHanotherbotanotherbotanotherbot",
    "https://cdn.example/v.mp4?X-Amz-Signature=feedface&Expires=1",
    'he said "https://cdn.example/v.mp4?signature=feedface"',
    "GET https://cdn.example/v.mp4?sig=feedface\nsecond line",
    "through http://me:feedface@proxy.example:3128",
    "https://t.me/some_bot?start=inv_feedfacefeedfacefeedfa",
    "/start inv_feedfacefeedfacefeedfa",
    "POST /callback/feedface HTTP/1.1",
    "Bearer rushes_feedfacefeedfacefeedfacefeedface",
    "rushes_feedfacefeedfacefeedfacefeedface",
]
UNSEEN = (
    "AAHsecret",
    KEY,
    "half",
    "sk-abcdef",
    "abcdef.",
    "BBHanother",
    "feedface",
    "plain-looking",
    "cGxhaW4",
    "BsYWlu",
)


@pytest.mark.parametrize("text", SECRET_TEXTS)
def test_a_secret_never_gets_into_a_line(text: str, caught: Caught) -> None:
    log.info(text)
    log.info("a value", error=text)
    log.info("values", chat=7, many={"inside": [text]}, error=ValueError(text))
    logging.getLogger("here").info("by a library: %s", text)
    logging.getLogger("here").info("%r", {"headers": text})
    try:
        fail(text)
    except ValueError:
        log.exception("broke")
    with bound_contextvars(task=text):
        log.warning("bound", stack_info=True)
    assert len(caught.lines) == 7
    for line in caught.lines:
        assert "***" in line
        assert [secret for secret in UNSEEN if secret in line] == []


def test_an_ordinary_line_stays_as_it_is() -> None:
    handler = Caught("console")
    record = logging.LogRecord("here", logging.INFO, __file__, 1, "task %d: %s", (7, "sora-2:task_01k74"), None)
    assert handler.format(record).endswith("here: task 7: sora-2:task_01k74")


def test_values_have_names(caught: Caught) -> None:
    with bound_contextvars(task="t1", chat=1001):
        log.info("task changed", provider="apipod", state="it's done", ending=None, trouble="")
    (line,) = caught.lines
    if line.startswith("{"):
        fields = json.loads(line)
        assert fields.pop("timestamp").endswith("Z")
        assert fields == {
            "level": "info",
            "logger": "here",
            "event": "task changed",
            "task": "t1",
            "chat": 1001,
            "provider": "apipod",
            "state": "it's done",
        }
    else:
        assert line.endswith('here: task changed task=t1 chat=1001 provider=apipod state="it\'s done"')


def test_one_event_is_one_line_whatever_a_stranger_wrote(caught: Caught) -> None:
    log.info("said\n2026-01-01T00:00:00Z [info] forged", error="\x1b[2J\u2028x\r\ny\udc80")
    (line,) = caught.lines
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    line.encode()


def test_a_traceback_shows_no_local_variables_and_no_forged_line() -> None:
    handler = Caught("console")
    local = "a local variable's value"[::-1]
    try:
        fail("one\n2026-01-01T00:00:00Z [info] two")
    except ValueError as error:
        record = logging.LogRecord("here", logging.ERROR, "", 1, "broke", (), (ValueError, error, error.__traceback__))
    first, *others = handler.format(record).splitlines()
    assert first.endswith("broke")
    assert "Traceback" in others[0]
    assert all(line.startswith("  ") for line in others)
    assert local not in "".join(others)


def test_a_line_that_can_not_be_made_says_so(caught: Caught) -> None:
    class Nasty:
        def __str__(self) -> str:
            raise RuntimeError(TOKEN)

    log.info("a value", it=Nasty())
    caught.handle(logging.LogRecord("here", logging.INFO, "", 1, "%d", (TOKEN,), None))
    assert ["can not be shown" in line and "AAH" not in line for line in caught.lines] == [True, True]


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("style", ["console", "json"])
def test_whatever_nobody_catches_goes_the_same_way(style: Style, capsys: pytest.CaptureFixture[str]) -> None:
    class Unraisable:
        def __del__(self) -> None:
            fail(f"with {TOKEN}")

    set_up("DEBUG", style, REDACTOR)
    try:
        fail(f"with {TOKEN}")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    thread = threading.Thread(target=fail, args=(f"with {TOKEN}",))
    thread.start()
    thread.join()
    Unraisable()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"old {TOKEN}", DeprecationWarning, stacklevel=1)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    said = capsys.readouterr().err
    assert "AAH" not in said
    assert said.count("Traceback") == said.count("ValueError: with ***") == 3
    assert "DeprecationWarning" in said
    assert "interrupted" in said
    if style == "json":
        assert [json.loads(line)["level"] for line in said.splitlines()] == [
            "critical",
            "error",
            "error",
            "warning",
            "warning",
        ]


@pytest.mark.usefixtures("_as_before")
def test_talkative_libraries_are_capped_and_no_level_is_lowered() -> None:
    set_up("DEBUG", "console", REDACTOR)
    for name in ("httpx", "httpcore", "telegram.ext", "aiohttp.access", "aiosqlite"):
        assert logging.getLogger(name).getEffectiveLevel() == logging.WARNING
    set_up("ERROR", "console", REDACTOR)
    assert logging.getLogger("httpx").getEffectiveLevel() == logging.ERROR


def test_what_is_secret_by_its_name_or_its_place() -> None:
    variables = {
        "MY_RELAY_KEY": "first-key, second-key",
        "SOME_TOKEN": "true",
        "telegram_bot_token": TOKEN,
        "HTTPS_PROXY": "http://me:pa%24s@proxy.example:3128",
        "APIPOD_BASE_URL": "https://api.example",
        "BROKEN": "://[@",
        "PATH": "/usr/bin",
    }
    assert set(secrets_in(variables)) == {"first-key", "second-key", TOKEN, "pa%24s", "pa$s"}
