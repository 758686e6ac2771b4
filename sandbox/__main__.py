"""The command line of the sandbox: `python -m sandbox demo`, `serve` and `shots`."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from sandbox.demo import demo
from sandbox.play import serve
from sandbox.shots import shots

_INTERRUPTED = 130


def _chosen(chosen: argparse.Namespace) -> Coroutine[Any, Any, int]:
    if chosen.command == "serve":
        return serve(chosen.port, local=chosen.local, with_bot=not chosen.no_bot)
    return shots(chosen.folder) if chosen.command == "shots" else demo()


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Stand-ins for everything outside the bot.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="the whole product in a minute: no token, no key, no network")
    serving_parser = commands.add_parser("serve", help="a chat in the browser with the real bot, until Ctrl-C")
    serving_parser.add_argument("--port", type=int, default=0, help="of Telegram and the control interface")
    serving_parser.add_argument("--local", action="store_true", help="Telegram as a local Bot API server")
    serving_parser.add_argument("--no-bot", action="store_true", help="only the stand-ins, for a bot of your own")
    shots_parser = commands.add_parser("shots", help="pictures of the chat, from a real run; needs Chromium")
    shots_parser.add_argument("folder", nargs="?", type=Path, default=Path("docs/images"))
    chosen = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_chosen(chosen))
    return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
