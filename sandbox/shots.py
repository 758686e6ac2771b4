"""Pictures of the chat, from a real run: people, the real bot, and a browser that shows what stands in the chats."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from sandbox.bot_process import running_bot
from sandbox.player import Player
from sandbox.servers import OPERATOR, PERSON, Origins, serving

Json = dict[str, Any]
Screen = tuple[int, int, float]

# Whoever tried the model before, so that there is something to estimate from.
_OTHERS = 1003
_PATIENCE = 60.0
_LOOK_EVERY = 0.1
# Width and height of the window in CSS pixels, and how many of the picture's there are to one of those.
_PHONE, _TALL, _WIDE = (390, 860, 1.5), (430, 1170, 1.5), (1200, 1090, 1.0)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in the pictures of one language, with chats of their own, and what they asked for."""

    language: str
    reader: int
    stranger: int
    stranger_name: str
    prompt: str


_CASTS = (
    Cast(
        "en",
        PERSON,
        1010,
        "Colour desk",
        "A fishing harbour at dawn, slow push in between the boats, gulls in the frame, warm light from the left",
    ),
    Cast(
        "zh",
        1004,
        1011,
        "调色组",
        "黎明的渔港，镜头在船只之间缓缓推进，海鸥掠过画面，水面薄雾，胶片质感，左侧暖光",
    ),
)


async def shots(folder: Path) -> int:
    """Makes all pictures in `folder`. Returns the exit status; without a browser nothing is made, and that is said."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        print("The pictures need Chromium (Debian's package is called chromium); nothing was made.")
        return 1
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing runs yet
    with tempfile.TemporaryDirectory(prefix="rushes-shots-") as name:
        async with serving() as origins:
            let_in = ",".join(str(one) for one in (*(cast.reader for cast in _CASTS), _OTHERS))
            surroundings = {**origins.environment(Path(name) / "rushes.db"), "ALLOWED_TELEGRAM_USER_IDS": let_in}
            async with running_bot(surroundings, Path(name)):
                await _make_history(origins)
                camera = Camera(browser, origins, folder)
                for cast in _CASTS:
                    await _play(origins, camera, cast)
    return 0


class Camera:
    """The browser, one picture at a time."""

    def __init__(self, browser: str, origins: Origins, folder: Path) -> None:
        self._browser = browser
        self._page = f"{origins.telegram}/chat/index.html"
        self._folder = folder.absolute()

    async def take(self, moment: str, language: str, chat_id: int, since: int, screen: Screen = _PHONE) -> None:
        """The chat as it stands now, from the message `since` on, on a bright and on a dark screen of that size.

        A wide screen shows what is around the chat as well.
        """
        around = "&around" if screen is _WIDE else ""
        for theme in ("light", "dark"):
            asked = f"still{around}&chat={chat_id}&from={since}&theme={theme}&language={language}"
            path = self._folder / f"{moment}-{language}-{theme}.png"
            await self._shoot(f"{self._page}?{asked}", path, screen)
            await asyncio.to_thread(_lighten, path)
            print(path)

    async def _shoot(self, address: str, path: Path, screen: Screen) -> None:
        width, height, scale = screen
        with tempfile.TemporaryDirectory(prefix="rushes-browser-") as profile:
            process = await asyncio.create_subprocess_exec(
                self._browser,
                "--headless=new",
                "--no-sandbox",  # it sees nothing but our own page
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                f"--force-device-scale-factor={scale}",
                f"--window-size={width},{height}",
                "--virtual-time-budget=4000",
                f"--screenshot={path}",
                address,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            await process.wait()


def _lighten(path: Path) -> None:
    """256 colours do for a screen; the file is a third of the size."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT).save(path, optimize=True)


async def _play(origins: Origins, camera: Camera, cast: Cast) -> None:
    async with Player(origins.sim, cast.reader) as person:
        await _follow_films(person, camera, cast)
        await _follow_pictures(person, camera, cast)
        await _follow_a_failure(person, camera, cast)
        await _open_panels(person, camera, cast)
    await _knock(origins, camera, cast)


async def _follow_films(person: Player, camera: Camera, cast: Cast) -> None:
    harbour, lantern, kite = (f"vid_{name}_{cast.language}" for name in ("harbour", "lantern", "kite"))
    await _tell_task(person, harbour, pace=5, extra={"prompt": cast.prompt})
    halfway = [{"after": 0, "status": "queued"}, {"after": 2, "status": "in_progress", "progress": 45}]
    await _tell_task(person, lantern, end="stuck", states=halfway, extra={"prompt": cast.prompt})
    await _tell_task(person, kite, end="stuck", states=halfway[:1], extra={"prompt": cast.prompt})
    first = await _ask(person, cast, f"/track {harbour}")
    await _until(person, lambda messages: _media(messages) == 1 and _has(messages, "✅"))
    await camera.take("finished", cast.language, cast.reader, first)
    second = await _ask(person, cast, f"/track {lantern}")
    await _until(person, lambda messages: _has(messages, "▰▰▰▰"))
    await camera.take("running", cast.language, cast.reader, second)
    await camera.take("chat", cast.language, cast.reader, first, _TALL)
    await camera.take("wide", cast.language, cast.reader, first + 1, _WIDE)
    third = await _ask(person, cast, f"/track {kite}")
    await _until(person, lambda messages: _has(messages, kite, "⏳"))
    await camera.take("queued", cast.language, cast.reader, third)


async def _follow_pictures(person: Player, camera: Camera, cast: Cast) -> None:
    album = f"4c1d5a90-3b1e-4b57-9a55-0c2f6d1e8a{cast.reader % 100:02d}"
    outputs = ["dawn.png", "noon.png", "dusk.jpg", "night.jpg"]
    await person.tell("tasks", provider="apipod", kind="image", id=album, pace=4, outputs=outputs)
    asked = await _ask(person, cast, f"/track {album}")
    await _until(person, lambda messages: sum(bool(one["media_group_id"]) for one in messages) == len(outputs))
    await _until(person, lambda messages: _has(messages, album, "✅"))
    await camera.take("album", cast.language, cast.reader, asked)


async def _follow_a_failure(person: Player, camera: Camera, cast: Cast) -> None:
    failing = f"video_7719cc52d1be4d5c8a0e43b1f2aa6d{cast.reader % 100:02d}"
    error = {"code": 400, "message": "Prompt contains inappropriate content"}
    await person.tell("tasks", provider="ai_nebula", id=failing, pace=2, end="failed", error=error)
    asked = await _ask(person, cast, f"/track {failing}")
    await _until(person, lambda messages: _has(messages, failing, "❌"))
    await _rest()
    await camera.take("failure", cast.language, cast.reader, asked)


async def _open_panels(person: Player, camera: Camera, cast: Cast) -> None:
    for moment in ("list", "settings"):
        asked = await _ask(person, cast, f"/{moment}")
        await _until(person, lambda messages, asked=asked: messages[-1]["message_id"] > asked)  # type: ignore[misc]
        await camera.take(moment, cast.language, cast.reader, asked)


async def _knock(origins: Origins, camera: Camera, cast: Cast) -> None:
    """Somebody who is not let in asks, and the owner reads it in the same language."""
    async with Player(origins.sim, OPERATOR) as owner, Player(origins.sim, cast.stranger) as stranger:
        before = await owner.say("/start", language_code=cast.language)
        await _until(owner, lambda messages: messages[-1]["message_id"] > before)
        refused = await stranger.say("/start", language_code=cast.language, first_name=cast.stranger_name)
        await _until(stranger, lambda messages: bool(messages[-1]["buttons"]))
        card = (await stranger.messages())[-1]
        await stranger.tell(
            "press",
            chat_id=cast.stranger,
            message_id=card["message_id"],
            button=card["buttons"][0][0]["text"],
            language_code=cast.language,
            first_name=cast.stranger_name,
        )
        await _until(owner, lambda messages: bool(messages[-1]["buttons"]) and _has(messages, cast.stranger_name))
        await camera.take("refused", cast.language, cast.stranger, refused)
        await camera.take("request", cast.language, OPERATOR, before + 2)


async def _ask(person: Player, cast: Cast, words: str) -> int:
    return await person.say(words, language_code=cast.language)


async def _make_history(origins: Origins) -> None:
    async with Player(origins.sim, _OTHERS) as others:
        for number in range(3):
            await _tell_task(others, f"vid_before{number}", pace=6 + number)
            await others.say(f"/track vid_before{number}")
        await _until(others, lambda messages: _media(messages) == 3)  # noqa: PLR2004 - as many as were tracked


async def _tell_task(person: Player, task_id: str, **more: Any) -> None:
    await person.tell("tasks", provider="token360", id=task_id, outputs=["dawn.mp4"], **more)


async def _until(person: Player, look: Callable[[list[Json]], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not look(await person.messages()):  # noqa: ASYNC110 - the chat is another process's
            await asyncio.sleep(_LOOK_EVERY)


def _rest() -> Awaitable[None]:
    """Until the line below a failed card is there as well."""
    return asyncio.sleep(1)


def _media(messages: list[Json]) -> int:
    """How many messages hold a file that is no placeholder."""
    return sum(bool(message["media"]) for message in messages)


def _has(messages: list[Json], *words: str) -> bool:
    """Whether the bot has said all of that in one message."""
    said = [message["text"] or "" for message in messages if message["from_bot"]]
    return any(all(word in text for word in words) for text in said)
