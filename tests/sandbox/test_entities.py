import contextlib
from html import escape
from typing import Any

import pytest
from aiogram.types import MessageEntity
from aiogram.utils.text_decorations import html_decoration
from hypothesis import given
from hypothesis import strategies as st

from sandbox.entities import MAX_ENTITIES, Formatted, finish, from_html, units
from sandbox.refusal import ApiError

FAMILY = "👩\u200d👩\u200d👧\u200d👦"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)


def shown(formatted: Formatted) -> list[tuple[str, str]]:
    """Every entity's kind with the text that it covers, cut out of UTF-16 as a client does."""
    wide = formatted.text.encode("utf-16-le")
    return [
        (entity["type"], wide[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le"))
        for entity in formatted.entities
    ]


def complaint(source: str) -> str:
    with pytest.raises(ApiError) as caught:
        from_html(source)
    return caught.value.description.removeprefix("Bad Request: can't parse entities: ")


# Markup


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        *((f"<{tag}>x</{tag}>", "bold") for tag in ("b", "strong", "B")),
        *((f"<{tag}>x</{tag}>", "italic") for tag in ("i", "em")),
        *((f"<{tag}>x</{tag}>", "underline") for tag in ("u", "ins")),
        *((f"<{tag}>x</{tag}>", "strikethrough") for tag in ("s", "strike", "del")),
        ("<tg-spoiler>x</tg-spoiler>", "spoiler"),
        ('<span class="tg-spoiler">x</span>', "spoiler"),
        ("<code>x</code>", "code"),
        ("<pre>x</pre>", "pre"),
        ("<blockquote>x</blockquote>", "blockquote"),
        ("<blockquote expandable>x</blockquote>", "expandable_blockquote"),
        ("<b >x</b >", "bold"),
        ("<b>x</>", "bold"),
    ],
)
def test_tags(source: str, kind: str) -> None:
    assert from_html(source) == Formatted("x", ({"type": kind, "offset": 0, "length": 1},))


@pytest.mark.parametrize(
    ("source", "details"),
    [
        ('<a href="https://e.org/?a=1&amp;b=2">x</a>', {"type": "text_link", "url": "https://e.org/?a=1&b=2"}),
        ("<a href='tg://user?id=1'>x</a>", {"type": "text_link", "url": "tg://user?id=1"}),
        ('<pre><code class="language-python">x</code></pre>', {"type": "pre", "language": "python"}),
        ('<tg-emoji emoji-id="5368324170671202286">x</tg-emoji>', {"type": "custom_emoji"}),
        ('<tg-time unix="1700000000" format="wDT">x</tg-time>', {"type": "date_time", "unix_time": 1700000000}),
    ],
)
def test_tags_with_attributes(source: str, details: dict[str, Any]) -> None:
    (entity,) = from_html(source).entities
    assert entity.items() >= {"offset": 0, "length": 1, **details}.items()


def test_references() -> None:
    assert from_html("&lt;&gt;&amp;&quot;&#65;&#x1F600;&amp;amp; &nbsp;&copy &#0; &").text == (
        '<>&"A😀&amp; &nbsp;&copy &#0; &'
    )


def test_offsets_count_utf16_units() -> None:
    formatted = from_html(f"{FAMILY}<b>é😀</b> <i><u>z</u></i>")
    assert units(FAMILY) == 11
    assert [(e["type"], e["offset"], e["length"]) for e in formatted.entities] == [
        ("bold", 11, 3),
        ("italic", 15, 1),
        ("underline", 15, 1),
    ]
    assert shown(formatted) == [("bold", "é😀"), ("italic", "z"), ("underline", "z")]


def test_on_the_same_stretch_of_text_the_order_of_the_tags_does_not_show() -> None:
    one, other = from_html("<b><i><s>x</s></i></b>"), from_html("<s><i><b>x</b></i></s>")
    assert one == other
    assert [kind for kind, _ in shown(one)] == ["bold", "italic", "strikethrough"]


def test_tags_without_text_leave_nothing() -> None:
    assert from_html('<b></b><a href="nowhere">x</a>') == Formatted("x")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<b>", 'Can\'t find end tag corresponding to start tag "b"'),
        ("</code>", "Unexpected end tag at byte offset 0"),
        ("é<b>x</i>", 'Unmatched end tag at byte offset 6, expected "</b>", found "</i>"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("1 <2", "Unclosed start tag at byte offset 2"),
        ("<script>", 'Unsupported start tag "script" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a href="x', 'Unclosed start tag "a" at byte offset 0'),
        ('<a ="x">x</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/y>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<a href=x", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
    ],
)
def test_broken_markup(source: str, said: str) -> None:
    assert complaint(source) == said


@pytest.mark.parametrize(
    ("hostile", "visible"),
    [
        ("&lt;script&gt;", "<script>"),
        ("[x](tg://user?id=1)", "[x](tg://user?id=1)"),
        ('<a href="http://evil.test">Telegram</a>', "Telegram"),
        ("\u202egpj.exe", "\u202egpj.exe"),
        ("@everyone", "@everyone"),
        ("/start@other_bot", "/start@other_bot"),
        (FAMILY * 900, FAMILY * 900),
    ],
)
def test_hostile_text_that_is_well_formed(hostile: str, visible: str) -> None:
    assert from_html(hostile).text == visible


@pytest.mark.parametrize("hostile", ["<b>", "</code>", "<i", "&", "\0", "<a href='", "<pre><code>", "a" * 5000])
def test_escaped_hostile_text_comes_out_as_it_went_in(hostile: str) -> None:
    assert from_html(f"<b>{escape(hostile)}</b>").text == hostile


@given(TEXTS, TEXTS, TEXTS)
def test_whatever_is_escaped_comes_out_with_the_right_entities(one: str, two: str, three: str) -> None:
    formatted = from_html(f"<b>{escape(one)}</b>{escape(two)}<i><s>{escape(three)}</s></i>")
    assert formatted.text == one + two + three
    assert shown(formatted) == [("bold", one), ("italic", three), ("strikethrough", three)]


@given(TEXTS, TEXTS)
def test_another_librarys_markup_means_the_same_here(one: str, two: str) -> None:
    formatted = from_html(f"{escape(one)}<u>{escape(two)}</u>")
    entities = [MessageEntity.model_validate(dict(entity)) for entity in formatted.entities]
    assert from_html(html_decoration.unparse(formatted.text, entities)) == formatted


@given(st.text("<>/=\"'&;#x abip-", max_size=25))
def test_any_source_is_read_or_refused(source: str) -> None:
    with contextlib.suppress(ApiError):
        assert all(covered for _, covered in shown(from_html(source)))


# As it is shown


def test_white_space_at_the_ends_goes_and_entities_move() -> None:
    formatted = finish(from_html(" \n<b> x </b>y <i> </i>"))
    assert formatted.text == "x y"
    assert shown(formatted) == [("bold", "x ")]


def test_control_characters_become_spaces() -> None:
    assert finish(Formatted("a\tb\0c\nd")).text == "a b c\nd"


def test_commands_links_mentions_and_hashtags_are_found() -> None:
    text = "/track@rushes_bot x, https://e.org/a?b=1. (http://e.org) @somebody #tag1 #12 a/b me@e.org 😀 /x"
    assert shown(finish(Formatted(text))) == [
        ("bot_command", "/track@rushes_bot"),
        ("url", "https://e.org/a?b=1"),
        ("url", "http://e.org"),
        ("mention", "@somebody"),
        ("hashtag", "#tag1"),
        ("bot_command", "/x"),
    ]


def test_nothing_is_found_in_code_and_in_links() -> None:
    formatted = finish(from_html('<code>/track</code> <pre>#tag</pre> <a href="https://e.org">@somebody</a> <b>/x</b>'))
    assert [kind for kind, _ in shown(formatted)] == ["code", "pre", "text_link", "bot_command", "bold"]


def test_code_keeps_no_other_entities_inside_but_quotes_keep_code() -> None:
    assert shown(finish(from_html("<code><b>x</b></code>"))) == [("code", "x")]
    assert shown(finish(from_html("<b><code>x</code></b>"))) == [("code", "x")]
    quoted = finish(from_html("<blockquote><code>x</code> y</blockquote>"))
    assert shown(quoted) == [("blockquote", "x y"), ("code", "x")]


def test_there_are_at_most_a_hundred() -> None:
    assert len(finish(from_html("<b>x</b> " * 150)).entities) == MAX_ENTITIES
