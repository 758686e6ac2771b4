"""The bot's own HTTP server; what it answers is given to it as routes. Knows none of them."""

from collections.abc import Iterable

from aiohttp import web

BODY_LIMIT = 1024**2  # bytes; nothing that is sent here needs more
SHUTDOWN_SECONDS = 2.0


async def start_server(host: str, port: int, routes: Iterable[web.AbstractRouteDef]) -> web.AppRunner:
    """Answers until `cleanup` of what is returned. Raises `OSError` if the port can not be had."""
    application = web.Application(client_max_size=BODY_LIMIT)
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
