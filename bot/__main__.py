"""The command line: `python -m bot run | doctor | query | providers | backup | restore | migrate`."""

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog

from bot import __version__, environment
from bot.app import run
from bot.doctor.examination import examine
from bot.intake.webhook import secret_of
from bot.ops.logs import set_up
from bot.ops.redactor import Redactor, secrets_in
from bot.query import CannotAsk, listing, query
from bot.settings import Settings, SettingsError, likely_slips, load_database_path, load_gateways
from bot.start import CannotStart, open_store, single_instance
from bot.storage import backup
from bot.storage.sqlite import DatabaseError, known_schema
from bot.tracking.gateways import Gateway, Gateways
from providers.base import KINDS

log = structlog.stdlib.get_logger(__name__)

EXIT_SOMETHING_IS_WRONG = 1
EXIT_CANNOT_START = 2
EXIT_NO_ANSWER = 3
EXIT_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 done, 2 can not be done like this (one sentence says why), 3 the gateway did not tell.

    1 is the doctor's: something is wrong.
    """
    chosen = _parser().parse_args(arguments)
    redactor = _redactor()
    set_up("WARNING", "console", redactor)
    try:
        return _COMMANDS[chosen.command](chosen) or 0
    except (SettingsError, CannotStart, CannotAsk, DatabaseError) as error:
        sys.stderr.write(f"{redactor.blanked(str(error))}\n")
        return EXIT_CANNOT_START
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Rushes, the Telegram bot.")
    parser.add_argument("--version", action="version", version=f"rushes {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot; settings come from the environment or .env")
    doctor = commands.add_parser(
        "doctor",
        help="look whether everything is set up right, and say what to do",
        description="Looks at settings, database, Telegram, gateways and media, for twenty seconds at most, and says"
        " what to do. Nothing is changed, and a bot that runs meanwhile is not disturbed.",
        epilog="The exit status is 0 if nothing is wrong (there may be warnings), else 1.",
    )
    doctor.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    commands.add_parser("providers", help="show which gateways are set up, and which are off")
    _add_copying(commands)
    asking = commands.add_parser("query", help="ask about one task, once, and print what the bot understands")
    asking.add_argument("task_id", metavar="ID")
    asking.add_argument("--provider", default="", help="ask only this one; default: everybody who has a key")
    asking.add_argument("--kind", choices=KINDS, default="", help="ask only for tasks of this kind")
    asking.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    return parser


def _redactor(gateways: Iterable[Gateway] = ()) -> Redactor:
    """Knows what the environment shows to be secret, and the gateways' keys, whatever their variables are called."""
    try:
        variables = environment.variables()
    except environment.EnvironmentUnreadable:  # whoever needs what stands in .env says what is wrong with it
        variables = dict(os.environ)
    webhook = secret_of(variables.get("TELEGRAM_BOT_TOKEN", ""))
    return Redactor((*secrets_in(variables), *(key for gateway in gateways for key in gateway.keys), webhook))


def _add_copying(commands: Any) -> None:
    copying = commands.add_parser("backup", help="copy the database, while the bot runs or not")
    copying.add_argument("file", metavar="FILE", type=Path, help="the copy; in a folder it gets the time as its name")
    copying.add_argument("--force", action="store_true", help="overwrite FILE")
    restoring = commands.add_parser("restore", help="put a backup in the database's place; the bot must be stopped")
    restoring.add_argument("file", metavar="FILE", type=Path)
    commands.add_parser("migrate", help="bring the database up to date without starting the bot")


def _run(_: argparse.Namespace) -> None:
    settings, gateways = Settings.load(), load_gateways()
    set_up(settings.log_level, settings.log_format, _redactor(gateways))
    for sentence in likely_slips(gateways):
        log.warning(sentence)
    asyncio.run(run(settings, Gateways(gateways)))


def _doctor(chosen: argparse.Namespace) -> int:
    found = examine()
    is_seen = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(found.as_json() if chosen.json else found.as_text(coloured=is_seen))
    return EXIT_SOMETHING_IS_WRONG if found.is_bad else 0


def _query(chosen: argparse.Namespace) -> int:
    gateways = load_gateways()
    set_up("WARNING", "console", _redactor(gateways))
    found = asyncio.run(query(Gateways(gateways), chosen.task_id, chosen.provider, chosen.kind))
    print(found.as_json() if chosen.json else found.as_table())
    return 0 if found.is_answer else EXIT_NO_ANSWER


def _providers(_: argparse.Namespace) -> None:
    print(listing(load_gateways()))


def _back_up(chosen: argparse.Namespace) -> None:
    database = load_database_path()
    made = backup.back_up(database, chosen.file, overwrite=chosen.force)
    print(f"Backed up {database} to {made.path}: {_measures(made)}.")


def _restore(chosen: argparse.Namespace) -> None:
    database = load_database_path()

    async def restored() -> backup.Copy:
        async with single_instance(database):
            return await asyncio.to_thread(backup.restore, chosen.file, database)

    made = asyncio.run(restored())
    kept = f" What was there is kept as {made.kept}." if made.kept else ""
    print(f"Restored {database} from {chosen.file}: {_measures(made)}.{kept}")
    print("What was done since that backup is undone: /allow, /deny, revoked tokens and /forget have to be done again.")


def _measures(copy: backup.Copy) -> str:
    return f"{copy.size / 1e6:.1f} MB, {copy.tasks} tasks ({copy.open_tasks} of them open), schema {copy.schema}"


def _migrate(_: argparse.Namespace) -> None:
    database = load_database_path()

    async def migrated() -> None:
        async with single_instance(database), open_store(database):
            pass

    asyncio.run(migrated())
    print(f"{database} is up to date: schema {known_schema()}.")


# Each returns the exit status, or None for 0.
_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int | None]] = MappingProxyType(
    {
        "run": _run,
        "doctor": _doctor,
        "query": _query,
        "providers": _providers,
        "backup": _back_up,
        "restore": _restore,
        "migrate": _migrate,
    }
)

if __name__ == "__main__":
    status = main()
    if threading.active_count() > 1:
        # A thread that still asks a name server, which says nothing, would be waited for.
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)
