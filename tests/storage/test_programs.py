from bot.intake.asks import Ask, Press
from bot.intake.tokens import MOST, Tokens
from bot.storage.store import Store
from bot.tracking.model import Subscription
from bot.tracking.programs import Program, Secrets, digest_of

NOW = 1_000_000.0
CHAT, TOPIC, PERSON, GROUP = 11, 0, 11, -500
SECRETS = Secrets("123:bot", None)


async def program(store: Store, seed: str = "s", chat_id: int = CHAT, thread_id: int = TOPIC) -> Program:
    async with store.transaction() as tx:
        wish = Program(0, chat_id, thread_id, PERSON, seed, NOW)
        return await tx.add_program(digest_of(SECRETS.token(seed)), wish)


async def followed(store: Store, task_id: str, chat_id: int = CHAT, thread_id: int = TOPIC) -> int:
    async with store.transaction() as tx:
        task = await tx.add_task(task_id, "", "", NOW, NOW + 100)
        await tx.subscribe(task, Subscription(0, 0, chat_id, thread_id, PERSON, 0), NOW)
    return task.id


async def works(store: Store, seed: str = "s") -> Program | None:
    return await store.programs.with_digest(digest_of(SECRETS.token(seed)))


async def test_a_token_follows_its_chat_and_ends_with_it(store: Store) -> None:
    made = await program(store, chat_id=GROUP, thread_id=4)
    async with store.transaction() as tx:
        await tx.leave_topic(GROUP, 4)
        await tx.move_chat(GROUP, GROUP - 1)
    moved = await works(store)
    assert moved is not None
    assert (moved.id, moved.chat_id, moved.thread_id) == (made.id, GROUP - 1, 0)
    async with store.transaction() as tx:
        await tx.close_chat(GROUP - 1, "kicked")
    assert await works(store) is None


async def test_a_token_that_nobody_could_be_shown_does_not_work(store: Store) -> None:
    seen, unseen = await program(store, "seen", GROUP), await program(store, "unseen", GROUP)
    async with store.transaction() as tx:
        await tx.reply(Subscription(0, 0, PERSON, 0, PERSON, 0), {"say": "token", "token": str(unseen.id)}, NOW)
        await tx.close_chat(PERSON, "never started")
    assert [one.id for one in await store.programs.of_chat(GROUP, 0)] == [seen.id]


async def test_a_number_is_never_given_twice(store: Store) -> None:
    first = await program(store)
    async with store.transaction() as tx:
        assert await tx.revoke(first.id, GROUP) is False
        assert await tx.revoke(first.id, CHAT) is True
    assert (await program(store)).id > first.id


async def test_a_call_back_counts_once_and_only_so_often(store: Store) -> None:
    task_id = await followed(store, "t1")
    store.tasks_changed.get_nowait()
    async with store.transaction() as tx:
        taken = [await tx.take_hint(task_id, digest, 2) for digest in ("a", "a", "b", "c", "a")]
    assert taken == [True, False, True, None, False]
    assert store.tasks_changed.qsize() == 2


async def test_a_program_sees_only_its_own_place(store: Store) -> None:
    await followed(store, "t1")
    await followed(store, "t2", thread_id=5)
    mine = await program(store)
    assert [task.external_id for _, task in await store.programs.tasks(mine, 10, 10)] == ["t1"]
    assert await store.programs.task(mine, "t2") is None
    assert await store.programs.open_among(mine, ["t2", "x", 't1"]', "'"]) == []
    assert len(await store.programs.open_among(mine, ["t2", "t1"])) == 1


async def said(store: Store) -> list[str]:
    return [row.facts["say"] for row in await store.due_deliveries(NOW + 1, 99, 99)]


async def test_an_anonymous_admin_is_asked_to_press_a_button(store: Store) -> None:
    tokens = Tokens(SECRETS, iter("abcdefgh").__next__, is_open=True)
    ask = Ask(chat_id=GROUP, user_id=1087968824, sender_chat_id=GROUP, is_chat_admin=True, command="token")
    async with store.transaction() as tx:
        await tokens.token(ask, tx, NOW)
        assert await tx.count_programs(GROUP, 0) == 0
        press = Press(chat_id=GROUP, user_id=PERSON, message_id=5, query_id="q", verb="newtoken", is_chat_admin=True)
        assert [await tokens.make(press, tx, NOW) for _ in range(MOST + 1)] == ["token_sent"] * MOST + [
            "too_many_tokens"
        ]
    told = [(row.chat_id, row.facts["say"]) for row in await store.due_deliveries(NOW + 1, 99, 99)]
    assert told.count((PERSON, "token")) == MOST
    assert (GROUP, "tokens") in told


async def test_without_a_way_in_no_token_is_made(store: Store) -> None:
    tokens = Tokens(SECRETS, iter("ab").__next__, is_open=False)
    async with store.transaction() as tx:
        await tokens.token(Ask(chat_id=CHAT, user_id=PERSON, is_chat_admin=True, command="token"), tx, NOW)
        assert await tx.count_programs(CHAT, 0) == 0
    assert await said(store) == ["no_programs"]
