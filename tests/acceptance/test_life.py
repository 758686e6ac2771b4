"""Whole lives as people read them: every text and keyboard of a run, in both languages, against a golden text.

`GOLDEN=write` in the environment writes the files anew; what changed is then read in the diff.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.world import World, until

Json = dict[str, Any]

GOLDEN = Path(__file__).with_name("golden")
SEAL = 8  # characters before the data of a button
STUDIO = -1009


class Script:
    """One person's doings, step by step: the next one only begins when the last one is seen."""

    def __init__(self, world: World, person: Player) -> None:
        self._world = world
        self._person = person

    async def task(self, task_id: str, status: str, **facts: Any) -> None:
        """The gateway's task now says so."""
        progress = facts.pop("progress", 0)
        states = [{"after": 0, "status": status, "progress": progress}]
        await self._person.tell("tasks", provider="token360", id=task_id, states=states, **facts)

    async def card(self, task_id: str, sign: str) -> Json:
        """The card of the task, once it shows the sign."""

        async def look() -> Json | None:
            cards = [one for one in await self._person.messages() if one["from_bot"] and task_id in (one["text"] or "")]
            return next((one for one in cards if sign in one["text"]), None)

        return await until(look)

    async def says(self, text: str) -> None:
        """Says it and waits for one more message of the bot."""
        before = await self._count()
        await self._person.say(text)

        async def more() -> bool:
            return await self._count() > before

        await until(more)

    async def press(self, message: Json, verb: str) -> None:
        """Presses that button and waits for the answer."""
        data = next(b["callback_data"] for row in message["buttons"] for b in row if _verb(b).startswith(verb))
        answered = len(await self._world.calls("answerCallbackQuery"))
        await self._person.tell("press", chat_id=1001, user_id=1001, message_id=message["message_id"], data=data)

        async def more() -> bool:
            return len(await self._world.calls("answerCallbackQuery")) > answered

        await until(more)

    async def _count(self) -> int:
        return sum(message["from_bot"] for message in await self._person.messages())


def _verb(button: Json) -> str:
    return str(button.get("callback_data", ""))[SEAL:]


def _shown(button: Json) -> str:
    does = _verb(button) or (f"copy {button['copy_text']['text']}" if "copy_text" in button else button.get("url", ""))
    style = f" ({button['style']})" if "style" in button else ""
    return f"[{button['text']} -> {does}{style}]"


def _look(params: Json) -> str:
    media = params.get("media")
    text = media.get("caption", "") if isinstance(media, dict) else params.get("text") or params.get("caption") or ""
    rows = (params.get("reply_markup") or {}).get("inline_keyboard", [])
    return "\n".join([text, *(" ".join(map(_shown, row)) for row in rows)])


def _told(calls: list[Json]) -> Iterator[tuple[int, str]]:
    """(message, what it shows), in the order of the calls."""
    for call in calls:
        params, result = call["params"] or {}, (call["answer"] or {}).get("result")
        number = params.get("message_id") or (result or {}).get("message_id") if isinstance(result, dict) else 0
        if number and call["method"] in {"sendMessage", "editMessageText", "editMessageMedia"}:
            yield number, _look(params)


def transcript(calls: list[Json]) -> str:
    """Every message and all that it ever showed; how it looked while nobody had answered yet is left to chance."""
    messages: dict[int, list[str]] = {}
    for number, look in _told(calls):
        looks = messages.setdefault(number, [])
        if "🔎" not in look and look not in looks:
            looks.append(look)
    blocks = ["\n  ↓\n".join(looks) for looks in messages.values() if looks]
    popups = [call["params"]["text"] for call in calls if call["method"] == "answerCallbackQuery"]
    return "\n\n----\n\n".join([*blocks, *(f"(popup) {text}" for text in popups if text)]) + "\n"


async def a_good_life(script: Script) -> None:
    await script.task("t-good", "queued")
    await script.says("/track t-good")
    await script.card("t-good", "⏳")
    for progress in (30, 70):
        await script.task("t-good", "in_progress", progress=progress)
        await script.card("t-good", f"{progress}")
    await script.task("t-good", "completed", progress=100)
    await script.card("t-good", "✅")


LIVES: dict[str, Callable[[Script], Awaitable[None]]] = {"good": a_good_life}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("life", LIVES)
async def test_a_whole_life_reads_as_it_should(world: World, life: str, language: str) -> None:
    await world.start_bot(DEFAULT_LANGUAGE=language)
    person = await world.person()
    await LIVES[life](Script(world, person))
    await until(lambda: world.quiet())
    seen = transcript(await world.calls_to(1001))
    path = GOLDEN / f"{life}.{language}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(seen, encoding="utf-8")
    assert seen == path.read_text(encoding="utf-8")
