"""Whatever somebody claims to have pressed: nothing is changed or told of others, and every press is answered."""

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from itertools import cycle, islice
from typing import Any

from bot.text.catalogue import CATALOGUES
from bot.tracking.seal import Seal
from sandbox.servers import PERSON, TOKEN
from tests.acceptance.world import World, card_of, until

Json = dict[str, Any]

VICTIM, STRANGER, GROUP = 3001, 3002, -100_600
PRESSES = 500
HOSTILE = (
    *("", "x", "\x00", "x" * 64, "untrack:1", "untrack:-1", "untrack:99999999999999999999", "untrack:../1"),
    *(
        "stop:1",
        "stop:2",
        "admit:1001",
        "ask",
        "retry:t-victim",
        "'; DROP TABLE tasks; --",
        "\ud83d\udc69",
        "AAAAAAAAstop:1",
    ),
)
# What goes on without any press: what is being handled and sent, and what is counted.
RESTLESS = {"inbox", "outbox", "sqlite_sequence", "counts"}


def everything(world: World) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True, timeout=5)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: f"SELECT * FROM {name}" for name in names if name not in RESTLESS}  # noqa: S608 - our own names
        tables["chats"] = "SELECT chat_id, language FROM chats"  # when somebody spoke there last does change
        tables["due"] = "SELECT * FROM outbox WHERE subscription_id IS NOT NULL"
        return {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in tables.items()}


async def at_rest(world: World) -> bool:
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True, timeout=5)) as connection:
        sql = "SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'resting')"
        return bool(connection.execute(sql).fetchone() == (0,))


def forgeries(subscriptions: dict[int, int]) -> list[tuple[int, int, str]]:
    """(chat, person, data): each kind of lie, `subscriptions` being the true number in each chat."""
    seal = Seal(TOKEN)
    mine, theirs, ours = (subscriptions[chat] for chat in (PERSON, VICTIM, GROUP))
    true = seal.closed(f"stop:{mine}", PERSON)
    lies = [
        seal.closed(f"stop:{theirs}", VICTIM),  # another chat's button
        seal.closed(f"stop:{ours}", GROUP),
        seal.closed(f"stop:{theirs}", PERSON),  # sealed for here, about something there
        seal.closed(f"admit:{STRANGER}", PERSON),
        seal.closed(f"deny:{VICTIM}", PERSON),
        seal.closed("ask", PERSON),
        seal.closed("nonsense:1", PERSON),
        seal.closed("stop:99999999999999999999", PERSON),
        seal.closed(f"stop:{mine}\x00", PERSON),
        true.replace(f"stop:{mine}", f"stop:{theirs}"),  # an old seal with another number
        true.swapcase(),
        true[:-1],
    ]
    return [
        *((PERSON, PERSON, data) for data in (*HOSTILE, *lies)),
        *((PERSON, STRANGER, data) for data in (true, *lies)),
        *((GROUP, VICTIM, seal.closed(f"stop:{ours}", GROUP)), (GROUP, STRANGER, seal.closed("ask", GROUP))),
        *((GROUP, VICTIM, data) for data in lies[:2]),
    ]


async def test_five_hundred_forged_presses_change_nothing_and_tell_nothing(world: World) -> None:
    person, victim, group = await world.person(), await world.person(VICTIM), await world.person(GROUP, PERSON)
    ids = {PERSON: "t-mine", VICTIM: "t-victim", GROUP: "t-group"}
    for task_id in ids.values():
        await person.tell("tasks", provider="token360", id=task_id, states=[{"after": 0, "status": "queued"}])
    await world.start_bot(
        ALLOWED_TELEGRAM_USER_IDS=f"{PERSON},{VICTIM}", POLL_INTERVAL="1", POLL_MAX_INTERVAL="1", LOG_LEVEL="INFO"
    )
    cards = {}
    for player, (chat, task_id) in zip((person, victim, group), ids.items(), strict=True):
        await player.say(f"/track {task_id} token360")
        cards[chat] = await card_in(world, chat, task_id)
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True)) as connection:
        subscriptions = dict(connection.execute("SELECT chat_id, id FROM subscriptions").fetchall())
    await until(lambda: at_rest(world))
    before = everything(world)
    lies = list(islice(cycle(forgeries(subscriptions)), PRESSES))
    for chat, user, data in lies:
        await person.tell("press", chat_id=chat, user_id=user, message_id=cards[chat]["message_id"], data=data)

    async def answered() -> list[Json]:
        calls = await world.calls("answerCallbackQuery")
        return calls if len(calls) >= PRESSES else []

    calls = await until(answered, 60)
    assert len({call["params"]["callback_query_id"] for call in calls}) == len(calls) == PRESSES
    said = Counter(call["params"].get("text", "") for call in calls)
    known = {
        CATALOGUES["en"][f"toast.{key}"]
        for key in ("forged", "not_let_in", "outdated", "not_yours", "admins_only", "in_already")
    }
    assert set(said) == known
    assert "t-victim" not in json.dumps([call["params"] for call in calls])
    assert "t-victim" not in json.dumps([await person.messages(), await group.messages()])
    await asyncio.sleep(0.5)
    assert everything(world) == before


async def card_in(world: World, chat: int, task_id: str) -> Json:
    """The task's card, once nothing about it changes any more."""
    person = await world.person(chat)

    async def look() -> Json | None:
        card = card_of(await person.messages(), task_id)
        return card if card and "queue" in card["text"] else None

    card = await until(look)
    assert card is not None
    return card
