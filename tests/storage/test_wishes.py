"""What chats and topics have chosen, and in which form their results are queued."""

from dataclasses import replace
from typing import Any

import pytest

from bot.storage.store import Store
from bot.tracking.choices import NO_PROVIDER, Choices, Deliver, Notify
from bot.tracking.model import AGAIN, Delivery, Ending, OutboxKind, Subscription, Task
from providers.base import Output, OutputKind, Snapshot, State

NOW = 1000.0
IMAGES = tuple(Output(OutputKind.IMAGE, f"https://cdn.example/{place}.png") for place in range(3))


async def choose(store: Store, chat_id: int, thread_id: int, **values: Any) -> None:
    async with store.transaction() as tx:
        for field, value in values.items():
            await tx.choose(chat_id, thread_id, field, value)


async def finished(store: Store, *places: tuple[int, int]) -> Task:
    """A task with three pictures that these chats and topics follow."""
    async with store.transaction() as tx:
        task = await tx.add_task("v1", "", "", NOW, NOW + 100)
        for chat_id, thread_id in places:
            await tx.subscribe(task, Subscription(0, 0, chat_id, thread_id, 70, 3), NOW)
        snapshot = Snapshot(State.SUCCEEDED, outputs=IMAGES)
        done = replace(task, provider="apipod", account=0, kind="image", ending=Ending.DONE, snapshot=snapshot)
        await tx.record(done, NOW)
    return done


async def results(store: Store, chat_id: int, thread_id: int = 0) -> list[Delivery]:
    """The rows of the result, in the order in which they go."""
    found = []
    while due := [row for row in await store.due_deliveries(NOW, 100, 100) if row.kind.is_result]:
        for row in due:
            found.append(row)
            async with store.transaction() as tx:
                await tx.finish(row)
    return [row for row in found if (row.chat_id, row.thread_id) == (chat_id, thread_id)]


async def test_a_topic_does_as_its_chat_until_it_chooses(store: Store) -> None:
    assert await store.choices(7, 0) == Choices(None, Notify.ALL, Deliver.MEDIA, spoiler=False, protect=False)
    assert (await store.choices(-7, 0)).notify is Notify.END
    await choose(store, -7, 0, language="zh", spoiler=True, provider="apipod")
    await choose(store, -7, 4, spoiler=False, notify=Notify.SILENT, provider=NO_PROVIDER)
    topic = await store.choices(-7, 4)
    assert (topic.language, topic.spoiler, topic.notify, topic.provider) == ("zh", False, Notify.SILENT, NO_PROVIDER)
    assert (await store.choices(-7, 5)).spoiler is True
    assert await store.chosen(-7, 4) == Choices(None, Notify.SILENT, None, spoiler=False, provider=NO_PROVIDER)
    assert await store.chosen(-7, 5) == Choices()
    await choose(store, -7, 4, spoiler=None)
    assert (await store.choices(-7, 4)).spoiler is True
    async with store.transaction() as tx:
        assert await tx.choices(-7, 4) == await store.choices(-7, 4)


async def test_only_what_there_is_to_choose_is_chosen(store: Store) -> None:
    with pytest.raises(ValueError, match="thread"):
        await choose(store, 7, 0, thread=8)


async def test_a_group_that_moves_takes_its_choices_along_and_its_panels_become_new_ones(store: Store) -> None:
    await choose(store, -7, 0, language="zh")
    await choose(store, -7, 4, language="en")
    async with store.transaction() as tx:
        await tx.reply(Subscription(0, 0, -7, 0, 70, 3), {"say": "choices", "page": "", "panel": "3"}, NOW)
        await tx.move_chat(-7, -1007)
    assert [(await store.chosen(-1007, thread)).language for thread in (0, 4)] == ["zh", "en"]
    (row,) = await store.due_deliveries(NOW, 10, 10)
    assert row.facts == {"say": "choices", "page": ""}


async def test_each_chat_gets_the_result_in_its_form(store: Store) -> None:
    for number, deliver in enumerate(Deliver):
        await choose(store, 7 + number, 0, deliver=deliver)
    await finished(store, *((7 + number, 0) for number in range(4)))
    shapes = {}
    for number, deliver in enumerate(Deliver):
        await finished_again(store, 7 + number)
        rows = await results(store, 7 + number)
        shapes[deliver] = [(row.kind, row.part, row.outputs, row.as_file, row.is_again) for row in rows]
    every, header, album = (0, 1, 2), OutboxKind.HEADER, OutboxKind.ALBUM
    assert shapes == {
        Deliver.MEDIA: [(header, 0, (), False, False), (album, 1, every, False, False)],
        Deliver.DOCUMENT: [(header, 0, (), False, False), (album, 1, every, True, False)],
        Deliver.LINK: [(header, 0, every, False, False)],
        Deliver.BOTH: [
            (header, 0, (), False, False),
            (album, 1, every, False, False),
            (album, AGAIN, every, True, True),
        ],
    }


async def finished_again(store: Store, chat_id: int) -> None:
    """The chat gets the result of the only task once more."""
    async with store.transaction() as tx:
        task = await tx.find_task("v1", "", "")
        assert task is not None
        known = await tx.subscription(task.id, chat_id, 0)
        assert known is not None
        await tx.resend(task, known, 9, NOW)


async def test_a_later_choice_changes_nothing_that_is_queued(store: Store) -> None:
    await choose(store, -7, 0, deliver=Deliver.DOCUMENT)
    await choose(store, -7, 4, deliver=Deliver.MEDIA)
    await finished(store, (-7, 0), (-7, 4))
    await choose(store, -7, 0, deliver=Deliver.LINK)
    await choose(store, -7, 4, deliver=Deliver.BOTH)
    rows = [row for row in await store.due_deliveries(NOW, 10, 10) if row.kind.is_result]
    assert [(row.thread_id, row.part, row.outputs) for row in rows] == [(0, 0, ()), (4, 0, ())]
    assert [row.as_file for row in await results(store, -7, 4)] == [False, False]


async def test_what_leaves_its_album_as_media_and_as_file_keeps_its_place_and_form(store: Store) -> None:
    await choose(store, 7, 0, deliver=Deliver.BOTH)
    await finished(store, (7, 0))
    seen = []
    while due := [row for row in await store.due_deliveries(NOW, 10, 10) if row.kind.is_result]:
        (row,) = due
        seen.append((row.kind, row.outputs, row.as_file))
        async with store.transaction() as tx:
            if row.kind is OutboxKind.ALBUM:
                await tx.send_apart(row, [1])
            await tx.finish(row)
    album, result = OutboxKind.ALBUM, OutboxKind.RESULT
    assert seen == [
        (OutboxKind.HEADER, (), False),
        (album, (0, 1, 2), False),
        (result, (1,), False),
        (album, (0, 1, 2), True),
        (result, (1,), True),
    ]


async def test_media_and_file_are_held_beside_each_other(store: Store) -> None:
    task = await finished(store, (7, 0))
    async with store.transaction() as tx:
        await tx.remember_file(task.id, 0, "photo", "A")
        await tx.remember_file(task.id, 0, "document", "B", wish="document")
    assert await store.file_of(task.id, 0) == ("photo", "A", "")
    assert await store.file_of(task.id, 0, "document") == ("document", "B", "")
    async with store.transaction() as tx:
        await tx.forget_file(task.id, 0)
    assert await store.file_of(task.id, 0) is None
    assert await store.file_of(task.id, 0, "document") is not None


async def test_the_first_follower_who_prefers_a_provider_is_asked_for_it(store: Store) -> None:
    task = await finished(store, (7, 0), (-8, 4), (9, 0))
    assert await store.preferred_provider(task.id) == ""
    await choose(store, 9, 0, provider="octopusx")
    assert await store.preferred_provider(task.id) == "octopusx"
    await choose(store, -8, 0, provider="apipod")
    assert await store.preferred_provider(task.id) == "apipod"
    await choose(store, -8, 4, provider="token360")
    assert await store.preferred_provider(task.id) == "token360"
    async with store.transaction() as tx:
        known = await tx.subscription(task.id, -8, 4)
        assert known is not None
        await tx.stop(known)
    assert await store.preferred_provider(task.id) == "octopusx"
