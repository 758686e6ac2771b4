"""What Telegram is told about where to call, and what it says about its calls; retried and watched for ever."""

import asyncio
from collections.abc import Callable

import structlog
from telegram import Bot, WebhookInfo
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.intake.inbox import WANTED

log = structlog.stdlib.get_logger(__name__)

# Calls that Telegram makes side by side; updates that wait together are stored together.
CONNECTIONS = 40
PAUSE_AFTER_ERROR, LONGEST_PAUSE = 1.0, 30.0
LOOK_EVERY = 60.0
SILENT_AFTER = 180.0
# In Telegram's words for what the endpoint answers to whoever does not know the secret.
_REFUSED = " 403 "


class Registration:
    """The webhook as Telegram is to know it. Nothing that waits at Telegram is ever dropped."""

    def __init__(self, bot: Bot, url: str, secret: str, clock: Callable[[], float]) -> None:
        self._bot = bot
        self._url = url
        self._secret = secret
        self._clock = clock
        self._last_answer = clock()
        self._is_set = False
        self._failed_at = 0.0  # by Telegram's clock
        self._has_heard = False
        self._problem = "the webhook is not set yet"

    async def run(self) -> None:
        """Sets the webhook and sees that it stays. Ends only by being cancelled."""
        pause = PAUSE_AFTER_ERROR
        while True:
            try:
                await self.look()
            except TelegramError as error:
                self._complain(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                pause = PAUSE_AFTER_ERROR
                await asyncio.sleep(LOOK_EVERY)

    def hear(self) -> None:
        """Telegram has called."""
        self._has_heard = True

    def problem(self) -> str:
        """What is known to keep updates away, in a few words; "" if nothing is. That nobody writes is no problem."""
        silence = self._clock() - self._last_answer
        return self._problem or (f"Telegram has not answered for {silence:.0f} s" if silence > SILENT_AFTER else "")

    async def look(self) -> None:
        """The first look sets the webhook, later ones find out how it does. Raises `TelegramError`."""
        if not self._is_set:
            await self._begin()
            return
        info = await self._bot.get_webhook_info()
        self._last_answer = self._clock()
        if info.url != self._url or set(info.allowed_updates) != set(WANTED):
            log.warning("The webhook was changed; setting it again. Does another program use this bot's token?")
            await self._set()
        else:
            await self._judge(info)
        self._has_heard = False

    async def _begin(self) -> None:
        """Set in any case: whether Telegram knows the right secret can not be asked."""
        try:
            info = await self._bot.get_webhook_info()
        except TelegramError:
            info = None  # the next call tells what is wrong
        if info and info.url == self._url and info.pending_update_count:
            # Telegram has called in vain, and pauses for up to two minutes now. A new webhook is called at once.
            await self._bot.delete_webhook()
        await self._set()
        self._is_set = True
        log.info("Telegram calls the bot", url=self._url)

    async def _set(self) -> None:
        await self._bot.set_webhook(
            self._url, max_connections=CONNECTIONS, allowed_updates=WANTED, secret_token=self._secret
        )
        self._last_answer = self._clock()
        self._problem = ""

    async def _judge(self, info: WebhookInfo) -> None:
        """A failure counts once, and only while something waits and nothing has come since the last look."""
        failed_at = info.last_error_date.timestamp() if info.last_error_date else 0.0
        is_new, self._failed_at = failed_at != self._failed_at, failed_at
        if self._has_heard or not info.pending_update_count:
            self._problem = ""
        elif is_new:
            self._problem = f"Telegram can not hand over updates ({info.last_error_message})"
            log.error(
                "Telegram can not hand over updates; trying on", reason=self._problem, waiting=info.pending_update_count
            )
            if _REFUSED in f"{info.last_error_message} ":
                await self._bot.delete_webhook()
                await self._set()

    def _complain(self, error: TelegramError) -> None:
        reason = str(error) if isinstance(error, (BadRequest, InvalidToken)) else type(error).__name__
        if not self._is_set:
            self._problem = f"Telegram does not take the webhook ({reason})"
        log.warning("Telegram did not answer about the webhook as it should; trying on", error=reason)
