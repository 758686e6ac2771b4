"""The command line: `python -m bot run | query | providers | backup | restore | migrate`."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from bot import __version__
from bot.app import run
from bot.ops.logs import set_up
from bot.query import CannotAsk, listing, query
from bot.settings import Settings, SettingsError, load_database_path, load_gateways
from bot.start import CannotStart, open_store, single_instance
from bot.storage import backup
from bot.storage.sqlite import DatabaseError, known_schema
from bot.tracking.gateways import Gateways
from providers.base import KINDS

EXIT_CANNOT_START = 2
EXIT_NO_ANSWER = 3


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 done, 2 can not be done like this (one sentence says why), 3 the gateway did not tell."""
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "query":
                return _query(chosen)
            case "providers":
                print(listing(load_gateways()))
            case "backup":
                _back_up(chosen)
            case "restore":
                _restore(chosen)
            case "migrate":
                asyncio.run(_migrate())
            case _:
                _run()
    except (SettingsError, CannotStart, CannotAsk, DatabaseError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CANNOT_START
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Rushes, the Telegram bot.")
    parser.add_argument("--version", action="version", version=f"rushes {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot; settings come from the environment or .env")
    commands.add_parser("providers", help="show which gateways are set up, and which are off")
    _add_copying(commands)
    asking = commands.add_parser("query", help="ask about one task, once, and print what the bot understands")
    asking.add_argument("task_id", metavar="ID")
    asking.add_argument("--provider", default="", help="ask only this one; default: everybody who has a key")
    asking.add_argument("--kind", choices=KINDS, default="", help="ask only for tasks of this kind")
    asking.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    return parser


def _add_copying(commands: Any) -> None:
    copying = commands.add_parser("backup", help="copy the database, while the bot runs or not")
    copying.add_argument("file", metavar="FILE", type=Path, help="the copy; in a folder it gets the time as its name")
    copying.add_argument("--force", action="store_true", help="overwrite FILE")
    restoring = commands.add_parser("restore", help="put a backup in the database's place; the bot must be stopped")
    restoring.add_argument("file", metavar="FILE", type=Path)
    commands.add_parser("migrate", help="bring the database up to date without starting the bot")


def _run() -> None:
    settings, gateways = Settings.load(), load_gateways()
    keys = [key for gateway in gateways for key in gateway.keys]
    set_up(settings.log_level, settings.log_format, [settings.telegram_bot_token.get_secret_value(), *keys])
    asyncio.run(run(settings, Gateways(gateways)))


def _query(chosen: argparse.Namespace) -> int:
    found = asyncio.run(query(Gateways(load_gateways()), chosen.task_id, chosen.provider, chosen.kind))
    print(found.as_json() if chosen.json else found.as_table())
    return 0 if found.is_answer else EXIT_NO_ANSWER


def _back_up(chosen: argparse.Namespace) -> None:
    database = load_database_path()
    made = backup.back_up(database, chosen.file, overwrite=chosen.force)
    print(f"Backed up {database} to {made.path}: {_measures(made)}.")


def _restore(chosen: argparse.Namespace) -> None:
    database = load_database_path()
    with single_instance(database):
        made = backup.restore(chosen.file, database)
    kept = f" What was there is kept as {made.kept}." if made.kept else ""
    print(f"Restored {database} from {chosen.file}: {_measures(made)}.{kept}")
    print("What was done since that backup is undone: /allow, /deny, revoked tokens and /forget have to be done again.")


def _measures(copy: backup.Copy) -> str:
    return f"{copy.size / 1e6:.1f} MB, {copy.tasks} tasks ({copy.open_tasks} of them open), schema {copy.schema}"


async def _migrate() -> None:
    database = load_database_path()
    with single_instance(database):
        async with open_store(database):
            print(f"{database} is up to date: schema {known_schema()}.")


if __name__ == "__main__":
    sys.exit(main())
