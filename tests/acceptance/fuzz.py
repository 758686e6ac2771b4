"""Drives `/v1` from its own OpenAPI document, with schemathesis against the real bot: `make fuzz`.

Whatever schemathesis can check is checked; a failure is printed with the curl line that repeats it.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from sandbox.bot_process import running_bot
from sandbox.player import Player
from sandbox.servers import PERSON, serving
from tests.acceptance.programs import free_port, made

PATIENCE = 900.0
# More than one person may say in a minute, and track at the same time.
LIMITS = {"LIMIT_COMMANDS_PER_MINUTE": "1000000", "LIMIT_OPEN_TASKS": "1000000", "LOG_LEVEL": "INFO"}


async def fuzz(port: int, token: str, folder: Path, *more: str) -> tuple[int, str]:
    """Exit status and output of schemathesis; `more` are arguments to it."""
    arguments = [
        *("run", f"http://127.0.0.1:{port}/v1/openapi.json", "--url", f"http://127.0.0.1:{port}", *more),
        *("--header", f"Authorization: Bearer {token}", "--checks", "all", "--continue-on-failure"),
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", *arguments),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return process.returncode, output.decode(errors="replace")


async def main(examples: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="rushes-fuzz-") as name:
        folder, port = Path(name), free_port()
        async with serving() as origins, Player(origins.sim, PERSON) as person:
            environment = {**origins.environment(folder / "rushes.db"), **LIMITS, "HTTP_PORT": str(port)}
            async with running_bot(environment, folder) as bot:
                status, output = await fuzz(
                    port, await made(person), folder, "--max-examples", str(examples), "--seed", str(seed)
                )
                sys.stdout.write(f"{output}\n")
                told = (folder / "bot.log").read_text(errors="replace")
                _, broke, trace = told.partition("Traceback")
                sys.stdout.write(f"The bot's log from its first traceback on:\n{trace[:5000]}\n" if broke else "")
                return 1 if broke or bot.has_ended else status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=250, help="for each operation")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    sys.exit(asyncio.run(main(chosen.examples, chosen.seed)))
