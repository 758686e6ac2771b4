"""The page that shows a chat; what it draws is looked at in a browser (`python -m sandbox shots`)."""

import pytest

from sandbox.player import Player
from sandbox.servers import Origins

PAGE = [("index.html", b"chat.js"), ("chat.js", b"/sim/chats/"), ("chat.css", b":root")]


@pytest.mark.parametrize(("name", "sign"), PAGE)
async def test_the_page_is_served_beside_the_bot_api(origins: Origins, person: Player, name: str, sign: bytes) -> None:
    assert sign in await person.fetch(f"{origins.telegram}/chat/{name}")
