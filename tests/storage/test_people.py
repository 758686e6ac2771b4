from bot.storage.people import ASKED_KEPT
from bot.storage.store import Store
from bot.tracking.guests import Guest, Verdict
from bot.tracking.model import Subscription

NOW = 1_000_000.0


async def test_the_latest_verdict_holds_and_a_known_name_stays(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.judge(7, Verdict.ASKED, "Ann", NOW)
        await tx.judge(-8, Verdict.ALLOWED, "Club", NOW + 1)
        assert await tx.requests_since(NOW - 1) == 1
        assert await tx.requests_since(NOW) == 0
        await tx.judge(7, Verdict.ALLOWED, "", NOW + 2)
        assert await tx.guest(7) == Guest(7, Verdict.ALLOWED, "Ann", NOW + 2)
        assert await tx.guest(9) is None
        assert await tx.requests_since(0) == 0
    assert await store.verdicts() == {7: Verdict.ALLOWED, -8: Verdict.ALLOWED}
    assert [guest.id for guest in await store.let_in(1)] == [7]


async def test_the_gate_is_told_of_every_change(store: Store) -> None:
    assert store.guests_changed.is_set()
    store.guests_changed.clear()
    async with store.transaction() as tx:
        await tx.add_invite("d", 1, NOW + 1, 9, NOW)
    assert not store.guests_changed.is_set()
    async with store.transaction() as tx:
        await tx.judge(-7, Verdict.ALLOWED, "", NOW)
    assert store.guests_changed.is_set()
    store.guests_changed.clear()
    async with store.transaction() as tx:
        await tx.move_chat(-7, -1007)
    assert store.guests_changed.is_set()
    assert await store.verdicts() == {-1007: Verdict.ALLOWED}


async def test_a_request_that_nobody_decides_about_is_forgotten(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.judge(7, Verdict.ASKED, "Ann", NOW)
        await tx.judge(8, Verdict.DENIED, "Bob", NOW)
        await tx.judge(9, Verdict.ASKED, "Cid", NOW + ASKED_KEPT + 1)
    assert await store.verdicts() == {8: Verdict.DENIED, 9: Verdict.ASKED}


async def test_an_invitation_works_so_often_and_so_long(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.add_invite("twice", 2, NOW + 10, 9, NOW)
        await tx.add_invite("old", 1, NOW + 1, 9, NOW)
        assert [await tx.use_invite("twice", NOW) for _ in range(3)] == [True, True, False]
        assert not await tx.use_invite("old", NOW + 1)
        assert not await tx.use_invite("other", NOW)


async def test_open_tasks_are_counted_for_people_and_for_chats(store: Store) -> None:
    async with store.transaction() as tx:
        for number in range(3):
            task = await tx.add_task(f"v{number}", "", "", NOW, NOW + 100)
            await tx.subscribe(task, Subscription(0, 0, -7, number, 70 + number % 2, 3), NOW)
        assert (await tx.open_tasks_of(70), await tx.open_tasks_of(71), await tx.open_tasks_in(-7)) == (2, 1, 3)
        known = await tx.followed_as(-7, 0, "v0")
        await tx.stop(known[0])
        assert (await tx.open_tasks_of(70), await tx.open_tasks_in(-7)) == (1, 2)
