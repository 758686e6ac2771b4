"""What waits: how much of it, for how long, and when it is the sender's fault."""

from typing import Any, cast

import pytest

from bot.delivery.pacing import EVERYWHERE, Pacing
from bot.delivery.sender import Lane, Sender
from bot.storage import vitals
from bot.storage.sqlite import DatabaseError
from bot.storage.store import Store
from bot.tracking.measures import DATABASE_FAILURES, INBOX_WAITING, OUTBOX_ROWS
from bot.tracking.model import OutboxKind, OutboxState, Subscription

CHAT, OTHER = 7, 8


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender(store: Store, clock: Clock) -> Sender:
    return Sender(store, cast("Any", None), Pacing(), clock, clock)


async def reply(store: Store, now: float, chat_id: int = CHAT, say: str = "help") -> int:
    async with store.transaction() as tx:
        await tx.reply(Subscription(0, 0, chat_id, 0, chat_id, 3), {"say": say}, now)
    return int((await store._all("SELECT max(id) FROM outbox"))[0][0])


async def oldest(sender: Sender) -> float:
    return next(found.value for found in await sender.readings() if "oldest" in found.metric.name)  # type: ignore[return-value]


async def test_the_oldest_is_told_that_nothing_holds_up(store: Store, sender: Sender, clock: Clock) -> None:
    assert await oldest(sender) == 0
    first = await reply(store, 400.0)
    await reply(store, 700.0, OTHER)
    assert await oldest(sender) == 600
    sender._pacing.pause_until(CHAT, clock.now + 60)
    assert await oldest(sender) == 300
    sender._pacing.pause_until(EVERYWHERE, clock.now + 60)
    assert await oldest(sender) == 0
    clock.now += 60
    assert await oldest(sender) == 660
    sender._workers[Lane("answers", CHAT, is_media=False)] = cast("Any", None)
    assert await oldest(sender) == 360
    sender._workers.clear()
    async with store.transaction() as tx:
        await tx.postpone(first, OutboxState.PENDING, clock.now + 1, "again")
    assert await oldest(sender) == 360
    clock.now += 2
    assert await oldest(sender) == 362  # the first has been due again for a second only


async def test_a_card_whose_news_wait_is_not_as_old_as_the_card(store: Store, sender: Sender, clock: Clock) -> None:
    async with store.transaction() as tx:
        task = await tx.add_task("v1", "apipod", "video", 0.0, 9e9)
        await tx.subscribe(task, Subscription(0, 0, CHAT, 0, CHAT, 3), 0.0)
    (card,) = [row for row in await store.due_deliveries(clock.now, 9, 9) if row.kind is OutboxKind.CARD]
    assert await oldest(sender) == 1000  # it was never shown
    async with store.transaction() as tx:
        await tx.finish(card)
        await tx._want_cards("subscription_id = ?", card.subscription_id or 0)
        await tx._change("DELETE FROM outbox WHERE kind = 'reaction'")
    assert [row.kind for row in await store.due_deliveries(clock.now, 9, 9)] == [OutboxKind.CARD]
    assert await oldest(sender) == 0


async def test_a_sender_that_gets_somewhere_is_not_stuck(store: Store, sender: Sender, clock: Clock) -> None:
    await reply(store, 0.0)
    assert await sender.stuck() == 0  # it has only just begun
    clock.now += 400
    assert (await sender.stuck(), sender.stalled()) == (400, 400)
    sender._workers[Lane("answers", OTHER, is_media=False)] = cast("Any", None)
    sender._in_hand[OTHER] = 1
    with pytest.raises(AttributeError):  # there is no courier here
        await sender._work(Lane("answers", OTHER, is_media=False), cast("Any", Subscription(0, 0, OTHER, 0, 0, 0)))
    assert await sender.stuck() == 0


async def test_rows_are_counted_by_state(store: Store) -> None:
    ids = [await reply(store, 1.0, say=str(number)) for number in range(5)]
    async with store.transaction() as tx:
        await tx._change("UPDATE outbox SET state = 'doubt' WHERE id = ?", (ids[0],))
        await tx._change("UPDATE outbox SET state = 'resting' WHERE id = ?", (ids[1],))
        await tx._change("UPDATE outbox SET state = 'sent' WHERE id = ?", (ids[2],))
        await tx.keep_updates([(1, "{}"), (2, "{}")], 1.0)
        await tx.finish_update(1)
    found = {(one.metric, one.labels): one.value for one in await store.readings()}
    assert {labels: count for (metric, labels), count in found.items() if metric is OUTBOX_ROWS} == {
        ("pending",): 2,
        ("doubt",): 1,
        ("resting",): 1,
    }
    assert found[INBOX_WAITING, ()] == 1
    assert all(isinstance(value, int) and value >= 0 for value in found.values())


@pytest.mark.parametrize("table", ["outbox", "inbox"])
async def test_what_waits_is_counted_without_reading_whole_tables(store: Store, table: str) -> None:
    steps = [row[3] for row in await store._all(f"EXPLAIN QUERY PLAN {vitals.WAITING}")]
    looks = [step for step in steps if table in step]
    assert looks
    assert all("USING INDEX" in step for step in looks)


async def test_a_change_that_was_not_taken_is_remembered_until_one_is(store: Store) -> None:
    with pytest.raises(DatabaseError):
        async with store.transaction() as tx:
            await tx._change("INSERT INTO nowhere VALUES (1)")
    assert "did not take a change" in store.refusal
    assert [one.value for one in store.tally.readings() if one.metric is DATABASE_FAILURES] == [1]
    await store.check_writable()  # that a change may begin does not say that it is taken
    assert store.refusal
    await store.try_again_to_write()
    assert not store.refusal


async def test_a_full_disk_is_noticed_as_long_as_it_is_full(store: Store) -> None:
    (pages,) = (await store._all("PRAGMA page_count"))[0]
    await store._database._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseError, match="full"):
        await fill(store)
    for _ in range(2):
        with pytest.raises(DatabaseError, match="full"):
            await store.try_again_to_write()
        assert "full" in store.refusal
    await store._database._writer.execute(f"PRAGMA max_page_count = {2 * pages}")
    await store.try_again_to_write()
    assert not store.refusal
    assert await store.told() == {}


async def fill(store: Store) -> None:
    for number in range(1000):
        await reply(store, 1.0, say=str(number) * 100)
