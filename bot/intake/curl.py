"""Curl lines in a text: where they stand and what their arguments are. Pure; knows nothing of IDs or providers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_START = re.compile(r"(?i)(?<![\w./-])curl(?:\.exe)?(?=\s+(?:[-'\"\\^`$]|https?:))")
# One argument as a shell reads it. Each alternative begins with another character and nothing follows them, so there
# is no way to match that could be tried twice. A quote that is never closed runs to the end.
_ARGUMENT = re.compile(r"""(?:'[^']*'?|"(?:[^"\\]|\\.)*"?|\\[^\r\n]|[^\s'"\\])+""", re.DOTALL)
# Between arguments: blanks, a line that goes on (\ in shells, ^ and ` on Windows), or a next line that is an option.
_BETWEEN = re.compile(r"(?:[ \t]|[\\^`][ \t]*\r?\n|\r?\n(?=[ \t]*-))*")
_QUOTED = re.compile(r"""\$?'([^']*)'?|"((?:[^"\\]|\\.)*)"?|\\(.)""", re.DOTALL)
_ESCAPED = re.compile(r"\\([\"\\$`])")
_TYPOGRAPHIC = str.maketrans("“”„‟‘’‚‛", "\"\"\"\"''''")

DATA = frozenset({"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json"})
HEADERS = frozenset({"-H", "--header"})
LOGINS = frozenset({"-u", "--user", "-b", "--cookie", "-U", "--proxy-user", "--oauth2-bearer"})
_ADDRESS = "--url"
_WITH_VALUE = frozenset(
    {*DATA, *HEADERS, *LOGINS, _ADDRESS, "-A", "-e", "-F", "-m", "-o", "-w", "-x", "-X", "--connect-timeout", "--form"}
    | {"--max-time", "--output", "--proxy", "--referer", "--request", "--retry", "--user-agent", "--write-out"}
)


@dataclass(frozen=True, slots=True)
class Argument:
    """One option with its value, or a value alone (`option` ""). `start` and `end` are those of the value's text."""

    option: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Command:
    """A curl line, from `start` to `end` in its text."""

    start: int
    end: int
    arguments: tuple[Argument, ...]

    @property
    def address(self) -> str:
        """The first http(s) address that is asked, "" for none; with `-G` the data is part of it."""
        found = (a.value for a in self.arguments if a.option in {"", _ADDRESS} and a.value.lower().startswith("http"))
        address = next(found, "")
        is_get = any(argument.value in {"-G", "--get"} for argument in self.arguments)
        if not (is_get and self.data):
            return address
        return address + ("&" if "?" in address else "?") + "&".join(self.data)

    @property
    def data(self) -> tuple[str, ...]:
        """The bodies, as written."""
        return tuple(argument.value for argument in self.arguments if argument.option in DATA)


def commands(text: str) -> Iterator[Command]:
    """Every curl line of `text`, in order."""
    straight = text.translate(_TYPOGRAPHIC)
    end = 0
    while start := _START.search(straight, end):
        words = list(_words(straight, start.end()))
        end = words[-1][1] if words else start.end()
        yield Command(start.start(), end, tuple(_arguments(straight, words)))


def _words(text: str, position: int) -> Iterator[tuple[int, int]]:
    while True:
        between = _BETWEEN.match(text, position)
        word = _ARGUMENT.match(text, between.end() if between else position)
        if word is None:
            return
        yield word.span()
        position = word.end()


def _arguments(text: str, words: list[tuple[int, int]]) -> Iterator[Argument]:
    option = ""
    for start, end in words:
        word = _unquoted(text[start:end])
        if option or not word.startswith("-"):
            yield Argument(option, word, start, end)
            option = ""
        elif word in _WITH_VALUE:
            option = word
        else:
            yield _attached(text, start, end, word)


def _attached(text: str, start: int, end: int, word: str) -> Argument:
    """`--data=x`, `-dx`, or an option without a value, which stands as a value."""
    name, equals, _ = word.partition("=")
    if not (equals and name in _WITH_VALUE):
        name, equals = word[:2], ""
    if name not in _WITH_VALUE:
        return Argument("", word, start, end)
    length = len(name) + len(equals)
    return Argument(name, _unquoted(text[start:end])[length:], min(start + length, end), end)


def _unquoted(word: str) -> str:
    return _QUOTED.sub(lambda found: found[1] or _ESCAPED.sub(r"\1", found[2] or "") or found[3] or "", word)
