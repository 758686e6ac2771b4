"""The real bot as a process of its own, with nothing of this process's surroundings but what it is given."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
_STOP_SECONDS = 15.0
_LAST_LINES = 15


class BotProcess:
    """`python -m bot run`, its log in a file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_LAST_LINES:])

    async def wait(self) -> int:
        """Until it ends by itself; returns the exit status."""
        return await self._process.wait()

    async def kill(self) -> None:
        """Without any warning, as a crash or a power cut would."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """As a service manager would; returns the exit status."""
        if not self.has_ended:
            self._process.terminate()
        try:
            return await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            await self.kill()
            raise


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a bot's process."""
    return {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1", **environment}


async def start_bot(environment: Mapping[str, str], folder: Path) -> BotProcess:
    """Starts it in `folder`, so that no .env of the checkout is read; its log is appended to `folder/bot.log`."""
    log = folder / "bot.log"
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            cwd=folder,
            env=surroundings(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
    return BotProcess(process, log)


@asynccontextmanager
async def running_bot(environment: Mapping[str, str], folder: Path) -> AsyncIterator[BotProcess]:
    """The bot for as long as the block runs; it is stopped whatever happens."""
    bot = await start_bot(environment, folder)
    try:
        yield bot
    finally:
        await bot.stop()
