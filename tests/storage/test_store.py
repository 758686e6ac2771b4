import asyncio
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.storage.sqlite import Database, DatabaseError
from bot.storage.store import Store
from bot.tracking.lifecycle import decide
from bot.tracking.lists import Which
from bot.tracking.model import Delivery, OutboxKind, OutboxState, Subscription, Task
from bot.tracking.troubles import Trouble, TroubleKind
from providers.base import Output, OutputKind, QueryError, QueryErrorKind, Snapshot, State

NOW = 1000.0
VIDEO = Output(OutputKind.VIDEO, "https://cdn.example/v.mp4")
IMAGE = Output(OutputKind.IMAGE, "https://cdn.example/i.png")
RUNNING = Snapshot(State.RUNNING, "processing", progress=10, model="m")
SUCCEEDED = Snapshot(State.SUCCEEDED, "completed", outputs=(VIDEO,), model="m")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "data" / "rushes.db")
    yield opened
    await opened.close()


def chat(chat_id: int = 7, message_id: int = 3, thread_id: int = 0) -> Subscription:
    return Subscription(0, 0, chat_id, thread_id, 70, message_id)


async def follow(store: Store, external_id: str = "v1", where: Subscription | None = None) -> Task:
    async with store.transaction() as tx:
        task = await tx.find_task(external_id, "", "") or await tx.add_task(external_id, "", "", NOW, NOW + 100)
        await tx.subscribe(task, where or chat(), NOW)
    return task


def located(task: Task) -> Task:
    return replace(task, provider="token360", account=0, kind="video")


async def record(store: Store, task: Task, answer: Snapshot | QueryError) -> Task:
    decision = decide(task, answer, NOW)
    async with store.transaction() as tx:
        await tx.record(decision.task, NOW)
    return decision.task


async def stop_following(store: Store) -> None:
    async with store.transaction() as tx:
        (known,) = await tx.followed_as(7, 0, "v1")
        assert await tx.subscription_here(known.id, 8) is None
        assert await tx.subscription_here(known.id, 7) == known
        await tx.stop(known)


async def due(store: Store) -> list[Delivery]:
    """What is to be said; reactions are no words."""
    return [row for row in await all_due(store) if row.kind is not OutboxKind.REACTION]


async def all_due(store: Store) -> list[Delivery]:
    return await store.due_deliveries(NOW + 1000, 100, 1000)


async def finish(store: Store, row: Delivery, *message_ids: int) -> None:
    async with store.transaction() as tx:
        if message_ids:
            await tx.note_messages(row, message_ids)
        await tx.finish(row)


@pytest.mark.usefixtures("store")
async def test_the_file_is_private_and_its_folder_is_made(tmp_path: Path) -> None:
    mode = (tmp_path / "data" / "rushes.db").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_an_update_is_new_once(store: Store) -> None:
    async with store.transaction() as tx:
        assert await tx.keep_updates([(1, "a"), (2, "b")], NOW) == [1, 2]
    async with store.transaction() as tx:
        assert await tx.keep_updates([(2, "b"), (3, "c")], NOW) == [3]
        await tx.finish_update(2)
    assert await store.waiting_updates() == [(1, "a"), (3, "c")]
    async with store.transaction() as tx:
        assert await tx.keep_updates([(2, "b")], NOW) == []


async def test_numbers_of_handled_updates_are_forgotten_later(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.keep_updates([(1, "a"), (2, "b")], NOW)
        await tx.finish_update(1)
        await tx.forget_updates_before(NOW + 1)
    async with store.transaction() as tx:
        assert await tx.keep_updates([(1, "a"), (2, "b")], NOW) == [1]


async def test_following_queues_the_first_card_and_wakes_the_stages(store: Store) -> None:
    task = await follow(store)
    assert [task.id] == [open_task.id for open_task in await store.open_tasks()] == await store.open_task_ids()
    (card,) = await due(store)
    assert (card.kind, card.chat_id, card.reply_to) == (OutboxKind.CARD, 7, 3)
    assert store.outbox_changed.is_set()
    assert store.tasks_changed.get_nowait() == task.id


async def test_a_transaction_that_breaks_leaves_nothing(store: Store) -> None:
    async def break_off() -> None:
        async with store.transaction() as tx:
            await tx.add_task("v1", "", "", NOW, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()
    assert await store.open_tasks() == []
    assert await follow(store)


async def test_a_task_is_read_as_it_was_written(store: Store) -> None:
    task = located(await follow(store))
    snapshot = replace(RUNNING, prompt="p", created_at=1.5, outputs=(VIDEO,))
    await record(store, replace(task, endpoint=1, source="token360"), snapshot)
    (read,) = await store.open_tasks()
    assert read == replace(task, endpoint=1, source="token360", version=1, snapshot=snapshot, changed_at=NOW)


async def test_a_data_url_is_kept_by_its_head_only(store: Store) -> None:
    task = located(await follow(store))
    inline = Output(OutputKind.VIDEO, "data:video/mp4;base64," + "A" * 100_000)
    await record(store, task, replace(SUCCEEDED, outputs=(inline,)))
    found = await store.subject(1)
    assert found is not None
    assert found[1].snapshot is not None
    assert len(found[1].snapshot.outputs[0].url) == 64


async def test_a_change_makes_one_card_due_and_the_newest_wins(store: Store) -> None:
    task = located(await follow(store))
    (card,) = await due(store)
    task = await record(store, task, RUNNING)
    task = await record(store, task, replace(RUNNING, progress=50))
    await finish(store, card, 11)
    (again,) = await due(store)
    assert again.message_ids == (11,)
    await finish(store, again)
    assert await due(store) == []


async def test_the_end_queues_the_result_once(store: Store) -> None:
    task = located(await follow(store))
    await record(store, task, SUCCEEDED)
    kinds = [row.kind for row in await due(store)]
    assert sorted(kinds) == [OutboxKind.CARD, OutboxKind.RESULT]
    assert await store.open_tasks() == []


async def test_parts_of_a_result_wait_for_the_earlier_ones(store: Store) -> None:
    task = located(await follow(store))
    (card,) = await due(store)
    await finish(store, card, 11)
    await record(store, task, replace(SUCCEEDED, outputs=(IMAGE, IMAGE)))
    rows = [row for row in await due(store) if row.kind is not OutboxKind.CARD]
    assert [row.kind for row in rows] == [OutboxKind.HEADER]
    async with store.transaction() as tx:
        await tx.postpone(rows[0].id, OutboxState.PENDING, NOW + 5000, "later")
    assert [row.kind for row in await due(store)] == [OutboxKind.CARD]
    await finish(store, rows[0])
    (album,) = [row for row in await due(store) if row.kind is not OutboxKind.CARD]
    assert (album.kind, album.outputs) == (OutboxKind.ALBUM, (0, 1))


async def test_one_task_for_several_chats(store: Store) -> None:
    first = await follow(store, where=chat(7))
    await record(store, located(first), RUNNING)
    second = await follow(store, where=chat(8))
    assert second.id == first.id
    assert len(await store.open_tasks()) == 1
    await record(store, second, SUCCEEDED)
    assert sorted(row.chat_id for row in await due(store) if row.kind is OutboxKind.RESULT) == [7, 8]


async def test_who_follows_a_finished_task_gets_it_at_once(store: Store) -> None:
    await record(store, located(await follow(store, where=chat(7))), SUCCEEDED)
    await follow(store, where=chat(8))
    assert [row.kind for row in await due(store) if row.chat_id == 8] == [OutboxKind.CARD, OutboxKind.RESULT]


async def test_a_result_is_on_its_way_until_it_is_there(store: Store) -> None:
    task = await record(store, located(await follow(store)), SUCCEEDED)
    async with store.transaction() as tx:
        known = await tx.subscription(task.id, 7, 0)
        assert known is not None
        assert await tx.is_on_its_way(known)
    for row in await due(store):
        await finish(store, row, 11)
    async with store.transaction() as tx:
        assert not await tx.is_on_its_way(known)


async def test_two_open_questions_for_one_id_become_one_task(store: Store) -> None:
    async with store.transaction() as tx:
        anywhere = await tx.add_task("v1", "", "", NOW, NOW + 100)
        await tx.subscribe(anywhere, chat(7), NOW)
        named = await tx.add_task("v1", "token360", "", NOW, NOW + 100)
        await tx.subscribe(named, chat(8), NOW)
    await record(store, located(anywhere), RUNNING)
    await record(store, located(named), RUNNING)
    (task,) = await store.open_tasks()
    assert task.id == anywhere.id
    await record(store, task, SUCCEEDED)
    assert sorted(row.chat_id for row in await due(store) if row.kind is OutboxKind.RESULT) == [7, 8]


async def test_who_stops_following_is_told_nothing_more(store: Store) -> None:
    task = located(await follow(store))
    (card,) = await due(store)
    await finish(store, card, 11)
    await record(store, task, RUNNING)
    await stop_following(store)
    assert await store.open_tasks() == []
    (last,) = await due(store)
    assert last.kind is OutboxKind.CARD
    async with store.transaction() as tx:
        assert await tx.followed_as(7, 0, "v1") == []
        assert await tx.followed_as(8, 0, "v1") == []


async def test_following_again_gives_a_new_card(store: Store) -> None:
    task = await follow(store)
    (card,) = await due(store)
    await finish(store, card, 11)
    await stop_following(store)
    await follow(store, where=chat(message_id=9))
    (fresh,) = await due(store)
    assert (fresh.message_ids, fresh.reply_to) == ((), 9)
    assert [open_task.id for open_task in await store.open_tasks()] == [task.id]


async def test_a_failed_task_is_watched_again_for_everybody(store: Store) -> None:
    task = await record(store, located(await follow(store)), Snapshot(State.FAILED))
    async with store.transaction() as tx:
        again = await tx.watch_again(task, NOW, 50)
        await tx.subscribe(again, chat(8), NOW)
    (reopened,) = await store.open_tasks()
    assert (reopened.ending, reopened.deadline) == (None, NOW + 50)
    await record(store, reopened, SUCCEEDED)
    results = [row for row in await due(store) if row.kind is OutboxKind.RESULT]
    assert sorted(row.chat_id for row in results) == [7, 8]


async def test_after_a_crash_a_send_is_in_doubt_and_an_edit_is_due(store: Store) -> None:
    await follow(store, "v1", chat(7))
    await follow(store, "v2", chat(8))
    sending, editing = await due(store)
    async with store.transaction() as tx:
        await tx.mark_sending(sending.id)
        await tx.note_messages(editing, (11,))
    assert [row.id for row in await due(store)] == [editing.id]
    async with store.transaction() as tx:
        await tx.doubt_interrupted(cards_not_before=NOW + 2000)
    assert [row.id for row in await due(store)] == [editing.id]
    found = await store.due_deliveries(NOW + 2000, 100, 1000)
    states = {row.id: row.state for row in found if row.kind is OutboxKind.CARD}
    assert states == {sending.id: OutboxState.DOUBT, editing.id: OutboxState.PENDING}


async def test_the_number_of_a_row_that_is_gone_is_never_given_again(store: Store) -> None:
    numbers = []
    for _ in range(3):
        async with store.transaction() as tx:
            await tx.reply(chat(), {"say": "help"}, NOW)
        (row,) = await due(store)
        numbers.append(row.id)
        await finish(store, row)
    assert len(set(numbers)) == 3


async def test_what_waits_says_when_it_is_due(store: Store) -> None:
    await follow(store, where=chat(message_id=0))
    (card,) = await due(store)
    async with store.transaction() as tx:
        await tx.postpone(card.id, OutboxState.PENDING, NOW + 60, "429")
    assert await store.due_deliveries(NOW, 10, 10) == []
    assert await store.next_delivery_at(NOW) == NOW + 60


async def test_one_busy_chat_does_not_hide_the_others(store: Store) -> None:
    async with store.transaction() as tx:
        for _ in range(50):
            await tx.reply(chat(7), {"say": "help"}, NOW)
        await tx.reply(chat(8), {"say": "help"}, NOW)
    found = await store.due_deliveries(NOW, 3, 100)
    assert sorted(row.chat_id for row in found) == [7, 7, 7, 8]


async def test_a_chat_that_is_gone_is_left_alone_and_its_tasks_are_not_polled(store: Store) -> None:
    await follow(store, where=chat(7))
    await follow(store, where=chat(8))
    async with store.transaction() as tx:
        await tx.close_chat(7, "blocked")
    assert {row.chat_id for row in await due(store)} == {8}
    assert len(await store.open_tasks()) == 1
    async with store.transaction() as tx:
        await tx.close_chat(8, "blocked")
    assert await store.open_tasks() == []


async def test_a_row_whose_chat_was_closed_meanwhile_does_not_come_back(store: Store) -> None:
    await follow(store)
    (card,) = await due(store)
    async with store.transaction() as tx:
        await tx.close_chat(7, "blocked")
        await tx.postpone(card.id, OutboxState.PENDING, 0.0, "429")
    assert await due(store) == []


async def test_a_group_that_moves_takes_everything_along_but_the_numbers_of_its_messages(store: Store) -> None:
    await follow(store, where=chat(-5))
    (card,) = await due(store)
    async with store.transaction() as tx:
        await tx.note_messages(card, (11,))
        await tx.move_chat(-5, -1005)
    (card,) = await due(store)
    assert (card.chat_id, card.message_ids, card.reply_to) == (-1005, (), 0)
    ((moved, _),) = (await store.followed_in(-1005, 0, Which.ALL, 1)).entries
    assert (moved.card_message_id, moved.request_message_id) == (0, 0)


async def test_what_leaves_its_album_gets_a_row_of_its_own_once(store: Store) -> None:
    task = await follow(store)
    await record(store, located(task), replace(SUCCEEDED, outputs=(IMAGE, IMAGE, IMAGE)))
    card, header, *_ = await due(store)
    await finish(store, card, 11)
    await finish(store, header, 12)
    (album,) = await due(store)
    for _ in range(2):
        async with store.transaction() as tx:
            await tx.send_apart(album, [1])
            await tx.set_outputs(album.id, (0, 2))
    (album,) = await due(store)
    assert album.outputs == (0, 2)
    await finish(store, album, 13, 14)
    (apart,) = await due(store)
    assert (apart.kind, apart.outputs, apart.reply_to) == (OutboxKind.RESULT, (1,), album.reply_to)


async def test_pauses_are_kept_until_there_are_others(store: Store) -> None:
    for pauses in ({7: 10.0, 0: 20.0}, {8: 30.0}, {}):
        async with store.transaction() as tx:
            await tx.keep_pauses(pauses)
        assert await store.pauses() == pauses


async def test_a_topic_that_is_gone_leaves_its_messages_to_the_chat(store: Store) -> None:
    await follow(store, where=chat(-5, thread_id=4))
    async with store.transaction() as tx:
        await tx.leave_topic(-5, 4)
    assert {row.thread_id for row in await due(store)} == {0}


async def test_the_operator_is_told_once_until_it_works_again(store: Store) -> None:
    async with store.transaction() as tx:
        assert await tx.report_trouble("apipod", 0, TroubleKind.AUTH, NOW)
        assert not await tx.report_trouble("apipod", 0, TroubleKind.AUTH, NOW)
        assert await tx.report_trouble("apipod", 0, TroubleKind.PAYMENT, NOW)
        assert await tx.report_trouble("apipod", 1, TroubleKind.AUTH, NOW)
    assert await store.troubles() == (
        Trouble("apipod", 0, TroubleKind.PAYMENT, NOW),
        Trouble("apipod", 1, TroubleKind.AUTH, NOW),
    )
    async with store.transaction() as tx:
        assert await tx.clear_trouble("apipod", 0) == NOW
        assert await tx.clear_trouble("apipod", 0) is None


async def test_files_are_remembered_and_forgotten(store: Store) -> None:
    task = await follow(store)
    async with store.transaction() as tx:
        await tx.remember_file(task.id, 0, "video", "A")
        await tx.remember_file(task.id, 0, "document", "B")
    assert await store.file_of(task.id, 0) == ("document", "B", "")
    async with store.transaction() as tx:
        await tx.forget_file(task.id, 0)
    assert await store.file_of(task.id, 0) is None


async def test_writers_take_turns(store: Store) -> None:
    async def add(number: int) -> None:
        async with store.transaction() as tx:
            await tx.keep_updates([(number, "x")], NOW)

    await asyncio.gather(*(add(number) for number in range(20)))
    assert len(await store.waiting_updates()) == 20


async def test_a_database_that_is_full_is_one_sentence_and_goes_on(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "small.db")
    try:
        async with database.transaction() as connection:
            await connection.execute("PRAGMA max_page_count = 20")

        async def fill() -> None:
            async with database.transaction() as connection:
                await connection.execute("CREATE TABLE t AS SELECT randomblob(500000) AS x")

        with pytest.raises(DatabaseError, match="did not take a change"):
            await fill()
        assert await database.read("SELECT 1") == [(1,)]
    finally:
        await database.close()


@pytest.mark.parametrize("content", [b"this is no database, but long enough to look like one" * 20])
async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="DATABASE_URL"):
        await Database.open(path)


async def test_of_the_same_answer_only_a_few_wait(store: Store) -> None:
    async with store.transaction() as tx:
        for number in range(20):
            await tx.reply(chat(7, number), {"say": "help"}, NOW)
            await tx.reply(chat(7, number), {"say": "not_followed", "not_followed": f"t{number}"}, NOW)
            await tx.reply(chat(7, number, thread_id=5), {"say": "help"}, NOW)
            await tx.reply(chat(8, number), {"say": "help"}, NOW)
    waiting = [(row.chat_id, row.thread_id, row.facts["say"], row.reply_to) for row in await due(store)]
    alike = [(place, to) for *place, say, to in waiting if say == "help"]
    assert sorted(alike) == [(place, to) for place in ([7, 0], [7, 5], [8, 0]) for to in range(12, 20)]
    assert sum(say == "not_followed" for _, _, say, _ in waiting) == 20


async def test_what_was_committed_is_seen_by_the_next_question_whoever_else_is_asking(store: Store) -> None:
    """Two statements that overlap on one connection share a snapshot: the later one would look into the past."""

    async def keep_asking() -> None:
        while True:
            await store.due_deliveries(NOW, 100, 1000)

    async with asyncio.TaskGroup() as group:
        others = [group.create_task(keep_asking()) for _ in range(5)]
        unseen = []
        for number in range(60):
            task = await follow(store, f"v{number}", chat(1000 + number))
            if await store.open_task(task.id) is None:
                unseen.append(number)
        for other in others:
            other.cancel()
    assert unseen == []


async def happened(store: Store, task: Task, limit: int = 100) -> list[str]:
    return [event.what for event in await store.latest_events(task.id, limit)]


async def test_the_log_keeps_the_latest_of_what_happened_to_each_task(store: Store) -> None:
    task, other = located(await follow(store)), await follow(store, "v2")
    for number in range(30):
        task = await record(store, task, QueryError(QueryErrorKind.AUTH, "no"))
        task = await record(store, task, replace(RUNNING, progress=number))
    assert await happened(store, task, 2) == ["trouble_auth", "answers"]
    log = await happened(store, task)
    assert len(log) == 50
    assert "asked" not in log
    assert await happened(store, other) == ["asked"]


async def test_a_task_that_joins_another_one_goes_on_with_its_log(store: Store) -> None:
    first = await record(store, located(await follow(store)), RUNNING)
    async with store.transaction() as tx:
        second = await tx.add_task("v1", "token360", "", NOW, NOW + 100)
        await tx.subscribe(second, chat(8), NOW)
    await record(store, located(second), SUCCEEDED)
    assert await happened(store, first) == ["asked", "running", "succeeded"]
    assert await happened(store, second) == []


async def test_what_was_stopped_goes_on_with_the_card_that_it_had(store: Store) -> None:
    task = await record(store, located(await follow(store)), RUNNING)
    (card,) = await due(store)
    await finish(store, card, 55)
    await stop_following(store)
    (closing,) = await due(store)
    await finish(store, closing)
    async with store.transaction() as tx:
        assert await tx.followed_as(7, 0, "v1") == []
        (known,) = await tx.known_as(7, 0, "v1")
        assert await tx.task_of(known) == task
        await tx.resume(task, known, NOW)
    assert await store.open_task_ids() == [task.id]
    (again,) = await due(store)
    assert again.message_ids == (55,)


async def test_what_ended_while_it_was_stopped_is_brought_when_it_is_taken_up(store: Store) -> None:
    task = located(await follow(store))
    (card,) = await due(store)
    await finish(store, card, 55)
    await stop_following(store)
    task = await record(store, task, SUCCEEDED)
    async with store.transaction() as tx:
        (known,) = await tx.known_as(7, 0, "v1")
        await tx.resume(task, known, NOW)
    assert sorted(row.kind for row in await due(store)) == [OutboxKind.CARD, OutboxKind.RESULT]


async def test_a_card_that_could_not_reach_its_chat_is_tried_again_when_somebody_there_asks(store: Store) -> None:
    task = await follow(store)
    (card,) = await due(store)
    async with store.transaction() as tx:
        await tx.close_chat(7, "kicked")
    assert await due(store) == []
    async with store.transaction() as tx:
        (known,) = await tx.known_as(7, 0, "v1")
        await tx.resume(task, known, NOW)
    assert [row.id for row in await due(store)] == [card.id]
    assert await store.followed_since(known.id) == NOW
    assert await store.followed_since(99) == 0.0


async def results(store: Store) -> list[tuple[int, int]]:
    """The rows of results so far, by their numbers and chats."""
    return await store._all("SELECT id, chat_id FROM outbox WHERE kind = 'result' ORDER BY id")


async def two_ways_to_ask(store: Store, other: int) -> tuple[Task, Task]:
    """One chat names the provider and the other does not, before anybody has answered."""
    async with store.transaction() as tx:
        named = await tx.add_task("v1", "token360", "video", NOW, NOW + 100)
        await tx.subscribe(named, chat(7), NOW)
        unnamed = await tx.add_task("v1", "", "", NOW, NOW + 100)
        await tx.subscribe(unnamed, chat(other), NOW)
    return named, unnamed


async def test_who_joins_a_task_that_has_ended_hears_its_end_and_nobody_hears_it_twice(store: Store) -> None:
    named, unnamed = await two_ways_to_ask(store, other=8)
    await record(store, located(named), SUCCEEDED)
    (told,) = await results(store)
    await record(store, located(unnamed), SUCCEEDED)
    assert [told, (told[0] + 1, 8)] == await results(store)


async def test_a_chat_that_asked_in_two_ways_hears_the_end_once(store: Store) -> None:
    named, unnamed = await two_ways_to_ask(store, other=7)
    await record(store, located(named), SUCCEEDED)
    before = await results(store)
    await record(store, located(unnamed), SUCCEEDED)
    assert await results(store) == before


async def test_an_older_answer_to_whoever_joins_takes_nothing_back(store: Store) -> None:
    named, unnamed = await two_ways_to_ask(store, other=8)
    done = await record(store, located(named), SUCCEEDED)
    await record(store, located(unnamed), RUNNING)
    assert await store.open_tasks() == []
    found = await store.subject((await due(store))[0].subscription_id or 0)
    assert found is not None
    assert found[1].snapshot == done.snapshot


async def test_an_older_answer_about_a_task_that_has_ended_meanwhile_takes_nothing_back(store: Store) -> None:
    task = located(await follow(store))
    await record(store, task, SUCCEEDED)
    before = await results(store)
    await record(store, task, RUNNING)
    assert await store.open_tasks() == []
    assert await results(store) == before


async def places(store: Store) -> list[tuple[int, int, int]]:
    """Who follows what, and still does."""
    return await store._all("SELECT chat_id, thread_id, stopped FROM subscriptions ORDER BY id")


async def test_a_group_that_asked_again_after_it_had_moved_hears_the_end_once(store: Store) -> None:
    task = located(await follow(store, where=chat(-5)))
    await follow(store, where=chat(-1005))
    async with store.transaction() as tx:
        await tx.move_chat(-5, -1005)
    await record(store, task, SUCCEEDED)
    assert await places(store) == [(-1005, 0, 0)]
    assert [chat_id for _, chat_id in await results(store)] == [-1005]


async def test_a_chat_that_follows_what_its_closed_topic_followed_hears_the_end_once(store: Store) -> None:
    task = located(await follow(store, where=chat(-1005, thread_id=4)))
    await follow(store, where=chat(-1005))
    async with store.transaction() as tx:
        await tx.leave_topic(-1005, 4)
    await record(store, task, SUCCEEDED)
    assert await places(store) == [(-1005, 0, 0)]
    assert [chat_id for _, chat_id in await results(store)] == [-1005]


async def test_what_moves_to_where_it_was_given_up_goes_on(store: Store) -> None:
    await follow(store, where=chat(-1005))
    async with store.transaction() as tx:
        (known,) = await tx.followed_as(-1005, 0, "v1")
        await tx.stop(known)
    await follow(store, where=chat(-5))
    async with store.transaction() as tx:
        await tx.move_chat(-5, -1005)
    assert await places(store) == [(-1005, 0, 0)]
