"""The one way from a catalogue's sentence to text for a chat: chosen by language, filled, escaped. Pure."""

import html
import re
import unicodedata

from bot.text import languages

CATALOGUES = languages.read()

# Controls, and the marks that turn the direction of text around: nothing that a name or an error needs.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

# Where Telegram would make a mention, a command, a tag or a link of somebody else's words. A mark that nobody sees goes
# in between, so they stay words; only what stands in code is kept to the letter, since people copy it.
_CATCHES = re.compile(
    r"(?<=@)(?=\w)|(?<![\w/<>].)(?<=[/#])(?=\w)|(?<=\$)(?=[A-Z])|(?<=:)(?=//)|(?<=\w\.)(?=[^\W\d_]{2})"
    r"|(?<=\d\.)(?=\d{1,3}\.\d{1,3}\.\d)"
)
_WORD_JOINER = "\u2060"
_CODE = re.compile("<code>[^<]*</code>")

_TAG = re.compile("<[^>]*>")


class Html(str):
    """Text that is Telegram HTML already; only `say` and joining what it returned make it."""

    __slots__ = ()


def language_of(code: str | None) -> str | None:
    """Our language for an app's language code such as `zh-hans`; None where we have none."""
    language = (code or "").replace("_", "-").split("-")[0].lower()
    return language if language in CATALOGUES else None


def language_named(word: str) -> str | None:
    """The language that somebody means, by its code or by a name in any of ours; "" for the automatic one."""
    wanted = word.strip().casefold()
    for language, sentences in CATALOGUES.items():
        if wanted in (language, *sentences["language.names"].casefold().split()):
            return language
    automatic = {"auto", *(sentences["options.language.auto"].casefold() for sentences in CATALOGUES.values())}
    return "" if wanted in automatic else language_of(wanted)


def say(language: str, key: str, **values: object) -> Html:
    """The sentence `key` as Telegram HTML. Every value that is not `Html` is cleaned and escaped, whoever wrote it."""
    sentence = CATALOGUES[language][key]
    code = "".join(_CODE.findall(sentence)) if "<code>" in sentence else ""
    return Html(sentence.format_map({name: _escaped(value, f"{{{name}}}" in code) for name, value in values.items()}))


def lines(*parts: Html) -> Html:
    """The parts, each on a line of its own."""
    return Html("\n".join(parts))


def plain(text: Html, limit: int) -> str:
    """The same words without markup, in at most `limit` units: for when Telegram does not take the markup."""
    return cut(html.unescape(_TAG.sub("", text)), limit)


def bare(text: Html, limit: int) -> str:
    """The same words for where nothing can become markup: buttons, popups, titles."""
    return plain(Html(text.replace(_WORD_JOINER, "")), limit)


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units, the unit in which Telegram counts; a cut shows as an ellipsis."""
    units = _sound(text).encode("utf-16-le")
    if len(units) <= 2 * limit:
        return text
    kept = units[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    while kept and (unicodedata.combining(kept[-1]) or kept[-1] in "\u200d\ufe0f"):
        kept = kept[:-1]
    return kept.rstrip() + "…"


def len_utf16(text: str) -> int:
    """The length of `text` as Telegram counts it."""
    return len(_sound(text).encode("utf-16-le")) // 2


def _sound(text: str) -> str:
    """Without lone halves of characters, which no encoding takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _escaped(value: object, is_code: bool) -> str:
    if isinstance(value, Html):
        return value
    text = _INVISIBLE.sub("", _sound(str(value)))
    return html.escape(text if is_code else _CATCHES.sub(_WORD_JOINER, text), quote=True)
