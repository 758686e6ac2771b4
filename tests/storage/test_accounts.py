"""When the admins are told that an account does not work, against the real tables and a clock that is set by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.polling.accounts import Accounts
from bot.polling.inquiry import Heard
from bot.storage.store import Store
from bot.tracking.gateways import Address, Gateway, Gateways
from bot.tracking.model import OutboxKind, Subscription
from bot.tracking.troubles import TroubleKind
from providers.base import Endpoint, Provider, QueryError, QueryErrorKind, Snapshot, State

ADMINS = frozenset({1, 2})
DOWN_AFTER = 600.0
RUNNING = Snapshot(State.RUNNING)
Kind = QueryErrorKind


def gateway(name: str, *keys: str) -> Gateway:
    return Gateway(Provider(name, name.title(), f"https://{name}.example", (Endpoint("video", "/{id}"),)), keys, "KEY")


@dataclass
class Desk:
    """The accounts under test, what they hear, and what the admins have been told."""

    store: Store
    now: float = 1_000_000.0
    gateways: Gateways = field(default_factory=lambda: Gateways([gateway("one", "k"), gateway("two", "k", "l")]))

    async def start(self) -> None:
        self.accounts = Accounts(self.gateways, self.store, ADMINS, lambda: self.now, DOWN_AFTER)
        await self.accounts.start()

    async def hear(self, answer: Snapshot | Kind, provider: str = "one", account: int = 0) -> None:
        found = answer if isinstance(answer, Snapshot) else QueryError(answer, "because")
        await self.accounts.hear(Heard(Address(provider, account, 0), found))
        await self.accounts.look()

    async def fail(self, seconds: float, every: float = 60.0, kind: Kind = Kind.TRANSIENT) -> None:
        """Questions that fail, one at once and then more until so many seconds are over."""
        await self.hear(kind)
        for _ in range(int(seconds // every)):
            self.now += every
            await self.hear(kind)

    async def told(self) -> list[str]:
        """What the first admin was told; the others were told the same."""
        rows = [row for row in await self.store.due_deliveries(self.now, 100, 100) if row.kind is OutboxKind.NOTICE]
        by_admin = [[row.facts for row in rows if row.chat_id == admin] for admin in sorted(ADMINS)]
        assert by_admin[0] == by_admin[1]
        return [facts["say"] for facts in by_admin[0]]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = await Store.open(tmp_path / "rushes.db")
    async with store.transaction() as tx:
        task = await tx.add_task("v1", "one", "video", 0, 1e12)
        await tx.subscribe(task, Subscription(0, 0, 7, 0, 7, 3), 0)
    found = Desk(store)
    await found.start()
    yield found
    await store.close()


async def test_a_gateway_that_is_down_for_ten_minutes_is_told_once_and_its_return_once(desk: Desk) -> None:
    await desk.fail(DOWN_AFTER - 60)
    assert await desk.told() == []
    desk.now += 60
    await desk.accounts.look()
    assert await desk.told() == ["down"]
    await desk.fail(2 * DOWN_AFTER, kind=Kind.PROTOCOL)
    assert await desk.told() == ["down"]
    ((trouble),) = await desk.store.troubles()
    assert trouble.since == 1_000_000.0
    await desk.hear(RUNNING)
    await desk.hear(RUNNING)
    assert await desk.told() == ["down", "back"]
    assert await desk.store.troubles() == ()


async def test_a_restart_tells_nothing_anew(desk: Desk) -> None:
    await desk.fail(DOWN_AFTER)
    await desk.start()
    await desk.fail(DOWN_AFTER)
    assert await desk.told() == ["down"]
    await desk.start()
    await desk.hear(RUNNING)
    await desk.start()
    await desk.hear(RUNNING)
    assert await desk.told() == ["down", "back"]


async def test_every_answer_that_is_one_begins_the_ten_minutes_anew(desk: Desk) -> None:
    for answer in (RUNNING, Kind.NOT_FOUND, Kind.RATE_LIMITED):
        await desk.fail(DOWN_AFTER - 60)
        await desk.hear(answer)
        desk.now += 60
    assert await desk.told() == []


async def test_a_few_failures_are_not_enough_however_far_apart(desk: Desk) -> None:
    await desk.fail(3 * 300, every=300)
    assert await desk.told() == []
    desk.now += 300
    await desk.hear(Kind.TRANSIENT)
    assert await desk.told() == ["down"]


async def test_where_nobody_asks_nothing_is_said(desk: Desk) -> None:
    await desk.fail(DOWN_AFTER / 2)
    desk.now += 100 * DOWN_AFTER
    await desk.fail(60)
    assert await desk.told() == []
    await desk.fail(DOWN_AFTER / 2)
    async with desk.store.transaction() as tx:
        (known,) = await tx.followed_as(7, 0, "v1")
        await tx.stop(known)
    desk.now += DOWN_AFTER
    await desk.accounts.look()
    assert await desk.told() == []


async def test_a_key_and_a_balance_are_told_at_once_and_once(desk: Desk) -> None:
    for _ in range(2):
        await desk.hear(Kind.AUTH)
        await desk.start()
        await desk.hear(Kind.AUTH)
    await desk.hear(Kind.PAYMENT)
    assert await desk.told() == ["auth", "payment"]
    await desk.hear(Kind.TRANSIENT)
    await desk.hear(Kind.RATE_LIMITED)
    assert await desk.told() == ["auth", "payment"]
    await desk.hear(Kind.NOT_FOUND)
    assert await desk.told() == ["auth", "payment", "back"]


async def test_a_gateway_that_comes_back_without_its_key_is_not_called_back(desk: Desk) -> None:
    await desk.fail(DOWN_AFTER)
    await desk.hear(Kind.AUTH)
    assert await desk.told() == ["down", "auth"]
    (trouble,) = await desk.store.troubles()
    assert (trouble.kind, trouble.since) == (TroubleKind.AUTH, 1_000_000.0)


async def test_the_facts_name_the_account_only_among_several_and_count_who_waits(desk: Desk) -> None:
    await desk.hear(Kind.AUTH)
    await desk.hear(Kind.AUTH, "two", 1)
    rows = [row.facts for row in await desk.store.due_deliveries(desk.now, 9, 99) if row.chat_id == 1]
    assert [(facts["provider"], facts["account"], facts["waiting"]) for facts in rows] == [
        ("one", "", "1"),
        ("two", "2", "0"),
    ]
