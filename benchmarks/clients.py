"""The clients that are measured, each in a process of its own: `python -m benchmarks.clients WHICH SERVER FILE COUNT`.

Prints what it took: seconds, seconds of CPU, and the largest memory in MB.
"""

import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr
from telegram import Bot
from telegram.constants import ParseMode
from telegram.request import BaseRequest, HTTPXRequest

from bot.bot_api import bot_api_request
from bot.delivery.media import Upload
from bot.delivery.pacing import Pacing
from bot.delivery.telegram import Telegram
from bot.media.download import Downloader
from bot.media.probe import MediaKind, probe
from bot.settings import Settings
from bot.start import CONNECTIONS, telegram_application
from bot.text.catalogue import Html
from bot.tracking.seal import Seal

TOKEN = "1:bench"  # noqa: S105  # the stand-in takes any
IN_FLIGHT = 30
LIMIT_BYTES = 2_000_000_000
PATIENCE = 600.0


async def relay_ours(server: str, name: str, count: int) -> None:
    """As the product does it: to a file, a look at it, and from there into a message that stands."""
    settings = Settings(telegram_bot_token=SecretStr(TOKEN), telegram_api_base_url=server, telegram_local_mode=False)
    trusted = frozenset({server.removeprefix("http://")})
    with tempfile.TemporaryDirectory() as folder:
        async with telegram_application(settings) as application, Downloader(trusted) as downloader:
            telegram = Telegram(application.bot, Pacing(), Seal("secret"), time.monotonic)
            with measured():
                for number in range(count):
                    path = Path(folder) / f"{number}.mp4"
                    await downloader.download(f"{server}/{name}", path, LIMIT_BYTES)
                    media = await asyncio.to_thread(probe, path)
                    await telegram.put_media(1, 1, Upload(MediaKind.VIDEO, path, media), Html("done"))


async def relay_peer(server: str, name: str, count: int) -> None:
    """As a simple bot does it: everything in memory, with time limits that it does not run into."""
    request = HTTPXRequest(read_timeout=PATIENCE, write_timeout=PATIENCE, media_write_timeout=PATIENCE)
    async with Bot(TOKEN, f"{server}/bot", request=request) as bot, httpx.AsyncClient(timeout=PATIENCE) as client:
        with measured():
            for _ in range(count):
                video = (await client.get(f"{server}/{name}")).content
                await bot.send_video(1, video, filename=name)


async def calls_ours(server: str, _: str, count: int) -> None:
    """Messages over the product's connections."""
    await _calls(server, bot_api_request(server, CONNECTIONS), count)


async def calls_peer(server: str, _: str, count: int) -> None:
    """The same over those that python-telegram-bot brings along."""
    await _calls(server, HTTPXRequest(connection_pool_size=CONNECTIONS, pool_timeout=PATIENCE), count)


async def _calls(server: str, request: BaseRequest, count: int) -> None:
    """So many messages, always the same number of them in flight; every connection is warm."""
    async with Bot(TOKEN, f"{server}/bot", request=request) as bot:

        async def send(number: int) -> None:
            for _ in range(number):
                await bot.send_message(1, "<b>done</b>", parse_mode=ParseMode.HTML, disable_notification=True)

        await asyncio.gather(*(send(2) for _ in range(IN_FLIGHT)))
        with measured():
            await asyncio.gather(*(send(count // IN_FLIGHT) for _ in range(IN_FLIGHT)))


@contextmanager
def measured() -> Iterator[None]:
    """Prints what the block took."""
    began, began_cpu = time.perf_counter(), time.process_time()
    yield
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": int(peak[1]) / 1000 if peak else 0.0}))


CLIENTS: Mapping[str, Callable[[str, str, int], Coroutine[None, None, None]]] = {
    "relay-ours": relay_ours,
    "relay-peer": relay_peer,
    "calls-ours": calls_ours,
    "calls-peer": calls_peer,
}

if __name__ == "__main__":
    asyncio.run(CLIENTS[sys.argv[1]](sys.argv[2], sys.argv[3], int(sys.argv[4])))
