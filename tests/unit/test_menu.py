import re

import pytest

from bot.delivery.menu import COMMAND_LIMIT, DESCRIPTION_LIMIT, FOR_ADMINS, FOR_ALL, SHORT_LIMIT
from bot.text import answers
from bot.text.catalogue import CATALOGUES, say

LANGUAGES = sorted(CATALOGUES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_menu_keeps_telegrams_bounds(language: str) -> None:
    for name in (*FOR_ALL, *FOR_ADMINS):
        assert re.fullmatch("[a-z0-9_]{1,32}", name)
        assert 3 <= len(say(language, f"menu.{name}")) <= COMMAND_LIMIT
    for key, limit in (("menu.description", DESCRIPTION_LIMIT), ("menu.short_description", SHORT_LIMIT)):
        assert 3 <= len(say(language, key)) <= limit
    menu = {key for key in CATALOGUES[language] if key.startswith("menu.")}
    assert menu == {f"menu.{name}" for name in (*FOR_ALL, *FOR_ADMINS, "description", "short_description")}
    assert not any(re.search("[<>&{]", CATALOGUES[language][key]) for key in menu)


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_names_what_is_in_the_menu(language: str) -> None:
    said = answers.reply({"say": "help help_admins help_more"}, "apipod", language).html
    assert [name for name in (*FOR_ALL, *FOR_ADMINS) if f"\n/{name} " not in said] == []
