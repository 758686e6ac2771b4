"""The command line of the sandbox: `python -m sandbox demo`, `serve` and `shots`."""

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from sandbox.demo import demo
from sandbox.samples import SAMPLES
from sandbox.servers import serving
from sandbox.shots import shots

_INTERRUPTED = 130


async def serve(port: int, *, local: bool) -> int:
    """Runs the stand-ins until it is interrupted; prints what points a bot at them."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="rushes-serve-") as folder:
        async with serving(port, local=local) as origins:
            print("# Telegram and four gateways stand in on loopback. Point a bot at them with this environment:\n")
            for name, value in origins.environment(Path(folder) / "rushes.db").items():
                print(f"{name}={value}")
            print(f"\n# The control interface (docs/sandbox.md): {origins.sim}\n# Task IDs to try:")
            for scenario in SAMPLES:
                print(f"#   {scenario.id}  {scenario.provider} {scenario.kind}, {scenario.end}")
            print("# Ctrl-C ends it.", flush=True)
            await stop.wait()
    return 0


def _chosen(chosen: argparse.Namespace) -> Coroutine[Any, Any, int]:
    if chosen.command == "serve":
        return serve(chosen.port, local=chosen.local)
    return shots(chosen.folder) if chosen.command == "shots" else demo()


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Stand-ins for everything outside the bot.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="the whole product in a minute: no token, no key, no network")
    serving_parser = commands.add_parser("serve", help="only the stand-ins, until Ctrl-C")
    serving_parser.add_argument("--port", type=int, default=0, help="of Telegram and the control interface")
    serving_parser.add_argument("--local", action="store_true", help="Telegram as a local Bot API server")
    shots_parser = commands.add_parser("shots", help="pictures of the chat, from a real run; needs Chromium")
    shots_parser.add_argument("folder", nargs="?", type=Path, default=Path("docs/images"))
    chosen = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_chosen(chosen))
    return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
