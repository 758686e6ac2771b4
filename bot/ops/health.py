"""`/healthz` over HTTP, for a container's health check: is the bot really at work? Changes nothing."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from aiohttp import web

# Each check says what is wrong, or "" if nothing is.
Check = Callable[[], Awaitable[str]]


class Health:
    """A small HTTP server for as long as the block runs. 200 if every check is content, else 503; each is named."""

    def __init__(self, host: str, port: int, checks: Mapping[str, Check]) -> None:
        self._host = host
        self._port = port
        self._checks = checks
        application = web.Application()
        application.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(application, access_log=None)

    async def __aenter__(self) -> Self:
        """Raises `OSError` if the port can not be had."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        wrong = {name: problem for name, check in self._checks.items() if (problem := await check())}
        return web.json_response({"ok": not wrong, "problems": wrong}, status=503 if wrong else 200)
