"""What a card's life asks of the tables: rests between two looks, durations, who is told what, reactions."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.storage.store import Store
from bot.storage.transaction import Transaction
from bot.tracking.choices import Notify
from bot.tracking.forecast import UNKNOWN
from bot.tracking.lifecycle import decide
from bot.tracking.model import Delivery, OutboxKind, OutboxState, Priority, Subscription, Task
from providers.base import QueryError, QueryErrorKind, Snapshot, State
from tests.storage.test_store import (
    NOW,
    RUNNING,
    SUCCEEDED,
    all_due,
    chat,
    due,
    finish,
    follow,
    located,
    record,
    stop_following,
)


async def reactions(store: Store) -> list[Delivery]:
    return [row for row in await all_due(store) if row.kind is OutboxKind.REACTION]


# How long things take


async def durations(store: Store, provider: str = "token360", model: str = "m") -> list[float]:
    return sorted(row[2] for row in await store.durations() if row[:2] == (provider, model))


async def test_how_long_a_watched_task_took_is_kept_once(store: Store) -> None:
    task = await record(store, located(await follow(store)), replace(RUNNING, created_at=NOW - 90))
    await record(store, task, replace(SUCCEEDED, completed_at=NOW - 30))
    assert await durations(store) == [60]
    await follow(store, where=chat(8))
    assert await durations(store) == [60]
    assert await durations(store, model="") == []
    assert store.forecasts.expect("token360", "m").median < UNKNOWN.median


@pytest.mark.parametrize(
    ("created_at", "completed_at", "kept"),
    [(NOW - 90, None, [90]), (NOW + 90, NOW - 1, [40]), (None, None, [40]), (NOW - 10, NOW + 99_999, [10])],
)
async def test_where_the_gateways_times_can_not_be_our_own_count(
    store: Store, created_at: float | None, completed_at: float | None, kept: list[float]
) -> None:
    task = replace(located(await follow(store)), created_at=NOW - 40)
    task = await record(store, task, replace(RUNNING, created_at=created_at))
    await record(store, task, replace(SUCCEEDED, completed_at=completed_at))
    assert await durations(store) == kept


async def test_what_nobody_watched_or_what_failed_says_nothing_of_how_long_it_takes(store: Store) -> None:
    done = replace(SUCCEEDED, created_at=NOW - 90, completed_at=NOW - 30)
    await record(store, located(await follow(store, "found done")), done)
    task = await record(store, located(await follow(store, "failed")), RUNNING)
    await record(store, task, replace(done, state=State.FAILED, outputs=()))
    assert await durations(store) == []
    known = store.forecasts.expect("token360", "m")
    assert (known.count, known.rejected < UNKNOWN.rejected) == (0, True), "only that it was not rejected at once"


async def test_after_a_start_it_is_known_again_how_long_things_take(store: Store, tmp_path: Path) -> None:
    for number in range(3):
        task = await record(store, located(await follow(store, f"v{number}")), replace(RUNNING, created_at=NOW - 90))
        await record(store, task, replace(SUCCEEDED, completed_at=NOW - 30))
    assert store.forecasts.expect("token360", "m").usual == pytest.approx(60)
    again = await Store.open(tmp_path / "rushes.db")
    again.forecasts.recall(await again.durations())
    await again.close()
    assert again.forecasts.expect("token360", "m").usual == pytest.approx(60)


async def test_only_the_latest_durations_of_a_model_are_kept(store: Store) -> None:
    for number in range(52):
        model = "other" if number == 0 else "m"
        started = replace(RUNNING, model=model, created_at=NOW - 100 - number)
        task = await record(store, located(await follow(store, f"v{number}")), started)
        await record(store, task, replace(SUCCEEDED, model=model, completed_at=NOW - 50))
    assert await durations(store) == [float(seconds) for seconds in range(52, 102)]
    assert await durations(store, model="other") == [50]


# Cards that rest between two looks


async def at_rest(store: Store, where: Subscription | None = None, external_id: str = "v1") -> tuple[Task, Delivery]:
    """An open task's card that stands in its chat and is to be looked at again in a minute."""
    task = located(await follow(store, external_id, where))
    (card,) = [row for row in await due(store) if row.chat_id == (where or chat()).chat_id]
    async with store.transaction() as tx:
        await tx.note_messages(card, (11,))
        await tx.finish(card, "look", NOW + 60)
    return await record_quietly(store, task), card


async def record_quietly(store: Store, task: Task) -> Task:
    """The first answer, and its card is shown as well."""
    task = await record(store, task, RUNNING)
    (card,) = [row for row in await due(store) if row.message_ids == (11,)]
    async with store.transaction() as tx:
        await tx.finish(card, "look", NOW + 60)
    return task


async def test_a_card_that_rests_is_not_due_but_looked_at_in_its_time(store: Store) -> None:
    _, card = await at_rest(store)
    assert await due(store) == []
    assert await store.next_delivery_at(NOW) == NOW + 60
    assert await store.cards_to_look_at(NOW + 59, 10) == []
    (again,) = await store.cards_to_look_at(NOW + 60, 10)
    assert (again.id, again.look, again.state, again.message_ids) == (card.id, "look", OutboxState.RESTING, (11,))


async def test_news_end_a_rest_at_once(store: Store) -> None:
    task, card = await at_rest(store)
    await record(store, task, replace(RUNNING, progress=50))
    (row,) = await due(store)
    assert (row.id, row.state) == (card.id, OutboxState.PENDING)
    assert [row.id for row in await store.due_deliveries(NOW, 10, 10) if row.kind is OutboxKind.CARD] == [card.id]
    assert await store.cards_to_look_at(NOW + 99, 10) == []


async def test_news_do_not_shorten_a_wait_for_the_chat(store: Store) -> None:
    task, card = await at_rest(store)
    async with store.transaction() as tx:
        await tx.postpone(card.id, OutboxState.PENDING, NOW + 500, "429", failed=False)
    await record(store, task, replace(RUNNING, progress=50))
    assert [row for row in await store.due_deliveries(NOW + 499, 10, 10) if row.kind is OutboxKind.CARD] == []
    assert [row.id for row in await due(store)] == [card.id]


async def test_the_end_and_a_stop_let_a_card_rest_for_good(store: Store) -> None:
    task, _ = await at_rest(store)
    await record(store, task, SUCCEEDED)
    card = next(row for row in await due(store) if row.kind is OutboxKind.CARD)
    await finish(store, card)
    await at_rest(store, chat(8), "v2")
    async with store.transaction() as tx:
        (known,) = await tx.followed_as(8, 0, "v2")
        await tx.stop(known)
    (stopped,) = [row for row in await due(store) if row.kind is OutboxKind.CARD]
    await finish(store, stopped)
    assert await store.cards_to_look_at(NOW + 10_000, 10) == []


async def test_what_changed_during_a_look_is_not_slept_through(store: Store) -> None:
    task, _ = await at_rest(store)
    (looked_at,) = await store.cards_to_look_at(NOW + 60, 10)
    await record(store, task, replace(RUNNING, progress=50))
    async with store.transaction() as tx:
        await tx.finish(looked_at, "look", NOW + 600)
    assert [row.id for row in await due(store)] == [looked_at.id]


@pytest.mark.parametrize("is_under_way", [False, True])
async def test_a_chat_that_is_gone_is_not_looked_at(store: Store, *, is_under_way: bool) -> None:
    await at_rest(store)
    (card,) = await store.cards_to_look_at(NOW + 60, 10)
    async with store.transaction() as tx:
        await tx.close_chat(7, "blocked")
        if is_under_way:
            await tx.finish(card, "look", NOW + 60)
    assert await store.cards_to_look_at(NOW + 60, 10) == []
    assert await all_due(store) == []


async def test_a_card_that_rests_survives_a_crash_and_a_move(store: Store) -> None:
    _, card = await at_rest(store, chat(-5))
    async with store.transaction() as tx:
        await tx.doubt_interrupted(cards_not_before=NOW)
        await tx.move_chat(-5, -1005)
    (again,) = await store.cards_to_look_at(NOW + 60, 10)
    assert (again.id, again.chat_id, again.message_ids) == (card.id, -1005, ())


async def test_one_chat_with_many_cards_does_not_keep_the_looks_to_itself(store: Store) -> None:
    for number in range(6):
        await at_rest(store, chat(7, thread_id=number), f"v{number}")
    await at_rest(store, chat(8), "other")
    assert sorted(row.chat_id for row in await store.cards_to_look_at(NOW + 60, 2)) == [7, 8]


async def test_cards_that_rest_are_found_without_a_look_at_the_others(store: Store) -> None:
    for sql in (
        "SELECT * FROM outbox WHERE state = 'resting' AND not_before <= 5 ORDER BY not_before LIMIT 9",
        "SELECT min(not_before) FROM outbox WHERE state = 'resting' AND not_before > 5",
    ):
        plan = await store._all(f"EXPLAIN QUERY PLAN {sql}")
        assert "INDEX outbox_resting" in str(plan)


# Who is told what


async def choose(tx: Transaction, chat_id: int, thread_id: int, notify: Notify) -> None:
    sql = "INSERT INTO choices (chat_id, thread_id, notify) VALUES (?, ?, ?)"
    await tx._change(sql, (chat_id, thread_id, notify))


async def test_only_who_wants_every_step_is_told_of_progress(store: Store) -> None:
    follows = {
        7: chat(7),
        8: chat(8),
        -5: chat(-5),
        -6: chat(-6),
        -7: chat(-7, thread_id=4),
    }
    async with store.transaction() as tx:
        await choose(tx, 8, 0, Notify.SILENT)
        await choose(tx, -6, 0, Notify.ALL)
        await choose(tx, -7, 0, Notify.ALL)
        await choose(tx, -7, 4, Notify.END)
    task = located([await follow(store, where=where) for where in follows.values()][-1])
    for answer, told in (
        (RUNNING, set(follows)),
        (replace(RUNNING, progress=50), {7, -6}),
        (QueryError(QueryErrorKind.PROTOCOL, "x"), set()),
        (QueryError(QueryErrorKind.PROTOCOL, "x"), {7, -6}),
        (QueryError(QueryErrorKind.AUTH, "x"), set(follows)),
        (QueryError(QueryErrorKind.PAYMENT, "x"), set(follows)),
        (replace(RUNNING, progress=51), set(follows)),
        (SUCCEEDED, set(follows)),
    ):
        for row in await due(store):
            await finish(store, row, 11)
        decision = decide(task, answer, NOW)
        if decision.changed:
            async with store.transaction() as tx:
                await tx.record(decision.task, NOW)
        task = decision.task
        assert {row.chat_id for row in await due(store) if row.kind is OutboxKind.CARD} == told


# Reactions


async def react(store: Store, emoji: str) -> int:
    """As delivery does it, with the first reaction that is due; for how many rows that spoke."""
    first = (await reactions(store))[0]
    found = await store.reactions_due(first.chat_id, first.reply_to)
    async with store.transaction() as tx:
        await tx.finish_reactions({first.id: first.wanted, **{row_id: wanted for row_id, wanted, _ in found}}, emoji)
    return len(found)


async def test_one_reaction_speaks_for_all_that_a_message_asked_for(store: Store) -> None:
    tasks = [located(await follow(store, f"v{number}")) for number in range(3)]
    assert await react(store, "seen") == 3
    assert await reactions(store) == []
    await record(store, tasks[0], RUNNING)
    assert await reactions(store) == []
    ended = await record(store, tasks[0], Snapshot(State.FAILED))
    (row,) = await reactions(store)
    assert (row.look, row.reply_to, row.priority) == ("seen", 3, Priority.PROGRESS)
    await react(store, "seen")
    async with store.transaction() as tx:
        await tx.watch_again(ended, NOW, 50)
    assert len(await reactions(store)) == 1


async def test_an_end_during_a_reaction_is_not_missed(store: Store) -> None:
    task = located(await follow(store))
    (row,) = await reactions(store)
    await record(store, task, SUCCEEDED)
    async with store.transaction() as tx:
        await tx.finish_reactions({row.id: row.wanted}, "seen")
    assert [(row.id, row.look) for row in await reactions(store)] == [(row.id, "seen")]


async def test_what_is_not_followed_any_more_is_no_part_of_the_reaction(store: Store) -> None:
    await follow(store, "v1")
    await record(store, located(await follow(store, "v2")), SUCCEEDED)
    await react(store, "seen")
    await stop_following(store)
    (row,) = await reactions(store)
    ((_, _, task),) = await store.reactions_due(row.chat_id, row.reply_to)
    assert task.external_id == "v2"


async def test_without_a_message_there_is_nothing_to_react_to(store: Store) -> None:
    await follow(store, where=chat(message_id=0))
    assert await reactions(store) == []


async def test_whoever_looks_has_the_card_drawn_and_the_task_asked_for(store: Store) -> None:
    task, card = await at_rest(store)
    while not store.tasks_changed.empty():
        store.tasks_changed.get_nowait()
    async with store.transaction() as tx:
        (known,) = await tx.followed_as(7, 0, "v1")
        assert await tx.look_again(known) == replace(task, strike=None)
    assert [row.id for row in await due(store)] == [card.id]
    assert store.tasks_changed.get_nowait() == task.id
