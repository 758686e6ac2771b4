"""`/healthz`, for a container's health check: is the bot really at work? Changes nothing."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

# Each check says what is wrong, or "" if nothing is.
Check = Callable[[], Awaitable[str]]


class Health:
    """200 if every check is content, else 503; each is named."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [web.get("/healthz", self._healthz)]

    async def _healthz(self, _: web.Request) -> web.Response:
        wrong = {name: problem for name, check in self._checks.items() if (problem := await check())}
        return web.json_response({"ok": not wrong, "problems": wrong}, status=503 if wrong else 200)
