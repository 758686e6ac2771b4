"""All stand-ins on loopback, each on a port of its own, for as long as a block runs; and what points a bot at them."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.calls import Calls
from sandbox.cdn import Cdn, signed
from sandbox.control import Control
from sandbox.faults import Faults
from sandbox.gateways import Gateway, Tasks
from sandbox.media import Media
from sandbox.samples import SAMPLES
from sandbox.scenarios import PROVIDERS
from sandbox.state import State
from sandbox.telegram import TelegramServer
from sandbox.window import Window

HOST = "127.0.0.1"
TOKEN = "4242424242:SandboxTokenForALocalStandInOnly00"  # noqa: S105 - of no use anywhere else
PERSON = 1001
OPERATOR = 1002
# The bot asks about every task this often, in seconds; the stand-ins' tasks last a few seconds.
POLL_INTERVAL = 0.5
_STOP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Origins:
    """Where everything listens: full addresses, and `folder`, where files are kept while the block runs.

    `local`: Telegram's stand-in is a local Bot API server.
    """

    telegram: str
    cdn: str
    gateways: Mapping[str, str]
    folder: Path
    local: bool = False

    @property
    def sim(self) -> str:
        """The control interface."""
        return f"{self.telegram}/sim"

    def environment(self, database: Path) -> dict[str, str]:
        """What a bot has to be started with."""
        keys = {f"{name.upper()}_API_KEY": key_of(name) for name in self.gateways}
        urls = {f"{name.upper()}_BASE_URL": url for name, url in self.gateways.items()}
        return {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE_URL": self.telegram,
            "TELEGRAM_LOCAL_MODE": str(self.local).lower(),
            "ALLOWED_TELEGRAM_USER_IDS": str(PERSON),
            "ADMIN_TELEGRAM_USER_IDS": str(OPERATOR),
            **keys,
            **urls,
            "MEDIA_TRUSTED_HOSTS": self.cdn.removeprefix("http://"),
            "DATABASE_URL": f"sqlite:///{database}",
            "POLL_INTERVAL": str(POLL_INTERVAL),
            "POLL_MAX_INTERVAL": str(POLL_INTERVAL),
        }


def key_of(provider: str) -> str:
    """The one key that the gateway's stand-in accepts. It looks like no key, so that only who knows it can hide it."""
    return f"sesame.{provider}.5417"


@asynccontextmanager
async def serving(port: int = 0, media: Media | None = None, *, local: bool = False) -> AsyncIterator[Origins]:
    """Every stand-in, with the sample tasks. `port` is Telegram's and the control interface's; 0 takes any.

    `media`: clips and pictures that were made before, for who starts often. `local`: Telegram is a local server.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rushes-sandbox-")))
        for name in ("uploads", "media"):
            (folder / name).mkdir()
        shown = media or Media(folder / "media")
        if media is None:
            await asyncio.to_thread(shown.make)

        gateway_calls, gateway_faults = Calls(), Faults()
        cdn = await _listen(stack, Cdn(shown, gateway_calls, gateway_faults).routes())

        def link(name: str, life: float | None) -> str:
            return name if "://" in name or name.startswith("data:") else f"{cdn}{signed(name, life, tasks.clock())}"

        tasks = Tasks(link)
        for scenario in SAMPLES:
            tasks.add(scenario)
        gateways = {}
        for name in PROVIDERS:
            gateway = Gateway(name, key_of(name), tasks, shown.path, gateway_calls, gateway_faults)
            gateways[name] = await _listen(stack, gateway.routes())

        telegram = TelegramServer(State(TOKEN, folder / "uploads", local))
        control = Control(telegram, tasks, gateway_calls, gateway_faults)
        window = Window(telegram, tasks, gateway_faults)
        origin = await _listen(stack, [*control.routes(), *window.routes(), *telegram.routes()], port)
        stack.callback(telegram.state.updates.release)
        calling = asyncio.create_task(telegram.state.webhook.run())
        stack.push_async_callback(asyncio.wait, {calling})
        stack.callback(calling.cancel)
        yield Origins(origin, cdn, gateways, folder, local)


async def _listen(stack: AsyncExitStack, routes: Iterable[web.AbstractRouteDef], port: int = 0) -> str:
    application = web.Application()
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, HOST, port)
    await site.start()
    return f"http://{HOST}:{runner.addresses[0][1]}"
