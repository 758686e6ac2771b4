"""The bot's own HTTP server; what it answers is given to it as routes. Knows none of them."""

from collections.abc import Iterable
from socket import socket

from aiohttp import web

BODY_LIMIT = 1024**2  # bytes; nothing that is sent here needs more
SHUTDOWN_SECONDS = 2.0


async def start_server(listening: socket, routes: Iterable[web.AbstractRouteDef]) -> web.AppRunner:
    """Answers until `cleanup` of what is returned. The socket stays open: whoever knocks meanwhile waits there."""
    application = web.Application(client_max_size=BODY_LIMIT)
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    await web.SockSite(runner, listening.dup()).start()
    return runner
