"""The whole product in a minute: a person, the real bot, stand-ins for everything else; and what that proved."""

import asyncio
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import samples
from sandbox.bot_process import BotProcess, running_bot
from sandbox.player import Player
from sandbox.scenarios import Scenario
from sandbox.servers import PERSON, Origins, serving
from sandbox.transcript import Lines, Live

Json = dict[str, Any]

LIMIT = 50.0
_LOOK_EVERY = 0.15
_SAY_EVERY = 1.5
_UNKNOWN = "task_01k0000000000000000000none"
_OUTPUT = Path("demo-output")

DELIVERED = (samples.VIDEO, samples.IMAGES, samples.LAST_FRAME, samples.COLON, samples.SECOND_REQUEST)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was to be shown, and whether it was."""

    what: str
    holds: bool


async def demo() -> int:
    """Plays it. Returns the exit status: 0 when everything was shown."""
    transcript = Live() if sys.stdout.isatty() else Lines()
    print("Starting stand-ins for Telegram and four gateways, and the real bot. No token, no key, no network.\n")
    with tempfile.TemporaryDirectory(prefix="rushes-demo-") as name:
        folder = Path(name)
        async with serving() as origins, Player(origins.sim, PERSON) as person:
            environment = origins.environment(folder / "rushes.db")
            try:
                async with running_bot(environment, folder) as bot:
                    checks = await _play(origins, person, bot, transcript)
                    await _save(person, transcript)
                    crashed = bot.has_ended
                    words = bot.last_words()
            finally:
                transcript.close()
    return _report(checks, f"The bot ended by itself. Its last words:\n{words}" if crashed else words)


async def _play(origins: Origins, person: Player, bot: BotProcess, transcript: Lines) -> list[Check]:
    """Says everything, watches until it is done or the time is up, and looks at what there is."""
    saying = asyncio.create_task(_say_everything(person))
    deadline = time.monotonic() + LIMIT
    checks: list[Check] = []
    while time.monotonic() < deadline and not bot.has_ended:
        messages = await person.messages()
        transcript.show(messages)
        if saying.done():
            checks = await _checks(origins, person, messages)
            if all(check.holds for check in checks):
                break
        await asyncio.sleep(_LOOK_EVERY)
    await saying
    return checks or await _checks(origins, person, await person.messages())


async def _say_everything(person: Player) -> None:
    for task_id in (*(scenario.id for scenario in DELIVERED), samples.FAILING.id, _UNKNOWN):
        await person.say(f"/track {task_id}")
        await asyncio.sleep(_SAY_EVERY)


async def _checks(origins: Origins, person: Player, messages: list[Json]) -> list[Check]:
    """What the chat, and the logs of the stand-ins, show."""
    media = [message for message in messages if message["media"]]
    arrived = Counter(message["media"]["sha256"] for message in media)
    cards = {scenario.id: _card_of(messages, scenario.id) for scenario in (*DELIVERED, samples.FAILING)}
    calls = (await person.ask("gateway-calls"))["calls"]
    wanted = [await _fingerprints(origins, person, scenario) for scenario in DELIVERED]
    return [
        *(
            Check(
                f"{_TITLES[scenario.provider]}: {_what(scenario)} arrived once, byte for byte",
                all(arrived[fingerprint] == 1 for fingerprint in prints),
            )
            for scenario, prints in zip(DELIVERED, wanted, strict=True)
        ),
        Check("nothing else arrived, and nothing twice", sum(arrived.values()) == sum(map(len, wanted))),
        Check("the pictures came as one album", _is_one_album(media)),
        Check(
            "the failed task says why, in plain words, with the gateway's own folded below",
            "content filter" in (cards[samples.FAILING.id] or {}).get("text", "")
            and any(str(samples.FAILING.error["message"]) in str(message["text"]) for message in messages),
        ),
        Check("the unknown ID got a sentence", "No provider" in (_card_of(messages, _UNKNOWN) or {}).get("text", "")),
        Check(
            "each task had one card, silent, and edited in place", all(_is_good_card(card) for card in cards.values())
        ),
        Check("no key ever went to the file server", not any(call.get("authorization") for call in calls)),
    ]


_TITLES = {"apipod": "APIPod", "token360": "Token360", "octopusx": "OctopusX", "ai_nebula": "AI-Nebula"}


def _what(scenario: Scenario) -> str:
    if scenario.kind == "image":
        return f"{len(scenario.outputs)} pictures"
    if scenario.last_frame:
        return "a video and its last frame"
    return "a video behind a second request" if scenario.fetch else "a video"


async def _fingerprints(origins: Origins, person: Player, scenario: Scenario) -> list[str]:
    names = [*scenario.outputs, *([scenario.last_frame] if scenario.last_frame else [])]
    return [hashlib.sha256(await person.fetch(f"{origins.cdn}/files/{name}")).hexdigest() for name in names]


def _card_of(messages: list[Json], task_id: str) -> Json | None:
    found = [m for m in messages if m["from_bot"] and m["silent"] and str(m["text"]).endswith(task_id)]
    return found[0] if len(found) == 1 else None


def _is_good_card(card: Json | None) -> bool:
    return card is not None and card["silent"] and card["edits"] > 0 and card["reply_to"] is not None


def _is_one_album(media: list[Json]) -> bool:
    groups = Counter(message["media_group_id"] for message in media if message["media_group_id"])
    return list(groups.values()) == [len(samples.IMAGES.outputs)]


async def _save(person: Player, transcript: Lines) -> None:
    """What the person received, as files."""
    messages = await person.messages()
    files = {
        f"{message['message_id']:03d}-{message['media']['file_name']}": await person.file(message["media"]["file_id"])
        for message in messages
        if message["media"]
    }
    files["conversation.txt"] = "\n".join([*transcript.lines, ""]).encode()
    files["chat.json"] = json.dumps(messages, ensure_ascii=False, indent=1).encode()
    await asyncio.to_thread(_write, files)


def _write(files: Mapping[str, bytes]) -> None:
    shutil.rmtree(_OUTPUT, ignore_errors=True)
    _OUTPUT.mkdir()
    for name, content in files.items():
        (_OUTPUT / name).write_bytes(content)


def _report(checks: list[Check], words: str) -> int:
    print("\nShown:")
    for check in checks:
        print(f"  {'✔' if check.holds else '✘'} {check.what}")
    missing = [check for check in checks if not check.holds]
    if missing or not checks:
        print(f"\n{len(missing)} of {len(checks)} are missing. The bot's log ends with:\n{words}")
        return 1
    print(f"\nThe files are in {_OUTPUT}/. Now sit down in front of it: `make play` is a chat in your browser.")
    return 0
