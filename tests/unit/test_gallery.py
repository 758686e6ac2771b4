import html
import re

import pytest

from bot.text.catalogue import CATALOGUES
from bot.text.gallery import DESCRIPTION_LIMIT, TITLE_LIMIT, label
from bot.tracking.model import Task
from providers.base import Snapshot, State

LANGUAGES = sorted(CATALOGUES)


def task(model: str = "", prompt: str = "", external_id: str = "v_1") -> Task:
    snapshot = Snapshot(State.SUCCEEDED, model=model or None, prompt=prompt or None)
    return Task(1, "token360", 0, "video", external_id, 0.0, 0.0, 1e9, snapshot=snapshot)


def test_what_is_known_of_it_names_it() -> None:
    full = label(task("seedance", "A cat\n  walks"), "Token360", "en")
    assert (full.title, full.description) == ("seedance: A cat walks", "A cat walks")
    assert full.caption == "<b>seedance</b> · Token360\n<blockquote expandable>A cat walks</blockquote>"
    bare = label(task(), "Token360", "zh")
    assert (bare.title, bare.description, bare.caption) == ("Token360：v_1", "v_1", "<b>Token360</b>")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text", ["<b>", "&lt;script&gt;", "\u202egpj.exe", "\U0001f469" * 5000, "\ud800x", "</blockquote>"]
)
def test_foreign_words_stay_words_and_short(text: str, language: str) -> None:
    words = label(task(text, text, text), "Token360", language)
    below = html.unescape(re.sub("<[^>]*>", "", words.caption))
    for value, limit in ((words.title, TITLE_LIMIT), (words.description, DESCRIPTION_LIMIT), (below, 1024)):
        assert 1 <= len(value.encode("utf-16-le")) // 2 <= limit
    assert "\u202e" not in words.title + words.description + words.caption
    assert re.findall("<[^>]*>", words.caption) == ["<b>", "</b>", "<blockquote expandable>", "</blockquote>"]
