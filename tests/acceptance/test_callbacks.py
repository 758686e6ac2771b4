"""A gateway's own callback: it moves the next question to now, and can do nothing else."""

import asyncio
import json
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode

from sandbox.servers import PERSON
from tests.acceptance.programs import Front, made
from tests.acceptance.test_forgeries import at_rest, everything
from tests.acceptance.world import World, card_shows, until

Json = dict[str, Any]

OTHER = 3005
CALLS = 200


async def asked(world: World, task_id: str, times: int) -> None:
    async def look() -> bool:
        return len(await world.questions(task_id)) >= times

    await until(look)


async def test_a_callback_has_the_task_asked_for_at_once(world: World, front: Front) -> None:
    person = await world.person()
    for task_id in ("t1", "t2"):
        await person.tell("tasks", provider="token360", id=task_id, end="failed", pace=0.5)
    await world.start_bot(POLL_INTERVAL="60", POLL_MAX_INTERVAL="60")
    token = await made(person)
    addresses = [
        (await front.track(token, task_id, provider="token360"))[1]["callback_url"] for task_id in ("t1", "t2")
    ]
    path = addresses[0].removeprefix(front.origin)
    assert len(set(addresses)) == 1
    for task_id in ("t1", "t2"):
        await asked(world, task_id, 1)
        await card_shows(person, task_id, "Token360")
    await asyncio.sleep(0.6)  # the gateway's task is over by then
    told = {"code": 200, "data": json.dumps({"task": {"task_id": "t1"}, "status": "SUCCESS"})}
    assert (await front.call("POST", path, json=told))[0] == 200
    form = urlencode({"ids": "t2", "status": "done"}).encode()
    assert (await front.call("POST", path, data=form, headers={"Content-Type": "application/x-www-form-urlencoded"}))[
        0
    ] == 200
    for task_id in ("t1", "t2"):
        await card_shows(person, task_id, "❌")
    assert [len(await world.questions(task_id)) for task_id in ("t1", "t2")] == [2, 2]


async def test_two_hundred_forged_or_replayed_callbacks_do_nothing(world: World, front: Front) -> None:
    person, other = await world.person(), await world.person(OTHER)
    for task_id in ("t1", "t2", "t3"):
        await person.tell("tasks", provider="token360", id=task_id, states=[{"after": 0, "status": "queued"}])
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS=f"{PERSON},{OTHER}", POLL_INTERVAL="60", POLL_MAX_INTERVAL="60")
    mine, theirs = await made(person), await made(other)
    path = (await front.track(mine, "t1", provider="token360"))[1]["callback_url"].removeprefix(front.origin)
    await front.track(mine, "t2", provider="token360")
    their_path = (await front.track(theirs, "t3", provider="token360"))[1]["callback_url"].removeprefix(front.origin)
    for player, task_id in ((person, "t1"), (person, "t2"), (other, "t3")):
        await card_shows(player, task_id, "Token360")
    assert (await front.call("POST", path, json={"id": "t1"}))[0] == 200
    await asked(world, "t1", 2)
    assert (await front.call("DELETE", "/v1/tasks/t2", mine))[0] == 204
    await card_shows(person, "t2", "⏹")
    await other.say("/token revoke")
    await until_revoked(front, theirs)
    await until(lambda: at_rest(world))
    number, _, proof = path.rpartition("/")[2].partition("-")
    forged = [
        (path, b'{"id": "t1"}', 409),  # a replay
        (path, b'{"id": "t2"}', 404),  # nobody follows it any more
        (path, b'{"id": "t3"}', 404),  # another chat's
        (path, b'{"id": "nobody"}', 404),
        (path, b"", 404),
        (path, b"{", 400),
        (path, b"[" * 100_000, 400),
        (path, b'{"id": "t1"}' * 100_000, 413),
        (their_path, b'{"id": "t3"}', 404),  # revoked
        (f"/callback/{number}-x{proof[:-1]}", b'{"id": "t1"}', 404),
        (f"/callback/{number}-{proof.swapcase()}", b'{"id": "t1"}', 404),
        (f"/callback/{int(number) + 1}-{proof}", b'{"id": "t1"}', 404),
        (f"/callback/0{number}-{proof}", b'{"id": "t1"}', 404),
        (f"/callback/99999999999999999999-{proof}", b'{"id": "t1"}', 404),
        (f"/callback/{number}", b'{"id": "t1"}', 404),
        (f"/callback/{mine}", b'{"id": "t1"}', 404),
        (f"/callback/{path}", b'{"id": "t1"}', 404),
        ("/callback/", b'{"id": "t1"}', 404),
        ("/callback/%00", b'{"id": "t1"}', 404),
    ]
    before, questions = everything(world), [await world.questions(task_id) for task_id in ("t1", "t2", "t3")]
    for address, body, expected in islice(cycle(forged), CALLS):
        assert ((await front.call("POST", address, data=body))[0], address, body[:20]) == (expected, address, body[:20])
    for method in ("GET", "HEAD", "PUT"):
        assert (await front.call(method, path))[0] == 405
    await asyncio.sleep(0.5)
    assert everything(world) == before
    assert [await world.questions(task_id) for task_id in ("t1", "t2", "t3")] == questions
    # The address works all the same.
    assert (await front.call("POST", path, json={"id": "t1", "status": "running"}))[0] == 200
    await asked(world, "t1", 3)


async def until_revoked(front: Front, token: str) -> None:
    async def look() -> bool:
        return (await front.call("GET", "/v1/tasks", token))[0] == 401

    await until(look)
