"""Many tasks, as if people had asked for all of them before the bot was started."""

import time
from collections.abc import Mapping

from bot.storage.store import Store
from bot.tracking.model import Subscription
from tests.acceptance.stage import Stage
from tests.acceptance.world import waited

FIRST_CHAT = 20_000
RUNNING = [{"after": 0, "status": "processing"}]


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
