"""The command line: `python -m bot run`."""

import argparse
import asyncio
import sys

from bot import __version__
from bot.app import CannotStart, run
from bot.ops.logs import set_up
from bot.settings import Settings, SettingsError

EXIT_CANNOT_START = 2


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 stopped as asked, 2 can not run like this (one sentence says why)."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="Rushes, the Telegram bot.")
    parser.add_argument("--version", action="version", version=f"rushes {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot; settings come from the environment or .env")
    parser.parse_args(arguments)
    try:
        settings = Settings.load()
        set_up(settings.log_level, settings.log_format, settings.secrets)
        asyncio.run(run(settings))
    except (SettingsError, CannotStart) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CANNOT_START
    return 0


if __name__ == "__main__":
    sys.exit(main())
