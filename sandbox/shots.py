"""Pictures of the chat, from a real run: a person, the real bot, and a browser that shows what stands in the chat."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.bot_process import running_bot
from sandbox.player import Player
from sandbox.servers import PERSON, Origins, serving

Json = dict[str, Any]

# Whoever tried the model before, so that there is something to estimate from.
_OTHERS = 1003
_READER = 1004
_PATIENCE = 60.0
_LOOK_EVERY = 0.1
_SCALE = 2
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Frame:
    """What of which chat is in the picture. `size` in pixels of the page, `since` the first message of it."""

    name: str
    chat_id: int
    since: int = 0
    theme: str = "light"
    size: tuple[int, int] = (430, 1115)


async def shots(folder: Path) -> int:
    """Makes all pictures in `folder`. Returns the exit status; without a browser nothing is made, and that is said."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        print("The pictures need Chromium (Debian's package is called chromium); nothing was made.")
        return 1
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing runs yet
    with tempfile.TemporaryDirectory(prefix="rushes-shots-") as name:
        async with serving() as origins:
            surroundings = origins.environment(Path(name) / "rushes.db")
            people = {"ALLOWED_TELEGRAM_USER_IDS": f"{PERSON},{_OTHERS},{_READER}"}
            async with running_bot({**surroundings, **people}, Path(name)):
                await _play(origins, Camera(browser, origins, folder))
    return 0


class Camera:
    """The browser, one picture at a time."""

    def __init__(self, browser: str, origins: Origins, folder: Path) -> None:
        self._browser = browser
        self._page = f"{origins.telegram}/chat/index.html"
        self._folder = folder

    async def take(self, frame: Frame) -> None:
        """The chat as it stands now, as `<name>.png`."""
        path = self._folder / f"{frame.name}.png"
        with tempfile.TemporaryDirectory(prefix="rushes-browser-") as profile:
            process = await asyncio.create_subprocess_exec(
                self._browser,
                "--headless=new",
                "--no-sandbox",  # it sees nothing but our own page
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                f"--force-device-scale-factor={_SCALE}",
                f"--window-size={frame.size[0]},{frame.size[1]}",
                "--virtual-time-budget=4000",
                f"--screenshot={path.absolute()}",
                f"{self._page}?still&chat={frame.chat_id}&from={frame.since}&theme={frame.theme}",
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            await process.wait()
        print(f"{path}  {frame.size[0]}x{frame.size[1]}")


async def _play(origins: Origins, camera: Camera) -> None:
    async with Player(origins.sim, _OTHERS) as others:
        await _make_history(others)
    for language, (chat_id, prompt) in _PEOPLE.items():
        async with Player(origins.sim, chat_id) as person:
            await _tell_task(person, f"vid_harbour_{language}", pace=5, prompt=prompt)
            await _tell_task(person, f"vid_lantern_{language}", pace=40, prompt=prompt)
            first = await person.say(f"/track vid_harbour_{language}", language_code=language)
            await _until(person, lambda messages: _media(messages) == 1 and _has(messages, "✅"))
            await person.say(f"/track vid_lantern_{language}", language_code=language)
            await _until(person, lambda messages: _has(messages, "▰▰▰▰"))
            for theme in ("light", "dark"):
                await camera.take(Frame(f"chat-{language}-{theme}", chat_id, first, theme))


# Who is in the pictures: the chat and the prompt, by the language of their app.
_PEOPLE = {
    "en": (
        PERSON,
        "A fishing harbour at dawn, slow push in between the boats, gulls in the frame, warm light from the left",
    ),
    "zh": (
        _READER,
        "黎明的渔港，镜头在船只之间缓缓推进，海鸥掠过画面，水面薄雾，胶片质感，左侧暖光",
    ),
}


async def _make_history(others: Player) -> None:
    for number in range(3):
        await _tell_task(others, f"vid_before{number}", pace=6 + number)
        await others.say(f"/track vid_before{number}")
    await _until(others, lambda messages: _media(messages) == 3)  # noqa: PLR2004 - as many as were tracked


async def _tell_task(person: Player, task_id: str, *, pace: float, prompt: str = "") -> None:
    said: Mapping[str, Any] = {"extra": {"prompt": prompt}} if prompt else {}
    await person.tell("tasks", provider="token360", id=task_id, pace=pace, outputs=["dawn.mp4"], **said)


async def _until(person: Player, look: Callable[[list[Json]], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not look(await person.messages()):  # noqa: ASYNC110 - the chat is another process's
            await asyncio.sleep(_LOOK_EVERY)


def _media(messages: list[Json]) -> int:
    """How many messages hold a file that is no placeholder."""
    return sum(bool(message["media"]) for message in messages)


def _has(messages: list[Json], words: str) -> bool:
    return any(words in (message["text"] or "") for message in messages if message["from_bot"])
