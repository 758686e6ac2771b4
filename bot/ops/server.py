"""The bot's own HTTP server; what it answers is given to it as routes. Knows none of them."""

import logging
from collections.abc import Iterable
from socket import socket

from aiohttp import web
from aiohttp.http import HttpProcessingError

BODY_LIMIT = 1024**2  # bytes; nothing that is sent here needs more
SHUTDOWN_SECONDS = 2.0


async def start_server(listening: socket, routes: Iterable[web.AbstractRouteDef]) -> web.AppRunner:
    """Answers until `cleanup` of what is returned. The socket stays open: whoever knocks meanwhile waits there."""
    logging.getLogger("aiohttp.server").addFilter(_is_worth_a_line)
    application = web.Application(client_max_size=BODY_LIMIT)
    application.add_routes(routes)
    # Bodies stay as they came: a small one that unpacks to gigabytes is not unpacked, not even to be thrown away.
    runner = web.AppRunner(application, access_log=None, auto_decompress=False, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    await web.SockSite(runner, listening.dup()).start()
    return runner


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Not what somebody sends that is no HTTP: it is answered with 400, and a traceback would repeat what it holds."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
