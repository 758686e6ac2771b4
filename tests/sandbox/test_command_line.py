import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp

from sandbox.samples import SAMPLES

CHECKOUT = Path(__file__).resolve().parents[2]


async def test_serve_prints_what_a_bot_needs_and_ends_in_peace(tmp_path: Path) -> None:
    serving = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "serve",
        "--no-bot",
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert serving.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("# Ctrl-C"):
        lines.append((await asyncio.wait_for(serving.stdout.readline(), 20)).decode().rstrip("\n"))
        assert not serving.stdout.at_eof()
    environment = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    async with aiohttp.ClientSession() as session:
        base, token = environment["TELEGRAM_API_BASE_URL"], environment["TELEGRAM_BOT_TOKEN"]
        async with session.get(f"{base}/bot{token}/getMe") as answer:
            assert (await answer.json())["result"]["username"] == "rushes_sandbox_bot"
        headers = {"Authorization": f"Bearer {environment['TOKEN360_API_KEY']}"}
        async with session.get(f"{environment['TOKEN360_BASE_URL']}/v1/videos/vid_stuck1", headers=headers) as answer:
            assert (await answer.json())["status"] == "queued"
        # One poller is left hanging: it must not keep the stand-ins alive.
        polling = asyncio.create_task(session.get(f"{base}/bot{token}/getUpdates?timeout=30"))
        await asyncio.sleep(0.1)
        serving.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(serving.communicate(), 10)
        await asyncio.gather(polling, return_exceptions=True)
    assert (serving.returncode, errors) == (0, b"")
    assert {scenario.id for scenario in SAMPLES} <= {line.split()[1] for line in lines if line.startswith("#   ")}
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the other way is not for async functions


async def test_without_a_command_it_says_what_there_is(tmp_path: Path) -> None:
    asked = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        cwd=tmp_path,
        env={"PYTHONPATH": str(CHECKOUT)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asked.communicate()
    assert asked.returncode == 2
    assert b"{demo,serve,shots}" in errors
