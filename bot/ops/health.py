"""`/healthz` and `/readyz`: may a restart help, and does the bot do its work? Changes nothing.

The two are answered from the first moment on: while the bot starts, and waits for Telegram perhaps, it is alive and
not ready.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import structlog
from aiohttp import web

log = structlog.stdlib.get_logger(__name__)

# Each check says what is wrong, or "" if nothing is.
Check = Callable[[], Awaitable[str]]

PATIENCE = 2.0  # seconds for all checks together; they run side by side

_STARTING, _STOPPING = "the bot is starting", "the bot is stopping"


class Health:
    """200 if every check is content, else 503 and what is wrong by the check's name.

    A check that does not answer in time is a problem too. It is not asked again before it has answered, so that what
    is stuck gets no more work. As a context it ends those that still run.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._alive: Mapping[str, Check] = {}
        self._working: Mapping[str, Check] = {}
        self._phase = _STARTING
        self._asked: dict[str, asyncio.Task[str]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for check in self._asked.values():
            check.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    def watch(self, alive: Mapping[str, Check], working: Mapping[str, Check]) -> None:
        """The bot has started. What fails in `alive` may be mended by a restart; `working` is what else it needs."""
        self._alive, self._working = alive, working
        self._phase = ""

    def stop(self) -> None:
        """From now on it ends."""
        self._phase = _STOPPING

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)]

    async def problems(self) -> dict[str, str]:
        """What `/readyz` finds, by the check's name; "" is no problem."""
        return {"bot": self._phase, **await self._ask({**self._alive, **self._working})}

    async def _healthz(self, _: web.Request) -> web.Response:
        return _answer(await self._ask(self._alive))

    async def _readyz(self, _: web.Request) -> web.Response:
        return _answer(await self.problems())

    async def _ask(self, checks: Mapping[str, Check]) -> dict[str, str]:
        for name, check in checks.items():
            if name not in self._asked or self._asked[name].done():
                self._asked[name] = asyncio.create_task(_say(name, check))
        running = {name: self._asked[name] for name in checks}
        if running:
            await asyncio.wait(running.values(), timeout=self._patience)
        late = f"no answer within {self._patience:g} s"
        return {name: task.result() if task.done() else late for name, task in running.items()}


async def _say(name: str, check: Check) -> str:
    try:
        return await check()
    except Exception as error:
        log.exception("a check broke", check=name)
        return f"the check broke ({type(error).__name__})"


def _answer(found: Mapping[str, str]) -> web.Response:
    wrong = {name: problem for name, problem in found.items() if problem}
    return web.json_response({"ok": not wrong, "problems": wrong}, status=503 if wrong else 200)
