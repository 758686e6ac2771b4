"""Telegram: whether it is there, knows the bot, and hands its updates to this bot and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from telegram import WebhookInfo
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.bot_api import UpdatesBot
from bot.doctor.report import Finding, bad, ok, warn
from bot.settings import Settings
from bot.start import UNKNOWN_BOT, CannotStart, telegram_bot

_HELLO_SECONDS, _HOOK_SECONDS = 7.0, 3.0
# So long a poll is held. Whoever else reads the updates is thrown out by that, and asks again within a second or two,
# which throws out this one; Telegram may take three seconds to say so.
_HELD, _MARGIN = 4, 4.0
_MANY = 1000


async def look_at_telegram(settings: Settings, *, is_running: bool) -> AsyncIterator[Finding]:
    """`is_running`: a Rushes runs on the database, so that its updates are not to be touched."""
    try:
        async with telegram_bot(settings) as bot:
            async with asyncio.timeout(_HELLO_SECONDS):
                name = (await bot.get_me()).username
            yield ok(f"it knows the bot as @{name}")
            info = await _hook(bot)
            if info:
                for finding in _about_hook(info, settings):
                    yield finding
            yield await _about_readers(bot, is_running=is_running, has_hook=bool(info and info.url))
    except InvalidToken:
        yield bad(UNKNOWN_BOT)
    except CannotStart as error:
        yield bad(str(error))
    except TelegramError as error:
        yield _away(settings, str(error))
    except TimeoutError:
        yield _away(settings, f"no answer within {_HELLO_SECONDS:g} s")


def _away(settings: Settings, reason: str) -> Finding:
    return bad(
        f"no answer from {settings.telegram_api_base_url} ({reason})",
        "check this machine's network, its HTTPS_PROXY if it needs one, and TELEGRAM_API_BASE_URL",
    )


async def _hook(bot: UpdatesBot) -> WebhookInfo | None:
    """None where the server does not tell; not every one has that method."""
    try:
        async with asyncio.timeout(_HOOK_SECONDS):
            return await bot.get_webhook_info()
    except (TelegramError, TimeoutError):
        return None


def _about_hook(info: WebhookInfo, settings: Settings) -> list[Finding]:
    found = []
    ours = urlsplit(settings.public_url or "").netloc if settings.telegram_webhook else ""
    theirs = urlsplit(info.url).netloc
    if theirs and theirs != ours:
        found.append(
            warn(
                f"a webhook is set, to {theirs}: another program may live by this token",
                "if none does, go on: run takes the webhook away; else get a token of its own for this bot",
            )
        )
    elif theirs:
        found.append(ok(f"it calls the webhook at {theirs}"))
    if theirs and info.last_error_message:
        found.append(warn(f"it could not call the webhook lately: {info.last_error_message}", "check the proxy there"))
    if info.pending_update_count:
        waiting = f"{info.pending_update_count} updates wait there for the bot"
        found.append(warn(waiting, "start it") if info.pending_update_count >= _MANY else ok(waiting))
    return found


async def _about_readers(bot: UpdatesBot, *, is_running: bool, has_hook: bool) -> Finding:
    if is_running:
        return ok("not asked whether somebody else reads the updates: that would disturb the Rushes that runs here")
    if has_hook:
        return ok("not asked whether somebody else reads the updates: with a webhook nobody can")
    try:
        # Without an offset nothing is confirmed: what is handed out here is handed out again.
        async with asyncio.timeout(_HELD + _MARGIN):
            await bot.get_updates(limit=1, timeout=_HELD)
    except Conflict:
        return bad(
            "another program reads this bot's updates, perhaps on another machine",
            "stop it, or get a token of its own for this bot from BotFather",
        )
    except (TelegramError, TimeoutError) as error:
        return warn(f"it gave no updates ({type(error).__name__})", "ask again in a minute")
    return ok("nobody else reads the updates")
