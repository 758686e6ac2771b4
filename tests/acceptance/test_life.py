"""Whole lives as people read them: every text, keyboard and popup of a run, in each language, against a golden text.

`GOLDEN=write` in the environment writes the files anew; what changed is then read in the diff.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.text.catalogue import CATALOGUES
from sandbox.player import Player
from tests.acceptance.world import World, until

Json = dict[str, Any]

GOLDEN = Path(__file__).with_name("golden")
SEAL = 8  # characters before the data of a button
FIRST_CHAT = 7001
LANGUAGES = sorted(CATALOGUES)
# What depends on the clock and on who else uses the bot: lengths in seconds, clocks, numbers of rows.
CHANGING = [(r"\d+ (s|秒)\b", r"N \1"), (r"\d\d:\d\d", "HH:MM"), (r"(-> [a-z]+):\d+", r"\1:N")]


class Script:
    """One person's doings in one language, step by step: the next begins when the last is seen."""

    def __init__(self, world: World, person: Player, chat_id: int, language: str) -> None:
        self.person = person
        self._world = world
        self._chat_id = chat_id
        self._language = language
        self._presses: list[str] = []

    def named(self, task_id: str) -> str:
        """The task's own ID: every language has its own tasks."""
        return f"{task_id}-{self._language}"

    async def task(self, task_id: str, status: str, progress: int = 0, **facts: Any) -> None:
        """The gateway's task now says so."""
        states = [{"after": 0, "status": status, "progress": progress}]
        await self.person.tell("tasks", provider="token360", id=self.named(task_id), states=states, **facts)

    async def card(self, task_id: str, sign: str) -> Json:
        """The card of the task, once it shows the sign."""

        async def look() -> Json | None:
            return next((one for one in await self._answers() if self._is_card(one, task_id, sign)), None)

        shown = await until(look)
        assert shown is not None
        return shown

    async def loud(self, task_id: str) -> None:
        """Waits for the message about the task that makes a sound."""

        async def look() -> bool:
            said = [str(one["text"]) for one in await self._answers() if not one["silent"]]
            return any(text.endswith(self.named(task_id)) for text in said)

        await until(look)

    def _is_card(self, message: Json, task_id: str, sign: str) -> bool:
        text = str(message["text"])
        return message["silent"] and text.endswith(self.named(task_id)) and sign in text

    async def panel(self, does: str) -> Json:
        """The message with a button that does this, once there is one."""

        def is_it(button: Json) -> bool:
            return _does(button).startswith(does)

        async def look() -> Json | None:
            return next(
                (
                    one
                    for one in await self._answers()
                    if any(_does(b).startswith(does) for row in one["buttons"] for b in row)
                ),
                None,
            )

        shown = await until(look)
        assert shown is not None
        return shown

    async def says(self, text: str) -> None:
        """Says it and waits for one more message of the bot."""
        before = len(await self._answers())
        words = text.format(t=self._language)
        await self.person.say(words, language_code=self._language)

        async def more() -> bool:
            return len(await self._answers()) > before

        await until(more)

    async def press(self, message: Json, verb: str) -> None:
        """Presses that button and waits for the answer."""
        data = next(b["callback_data"] for row in message["buttons"] for b in row if _does(b).startswith(verb))
        where = {"chat_id": self._chat_id, "user_id": self._chat_id, "message_id": message["message_id"]}
        pressed = await self.person.tell("press", **where, data=data, language_code=self._language)
        self._presses.append(pressed["callback_query_id"])

        async def answered() -> bool:
            return bool(await self._popups(self._presses[-1:]))

        await until(answered)

    async def transcript(self) -> str:
        """Every message with all that it ever showed; how a card looked while nobody had answered is left to chance."""
        messages: dict[int, list[str]] = {}
        for number, look in _told(await self._world.calls_to(self._chat_id)):
            looks = messages.setdefault(number, [])
            if "🔎" not in look and look not in looks:
                looks.append(look)
        blocks = ["\n  ↓\n".join(looks) for looks in messages.values() if looks]
        popups = [f"(popup) {text}" for text in await self._popups(self._presses) if text]
        text = "\n\n----\n\n".join([*blocks, *popups]).replace(f"-{self._language}", "")
        for pattern, steady in CHANGING:
            text = re.sub(pattern, steady, text)
        return text + "\n"

    async def _popups(self, queries: list[str]) -> list[str]:
        answers = [call["params"] for call in await self._world.calls("answerCallbackQuery")]
        return [one.get("text", "") for one in answers if one["callback_query_id"] in queries]

    async def _answers(self) -> list[Json]:
        return [message for message in await self.person.messages() if message["from_bot"]]


def _does(button: Json) -> str:
    return str(button.get("callback_data", ""))[SEAL:]


def _shown(button: Json) -> str:
    copies = f"copy {button['copy_text']['text']}" if "copy_text" in button else ""
    style = f" ({button['style']})" if "style" in button else ""
    return f"[{button['text']} -> {_does(button) or copies or button.get('url', '')}{style}]"


def _look(params: Json) -> str:
    media = params.get("media")
    text = media.get("caption", "") if isinstance(media, dict) else params.get("text", "")
    rows = (params.get("reply_markup") or {}).get("inline_keyboard", [])
    return "\n".join([text, *(" ".join(map(_shown, row)) for row in rows)])


def _told(calls: list[Json]) -> Iterator[tuple[int, str]]:
    """(message, what it shows), in the order of the calls."""
    for call in calls:
        params, result = call["params"], (call["answer"] or {}).get("result")
        number = params.get("message_id") or (result["message_id"] if isinstance(result, dict) else 0)
        if number and call["method"] in {"sendMessage", "editMessageText", "editMessageMedia"}:
            yield number, _look(params)


async def a_good_life(script: Script) -> None:
    await script.task("t-good", "queued")
    await script.says("/track t-good-{t} token360")
    await script.card("t-good", "⏳")
    for progress in (30, 70):
        await script.task("t-good", "in_progress", progress)
        card = await script.card("t-good", f"{progress}")
    await script.press(card, "refresh")
    await script.says("/status t-good-{t}")
    await script.task("t-good", "completed", 100, outputs=["dawn.mp4"])
    await script.card("t-good", "✅")
    await script.says("/list")


async def a_life_that_fails(script: Script) -> None:
    for task_id, end, message in FAILURES:
        await script.task(task_id, end, end=end, error={"code": 400, "message": message} if message else {})
        await script.says(f"/track {script.named(task_id)} token360")
        await script.loud(task_id)
        card = await script.card(task_id, "❌" if end == "failed" else "🚫")
    await script.press(card, "details")


async def a_life_that_is_stopped(script: Script) -> None:
    await script.task("t-word", "warming_up")
    await script.says("/track t-word-{t} token360")
    await script.press(await script.card("t-word", "warming_up"), "stop")
    await script.press(await script.card("t-word", "⏹"), "again")
    await script.card("t-word", "warming_up")
    await script.says("/untrack t-word-{t}")
    await script.card("t-word", "⏹")
    await script.says("/track t-nobody-{t} token360")
    await script.card("t-nobody", "🤷")
    await script.says("/list")


async def a_life_of_choices(script: Script) -> None:
    await script.says("/settings")
    for field in FIELDS:
        await script.press(await script.panel("choices:notify"), f"choices:{field}")
        await script.press(await script.panel(f"choose:{field}"), "choices")
    await script.panel("choices:notify")


async def a_life_outside(script: Script) -> None:
    await script.says("/track t-good-{t}")
    refusal = await script.panel("ask")
    await script.press(refusal, "ask")
    await script.press(refusal, "ask")


async def what_is_said(script: Script) -> None:
    for text in SAID:
        await script.says(text)


async def what_else_is_said(script: Script) -> None:
    for text in ELSE_SAID:
        await script.says(text)


FAILURES = [
    ("t-silent", "failed", ""),
    ("t-cancelled", "cancelled", ""),
    ("t-filter", "failed", "Prompt contains sensitive content"),
]
FIELDS = ["language", "notify", "deliver", "spoiler", "protect", "provider"]
SAID = ["/start inline", "/help", "/track", "/status", "/untrack", "/resend", "/settings", "/lang"]
ELSE_SAID = ["/lang klingon", "/nonsense", "hello there", "/untrack t0", "/resend t0", "/status t0", "/list", "/stats"]
LIVES: dict[str, Callable[[Script], Awaitable[None]]] = {
    "good": a_good_life,
    "failing": a_life_that_fails,
    "stopped": a_life_that_is_stopped,
    "choices": a_life_of_choices,
    "outside": a_life_outside,
    "said": what_is_said,
    "else-said": what_else_is_said,
}


@pytest.mark.parametrize("life", LIVES)
async def test_a_whole_life_reads_as_it_should(world: World, life: str) -> None:
    """All languages at once, each by a person whose app speaks it."""
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="" if life == "outside" else "*")
    scripts = {}
    for chat_id, language in enumerate(LANGUAGES, start=FIRST_CHAT):
        scripts[language] = Script(world, await world.person(chat_id), chat_id, language)
    await asyncio.gather(*(LIVES[life](script) for script in scripts.values()))
    await settled(world)
    for language, script in scripts.items():
        seen, path = await script.transcript(), GOLDEN / f"{life}.{language}.txt"
        if os.environ.get("GOLDEN") == "write":
            path.write_text(seen, encoding="utf-8")
        assert seen == path.read_text(encoding="utf-8"), language


async def settled(world: World) -> None:
    """Waits until nothing more is said."""
    count = -1
    while count != (count := len(await world.calls())):  # noqa: ASYNC110 - it is said in another process
        await asyncio.sleep(1.5)
