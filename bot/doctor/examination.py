"""`python -m bot doctor`: every part of the surroundings is looked at side by side, each within its time.

Nothing is changed by it, and a bot that runs meanwhile is not disturbed.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from bot.doctor.choices import look_at_choices
from bot.doctor.database import is_held, look_at_database
from bot.doctor.gateways import look_at_gateways
from bot.doctor.media import look_at_media
from bot.doctor.report import Finding, Group, Report, bad, warn
from bot.doctor.telegram import look_at_telegram
from bot.settings import Settings, SettingsError, examine_gateways, likely_slips
from bot.start import leave_threads
from bot.tracking.gateways import Gateway

# Seconds for each part; all run at once, so it is the most that everything takes.
_MOST = 18.0
_READING = 12.0


def examine() -> Report:
    """What there is to say about this environment, after twenty seconds at most."""
    try:
        settings, wrong = Settings.examine()
        gateways, mistakes = examine_gateways()
    except SettingsError as error:
        return Report((Group("Settings", [bad(str(error))]),))
    choices = look_at_choices(settings, gateways, [*wrong.values(), *mistakes], likely_slips(gateways))
    groups = asyncio.run(_look_around(settings, gateways, frozenset(wrong)))
    secrets = {settings.telegram_bot_token.get_secret_value(), *(key for gateway in gateways for key in gateway.keys)}
    return Report((Group("Settings", choices), *groups)).without(secrets)


async def _look_around(settings: Settings, gateways: tuple[Gateway, ...], wrong: frozenset[str]) -> list[Group]:
    """`wrong`: settings that can not be used; what depends on one is left out, the operator knows already."""
    path = settings.database_path
    is_running = "DATABASE_URL" not in wrong and is_held(path)
    parts: dict[str, tuple[frozenset[str], AsyncIterator[Finding]]] = {
        f"Database {path}": (frozenset({"DATABASE_URL"}), _database(path)),
        f"Telegram {settings.telegram_api_base_url}": (
            frozenset({"TELEGRAM_BOT_TOKEN", "TELEGRAM_API_BASE_URL"}),
            look_at_telegram(settings, is_running=is_running),
        ),
        "Gateways": (frozenset(), look_at_gateways(gateways)),
        "Media": (frozenset({"DATABASE_URL"}), look_at_media(settings)),
    }
    found = await asyncio.gather(*(_found(needed & wrong, findings) for needed, findings in parts.values()))
    leave_threads()
    return [Group(title, findings) for title, findings in zip(parts, found, strict=True)]


async def _found(missing: frozenset[str], findings: AsyncIterator[Finding]) -> list[Finding]:
    if missing:
        return [warn(f"not looked at, because {' and '.join(sorted(missing))} can not be used")]
    found = []
    try:
        async with asyncio.timeout(_MOST):
            async for finding in findings:
                found.append(finding)  # noqa: PERF401 - what was found before the time was over counts
    except TimeoutError:
        found.append(bad(f"not looked at to the end: there was no answer within {_MOST:g} s"))
    except Exception as error:  # noqa: BLE001 - whatever happens in one part, the others are to be told
        found.append(bad(f"could not be looked at: {type(error).__name__}: {error}"))
    return found


async def _database(path: Path) -> AsyncIterator[Finding]:
    for finding in await asyncio.to_thread(lambda: list(look_at_database(path, _READING))):
        yield finding
