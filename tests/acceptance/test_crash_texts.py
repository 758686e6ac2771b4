"""What the process says when it can not go on, in both formats: never a secret."""

import asyncio
import json
import os
import sys

import pytest

from sandbox.bot_process import surroundings
from sandbox.servers import TOKEN, key_of
from tests.acceptance.world import World
from tests.planted import spilled

CANNOT_START = 2
# Python loads it before anything else. It makes the library, the bot's edge, break in every way that nobody catches.
SABOTAGE = """
import asyncio, gc, logging, os, threading, warnings
import telegram

class Unraisable:
    def __init__(self, text):
        self.text = text

    def __del__(self):
        raise RuntimeError("unraisable " + self.text)

def fail(way, text):
    raise RuntimeError(way + " " + text)

async def lost(text):
    fail("lost", text)

async def get_me(self, *arguments, **more):
    text = f"{self.base_url} {os.environ['HTTPS_PROXY']} {os.environ['APIPOD_API_KEY']}"
    logging.getLogger("somebody").error("said %s %r", text, {"key": text})
    logging.getLogger("somebody").error("%d", text)
    warnings.warn("warned " + text)
    thread = threading.Thread(target=fail, args=("threaded", text))
    thread.start()
    thread.join()
    asyncio.get_running_loop().call_soon(fail, "called", text)
    asyncio.create_task(lost(text))
    Unraisable(text)
    await asyncio.sleep(0.01)
    gc.collect()
    try:
        fail("cause", text)
    except RuntimeError as error:
        raise LookupError("crashed " + text) from error

telegram.Bot.get_me = get_me
"""


async def said(world: World, *command: str, **changes: str) -> tuple[int, str]:
    """The exit status, and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *command),
        env=surroundings({**world.environment, **changes}),
        cwd=world.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert spilled("what it said", out) == []
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.mark.parametrize("style", ["console", "json"])
async def test_a_crash_tells_everything_but_secrets(world: World, style: str) -> None:
    (world.folder / "edge").mkdir()
    (world.folder / "edge" / "sitecustomize.py").write_text(SABOTAGE)
    path = f"{world.folder / 'edge'}{os.pathsep}{surroundings({})['PYTHONPATH']}"
    status, out = await said(world, "run", LOG_FORMAT=style, PYTHONPATH=path)
    assert status == 1
    for way in ("said", "can not be shown", "warned", "threaded", "called", "lost", "unraisable", "cause", "crashed"):
        assert way in out
    assert TOKEN.partition(":")[0] in out or "bot***" in out
    if style == "json":
        assert [json.loads(line)["level"] for line in out.splitlines()][-1] == "critical"


async def test_a_secret_in_the_wrong_setting_is_not_repeated(world: World) -> None:
    key = key_of("apipod")
    for number, changes in enumerate(
        (
            {"TELEGRAM_BOT_TOKEN": f"{TOKEN}wrong"},
            {"TELEGRAM_BOT_TOKEN": TOKEN.replace(":", ": ")},
            {"TELEGRAM_API_BASE_URL": TOKEN},
            {"ALLOWED_TELEGRAM_USER_IDS": TOKEN},
            {"POLL_INTERVAL": key},
            {"LOG_LEVEL": key},
            {"DATABASE_URL": f"sqlite:////proc/{TOKEN}/rushes.db"},
            {"DATABASE_URL": f"postgres://me:{key}@db.example/rushes"},
            {"PROVIDERS_FILE": f"/nowhere/{key}"},
            {"APIPOD_BASE_URL": key},
            {"APIPOD_BASE_URL": f"http://me:{key}@127.0.0.1:1"},
            {"HTTP_PORT": "1", "HTTP_HOST": f"{key}.invalid"},
        )
    ):
        before = world.log()
        bot = await world.start_bot(LOG_FORMAT=("console", "json")[number % 2], **changes)
        assert await bot.wait() == CANNOT_START
        line = world.log().removeprefix(before)
        assert "Traceback" not in line
        assert any(name in line for name in changes)


async def test_what_is_asked_by_hand_shows_no_key(world: World) -> None:
    person, key = await world.person(), key_of("token360")
    body = {"id": "t1", "status": "failed", "prompt": key, "error": {"message": f"{key} is empty", "code": key}}
    await person.tell("tasks", provider="token360", id="t1", raw={"status": 200, "body": body})
    status, out = await said(world, "query", "t1", "--provider", "token360")
    assert (status, "is empty" in out) == (0, True)
