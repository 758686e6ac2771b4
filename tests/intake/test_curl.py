import pytest

from bot.intake.curl import commands

UNIX = """curl -X POST 'https://api.apipod.ai/v1/videos/generations' \\
  -H 'Authorization: Bearer sk-1' \\
  --data '{"model": "sora-2", "prompt": "it\\'"'"'s"}'
"""
WINDOWS = 'curl.exe "https://x.example/a" ^\r\n  -H "A: b" ^\r\n  -d "{\\"id\\": \\"v1\\"}"'


@pytest.mark.parametrize(
    ("text", "address", "data"),
    [
        ("curl https://x.example/a", "https://x.example/a", ()),
        ("$ curl -s 'https://x.example/a?b=c&d=e' -H 'X: y'", "https://x.example/a?b=c&d=e", ()),
        ("curl --url https://x.example/a", "https://x.example/a", ()),
        ("curl --url=https://x.example/a --data={}", "https://x.example/a", ("{}",)),
        ("curl -XPOST https://x.example/a -d{}", "https://x.example/a", ("{}",)),
        ("curl -x http://proxy.example -e https://from.example https://x.example/a", "https://x.example/a", ()),
        ("curl -G https://x.example/a -d id=v1 -d b=2", "https://x.example/a?id=v1&b=2", ("id=v1", "b=2")),
        ("curl “https://x.example/a” -d ‘{}’", "https://x.example/a", ("{}",)),
        ("curl https://x.example/a -d $'{\"a\": 1}'", "https://x.example/a", ('{"a": 1}',)),
        ("curl https://x.example/a \\\n-d '{", "https://x.example/a", ("{",)),
        ("curl https://x.example/a\n  -d '{}'", "https://x.example/a", ("{}",)),
        (WINDOWS, "https://x.example/a", ('{"id": "v1"}',)),
        ("curl -H 'X: https://not.example'", "", ()),
        ("curl -", "", ()),
    ],
)
def test_address_and_data(text: str, address: str, data: tuple[str, ...]) -> None:
    (command,) = commands(text)
    assert command.address == address
    assert command.data == data


def test_a_command_ends_where_its_lines_do() -> None:
    text = f"try this:\n{UNIX}" + '{"task_id": "v1"}'
    (command,) = commands(text)
    assert text[command.start :].startswith("curl")
    assert text[command.end :].strip() == '{"task_id": "v1"}'
    assert [argument.option for argument in command.arguments] == ["-X", "", "-H", "--data"]


def test_several_commands() -> None:
    assert [c.address for c in commands("curl https://a.example\ncurl https://b.example")] == [
        "https://a.example",
        "https://b.example",
    ]


@pytest.mark.parametrize(
    "text", ["", "curl", "use curl for that", "libcurl -x", "my-curl https://a", "curls https://a"]
)
def test_what_is_no_command(text: str) -> None:
    assert list(commands(text)) == []
