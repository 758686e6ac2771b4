"""Many tasks, as if people had asked for all of them before the bot was started; and when each was asked about."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from bot.storage.store import Store
from bot.tracking.model import Subscription
from tests.acceptance.stage import Stage
from tests.acceptance.world import waited

FIRST_CHAT = 20_000
RUNNING = [{"after": 0, "status": "processing"}]

# By task, in epoch seconds.
Moments = Mapping[str, Sequence[float]]


async def follow(stage: Stage, tasks: Mapping[str, int], chats: int) -> None:
    """So many tasks of each provider, `provider-number`, that run for ever; followed by the chats in turn.

    All of them in their order: with as many chats as tasks, the n-th task is followed by the n-th chat alone.
    """
    names = [(provider, f"{provider}-{number}") for provider, count in tasks.items() for number in range(count)]
    for provider, task_id in names:
        await stage.player.tell("tasks", provider=provider, id=task_id, end="stuck", states=RUNNING)
    for chat in range(FIRST_CHAT, FIRST_CHAT + chats):
        await stage.player.tell("chat", id=chat, type="private", first_name="You")
    store, now = await Store.open(stage.folder / "rushes.db"), time.time()
    async with store.transaction() as tx:
        for number, (provider, task_id) in enumerate(names):
            chat = FIRST_CHAT + number % chats
            task = await tx.add_task(task_id, provider, "", now, now + 86_400)
            await tx.subscribe(task, Subscription(0, task.id, chat, 0, chat, 0), now)
    await store.close()


async def all_run(stage: Stage, tasks: int) -> None:
    """Every one of so many tasks is asked about at its pace, and its card says so."""
    running = "SELECT count(*) FROM tasks WHERE json_extract(snapshot, '$.state') = 'running'"
    waiting = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'doubt')"

    async def is_quiet() -> bool:
        found = stage.query(f"SELECT ({running}), ({waiting})")[0]
        return bool(found[0] == tasks and found[1] == 0)

    assert await waited(is_quiet, 600.0, every=1.0), "the start took too long"


class Watch:
    """The gateways' own log."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._read = 0

    async def over(self, seconds: float) -> Mapping[str, Moments]:
        """When each task of each gateway was asked about, in that time from now on."""
        await self._read_on()
        began = time.time()
        await asyncio.sleep(seconds)
        moments: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for provider, task_id, moment in await self._read_on():
            if moment >= began:
                moments[provider][task_id].append(moment)
        return moments

    async def _read_on(self) -> list[tuple[str, str, float]]:
        calls = (await self._stage.player.ask(f"gateway-calls?since={self._read}"))["calls"]
        self._read += len(calls)
        return [(call["provider"], call.get("task_id", ""), call["time"]) for call in calls]


def lateness(moments: Moments, interval: float) -> list[float]:
    """By how many seconds each question came later than an interval after the one before; below 0, too soon."""
    return [later - earlier - interval for times in moments.values() for earlier, later in pairwise(times)]


def tardiest(late: Sequence[float]) -> float:
    """What 99 of 100 are not above; without any, for ever."""
    return sorted(late)[min(int(len(late) * 0.99), len(late) - 1)] if late else float("inf")


def most_in(moments: Moments, interval: float) -> int:
    """The most questions about one task within an interval; a little less than one, for the clocks' sake."""
    window = 0.9 * interval
    starts = ((start, times) for times in moments.values() for start in times)
    return max((sum(0 <= other - start < window for other in times) for start, times in starts), default=0)
