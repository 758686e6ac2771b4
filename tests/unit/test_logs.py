import json
import logging
import sys

import pytest

from bot.ops.logs import JsonFormatter, Redactor, set_up

TOKEN = "123456:AAHsecretsecretsecretsecretsecretsec"
KEY = "plain-looking-key"


def formatted(message: str, *arguments: object, inner: logging.Formatter | None = None) -> str:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, arguments, None)
    return Redactor(inner or logging.Formatter("%(message)s"), [TOKEN, KEY]).format(record)


@pytest.mark.parametrize(
    "text",
    [
        f"POST https://api.telegram.org/bot{TOKEN}/sendMessage",
        f"The token `{TOKEN}` was rejected",
        f"key {KEY}",
        "another one: sk-abcdef123456",
        "Authorization: Bearer abcdef.123456",
        "bot987654:BBHanotherbotanotherbotanotherbot/getMe",
        "https://cdn.example/v.mp4?X-Amz-Signature=feedface&Expires=1",
    ],
)
def test_a_secret_never_gets_into_a_line(text: str) -> None:
    for line in (formatted(text), formatted("%s", text), formatted(text, inner=JsonFormatter())):
        assert "***" in line
        for secret in (TOKEN, KEY, "sk-abcdef123456", "abcdef.123456", "BBHanother", "feedface"):
            assert secret not in line


def test_an_ordinary_line_stays_as_it_is() -> None:
    assert formatted("task %d: %s", 7, "sora-2:task_01k74") == "task 7: sora-2:task_01k74"


def failing() -> None:
    raise ValueError(f"with {KEY}")


def test_tracebacks_are_covered_and_json_is_one_object(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    try:
        set_up("DEBUG", "json", [TOKEN, KEY])
        try:
            failing()
        except ValueError:
            logging.getLogger("here").exception("broke")
        line = capsys.readouterr().err
    finally:
        root.setLevel(level)
    fields = json.loads(line)
    assert fields["message"] == "broke"
    assert "ValueError" in fields["exception"]
    assert KEY not in line
    assert logging.getLogger("httpx").level >= logging.WARNING
    assert sys.stderr is not None
