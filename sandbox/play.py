"""The stand-ins, the real bot and a page in the browser, until somebody has had enough."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.bot_process import running_bot
from sandbox.player import Player
from sandbox.samples import SAMPLES
from sandbox.servers import OPERATOR, PERSON, Origins, serving

# The page knows these people by the same numbers.
GROUP_ADMIN = 1003
GROUP, FORUM = -1001, -1002
TOPICS = (7, 9)


async def serve(port: int, *, local: bool, with_bot: bool) -> int:
    """Runs until it is interrupted; prints where the page is, or what points a bot of one's own at the stand-ins."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="rushes-serve-") as name:
        async with serving(port, local=local) as origins:
            if not with_bot:
                _print_environment(origins, Path(name))
                await stop.wait()
                return 0
            async with playing(origins, Path(name)) as page:
                print(
                    f"Sit down at {page}\nand write /start, or press 🎬 for a task to follow. Ctrl-C ends it.",
                    flush=True,
                )
                await stop.wait()
    return 0


@asynccontextmanager
async def playing(origins: Origins, folder: Path, **changes: str) -> AsyncIterator[str]:
    """The real bot at work for the people of the page, in `folder`; the page's address."""
    async with Player(origins.sim, PERSON) as person:
        await person.tell("chat", id=GROUP, title="Group", admins=[GROUP_ADMIN])
        await person.tell("chat", id=FORUM, title="Group with topics", topics=TOPICS, admins=[GROUP_ADMIN])
    environment = {
        **origins.environment(folder / "rushes.db"),
        "ALLOWED_TELEGRAM_USER_IDS": f"{PERSON},{GROUP_ADMIN}",
        "ADMIN_TELEGRAM_USER_IDS": str(OPERATOR),
        "ALLOWED_TELEGRAM_CHAT_IDS": f"{GROUP},{FORUM}",
        **changes,
    }
    async with running_bot(environment, folder):
        yield f"{origins.telegram}/chat/index.html"


def _print_environment(origins: Origins, folder: Path) -> None:
    print("# Telegram and four gateways stand in on loopback. Point a bot at them with this environment:\n")
    for name, value in origins.environment(folder / "rushes.db").items():
        print(f"{name}={value}")
    print(f"\n# The control interface (docs/sandbox.md): {origins.sim}\n# Task IDs to try:")
    for scenario in SAMPLES:
        print(f"#   {scenario.id}  {scenario.provider} {scenario.kind}, {scenario.end}")
    print("# Ctrl-C ends it.", flush=True)
