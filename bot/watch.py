"""What is looked at from outside while the bot runs: whether its parts are well, and their present values."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from bot import __version__
from bot.delivery.sender import Sender
from bot.intake.updates import Updates
from bot.intake.webhook import Webhook
from bot.ops.health import Check, Health
from bot.polling.accounts import Accounts
from bot.polling.scheduler import Scheduler
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.tracking.measures import BUILD, CHECK, Reading

# Seconds after which a loop that has not moved is taken to be stuck; each moves at least once a minute or so.
LOOP_STALLED = 180.0
POLLS_LATE = 120.0
# For so long rows might go out, and none does: neither sent nor found to fail.
OUTBOX_STUCK = 300.0
# Seconds for the questions of one scrape to the database.
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Watched:
    """The parts that are looked at."""

    store: Store
    updates: Updates | Webhook
    scheduler: Scheduler
    sender: Sender
    accounts: Accounts

    def alive(self) -> Mapping[str, Check]:
        """What a restart may mend: a part of this process that hangs. Telegram and gateways that are away are not."""
        return {
            "updates": self._updates,
            "polls": self._polls,
            "outbox": self._outbox,
            "database": self._database,
        }

    def working(self) -> Mapping[str, Check]:
        """What it needs besides to do its work now."""
        return {"telegram": self._telegram, "writes": self._writes}

    async def _updates(self) -> str:
        stalled = self.updates.stalled()
        return f"the update loop has not moved for {stalled:.0f} s" if stalled > LOOP_STALLED else ""

    async def _polls(self) -> str:
        late = self.scheduler.lateness()
        return f"polls are {late:.0f} s late" if late > POLLS_LATE else ""

    async def _outbox(self) -> str:
        stalled = self.sender.stalled()
        if stalled > LOOP_STALLED:
            return f"the delivery loop has not moved for {stalled:.0f} s"
        try:
            stuck = await self.sender.stuck()
        except DatabaseError as error:
            return str(error)
        return f"for {stuck:.0f} s nothing has gone out that might" if stuck > OUTBOX_STUCK else ""

    async def _database(self) -> str:
        try:
            await self.store.check_writable()
        except DatabaseError as error:
            return str(error)
        return ""

    async def _telegram(self) -> str:
        return self.updates.problem()

    async def _writes(self) -> str:
        try:
            await self.store.try_again_to_write()
        except DatabaseError as error:
            return str(error)
        return ""


async def readings(watched: Watched, health: Health) -> list[Reading]:
    """Everything that is known; what only the database knows is left out while it does not answer."""
    problems, stored = await asyncio.gather(health.problems(), _stored(watched))
    return [
        Reading(BUILD, 1, (__version__,)),
        *(Reading(CHECK, not problem, (name,)) for name, problem in problems.items()),
        *watched.store.tally.readings(),
        *watched.scheduler.readings(),
        *watched.accounts.readings(),
        *stored,
    ]


async def _stored(watched: Watched) -> list[Reading]:
    try:
        async with asyncio.timeout(PATIENCE):
            return [*await watched.store.readings(), *await watched.sender.readings()]
    except (DatabaseError, TimeoutError):
        return []
