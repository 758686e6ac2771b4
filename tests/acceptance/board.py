"""Many cases side by side: one bot and a chat for each case, so that a whole table of errors costs one start."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.world import World, waited

Json = dict[str, Any]

FIRST_CHAT = 5001
LOOKS_EVERY = 0.5
PATIENCE = 45.0
SETTLING = 2.0
BLANK = 1000
OLD = " (old)"

VIDEO: Mapping[str, Any] = MappingProxyType({"provider": "token360", "kind": "video", "outputs": ["dawn.mp4"]})
PICTURE: Mapping[str, Any] = MappingProxyType({"provider": "apipod", "kind": "image", "outputs": ["dawn.png"]})
ALBUM: Mapping[str, Any] = MappingProxyType({**PICTURE, "outputs": ["dawn.png", "noon.png"]})

_TEXTS = (
    ("did not take", "link: refused"),
    ("could not be fetched", "link: unavailable"),
    ("At 1 MB it is larger than", "link: too large, 1 MB"),
    ("larger than", "link: too large"),
    ("may not", "link: not allowed"),
    ("could not be brought", "words: nowhere"),
    ("files are ready", "header"),
    ("is ready", "line"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One case: what goes wrong in its chat, and what stands there in the end, in the words of `sketch`.

    `counted`: a method whose calls to the chat belong to that. `chat`: what is set of the chat; its `id` has to be
    given for a group. `thread`: the topic in which the command is said.
    """

    name: str
    shows: str
    faults: tuple[Json, ...] = ()
    task: Mapping[str, Any] = field(default_factory=lambda: VIDEO)
    chat: Mapping[str, Any] = field(default_factory=dict)
    counted: str = ""
    thread: int | None = None


class Board:
    """The rows, each with a chat of its own and, unless it names one, with a task of its own."""

    def __init__(self, world: World, person: Player, rows: Sequence[Row]) -> None:
        self._world = world
        self._person = person
        self._rows = {row.name: row for row in rows}
        self.chats = {row.name: int(row.chat.get("id", FIRST_CHAT + number)) for number, row in enumerate(rows)}
        self.tasks = {row.name: str(row.task.get("id", f"t-{number}")) for number, row in enumerate(rows)}
        assert len(self._rows) == len(rows), "two rows of one name"

    async def set_up(self) -> None:
        """Tasks, chats, troubles and commands: everything that a bot finds when it starts."""
        for name, row in self._rows.items():
            await self._person.tell("tasks", **{"pace": 0.3, **row.task, "id": self.tasks[name]})
            if row.chat:
                await self._person.tell("chat", **{"first_name": "You", **row.chat, "id": self.chats[name]})
            for fault in row.faults:
                await self._person.tell("faults", **{"kind": "error", **fault, "chat_id": self.chats[name]})
            await self.ask(name)

    async def ask(self, name: str) -> None:
        """Says the row's command (again)."""
        row, chat_id = self._rows[name], self.chats[name]
        topic = {"message_thread_id": row.thread} if row.thread else {}
        text = f"/track {self.tasks[name]} {row.task['provider']} {row.task['kind']}"
        await self._person.tell("say", chat_id=chat_id, user_id=abs(chat_id), text=text, **topic)

    async def start(self, **changes: str) -> None:
        await self.set_up()
        await self._world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*", **changes)

    async def messages(self, name: str) -> list[Json]:
        """What stands in the row's chat."""
        return list((await self._person.ask(f"chats/{self.chats[name]}"))["messages"])

    async def calls(self) -> dict[str, list[Json]]:
        """The calls to each row's chat, in order."""
        calls = await self._world.calls()
        return {
            name: [call for call in calls if (call["params"] or {}).get("chat_id") == chat_id]
            for name, chat_id in self.chats.items()
        }

    async def shown(self) -> dict[str, str]:
        """What every chat shows, by the rows' names."""
        calls = await self.calls()
        return {name: await self._shown(row, calls[name]) for name, row in self._rows.items()}

    async def _shown(self, row: Row, calls: Sequence[Json]) -> str:
        found = sketch(await self.messages(row.name), self.tasks[row.name])
        if not row.counted:
            return found
        return f"{found} | {sum(call['method'] == row.counted for call in calls)} {row.counted}"

    async def ends_as_told(self, *, old_cards: bool = False) -> None:
        """Waits until every chat shows what its row says, and a while longer, for what should not come.

        `old_cards`: a card will do, whatever state it shows.
        """

        async def is_right() -> bool:
            return not await self._wrong(old_cards=old_cards)

        await waited(is_right, PATIENCE, every=LOOKS_EVERY)
        await asyncio.sleep(SETTLING)
        if wrong := await self._wrong(old_cards=old_cards):
            pytest.fail("\n".join(wrong))

    async def _wrong(self, *, old_cards: bool) -> list[str]:
        shown = await self.shown()
        if old_cards:
            shown = {name: found.replace(OLD, "") for name, found in shown.items()}
        return [
            f"{name}: {shown[name]!r}, not {row.shows!r}"
            for name, row in self._rows.items()
            if shown[name] != row.shows
        ]


def sketch(messages: Sequence[Json], task_id: str) -> str:
    """The bot's messages in a few words each, sorted: cards and results may overtake each other."""
    return ", ".join(sorted(_word(message, task_id) for message in messages if message["from_bot"]))


def _word(message: Json, task_id: str) -> str:
    words = message["text"] or message["caption"]
    marks = (" plain" if words and not message["entities"] else "") + (" in topic" if message["thread_id"] else "")
    if message["media"]:
        return str("blank" if message["media"]["size"] < BLANK else message["media"]["kind"]) + marks
    word = next((word for sign, word in _TEXTS if sign in message["text"]), None)
    if word is None and message["silent"] and message["text"].endswith(task_id):
        return "card" + ("" if "Done" in message["text"] else OLD) + marks
    word = word or str(message["text"])
    marks += " without a button" if word.startswith("link") and not message["buttons"] else ""
    return word + marks
