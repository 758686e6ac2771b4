"""The way in for programs: tokens made in chats, and what comes of the calls that they make."""

import gzip
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sandbox.servers import OPERATOR, PERSON
from tests.acceptance.fuzz import LIMITS, fuzz
from tests.acceptance.programs import TOKEN, Front, made, said, token_shown
from tests.acceptance.test_doors import hears, press
from tests.acceptance.world import World, card_of, card_shows, delivered, until

Json = dict[str, Any]

GROUP, TOPIC, MEMBER, GUEST = -100_700, 7, 3003, 3004


async def test_a_program_tracks_a_task_in_the_chat_of_its_token(world: World, front: Front) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.5)
    await world.start_bot()
    token = await made(person)
    status, task = await front.track(token, "t1", provider="Token360", kind="video")
    assert (status, task["id"], task["ending"], task["callback_url"][:22]) == (201, "t1", None, front.origin)
    assert (await front.track(token, "t1", provider="token360", kind="video"))[0] == 200
    await delivered(person)
    await card_shows(person, "t1", "✅")
    status, task, _ = await front.call("GET", "/v1/tasks/t1", token)
    assert (status, task["state"], task["ending"], task["provider"]) == (200, "succeeded", "done", "token360")
    assert [output["kind"] for output in task["outputs"]] == ["video"]
    assert task["outputs"][0]["url"].startswith("http")
    # A program that asks again, because it did not hear the answer, does not bring the video twice.
    status, task = await front.track(token, "t1")
    assert (status, task["state"]) == (200, "succeeded")
    assert (await front.track(token, "t2"))[0] == 201
    status, page, _ = await front.call("GET", "/v1/tasks?limit=1", token)
    assert (status, [one["id"] for one in page["tasks"]]) == (200, ["t2"])
    status, page, _ = await front.call("GET", f"/v1/tasks?limit=1&before={page['next']}", token)
    assert ([one["id"] for one in page["tasks"]], page["next"]) == (["t1"], None)
    assert (await front.call("DELETE", "/v1/tasks/t2", token))[0] == 204
    assert (await front.call("DELETE", "/v1/tasks/t2", token))[0] == 404
    assert (await front.call("GET", "/v1/tasks/t2", token))[0] == 404
    await card_shows(person, "t2", "⏹")
    assert len(await delivered(person)) == 1


async def test_a_token_of_a_topic_is_told_in_private_and_acts_in_the_topic(world: World, front: Front) -> None:
    person, group = await world.person(), await world.person(GROUP, PERSON)
    member = await world.person(GROUP, MEMBER)
    await person.say("/help")
    await group.tell("chat", id=GROUP, title="Cutting room", topics=[TOPIC], admins=[PERSON])
    await group.tell("tasks", provider="token360", id="t1", pace=0.3)
    await world.start_bot(ALLOWED_TELEGRAM_CHAT_IDS=str(GROUP), HTTP_PORT=str(front.port))
    await member.say("/token", message_thread_id=TOPIC)
    await hears(group, "Only admins")
    await group.say("/token", message_thread_id=TOPIC)
    token = await token_shown(person)
    await hears(group, "in private")
    assert not TOKEN.search(json.dumps(await group.messages()))
    assert (await front.track(token, "t1"))[0] == 201
    shown = await delivered(group)
    card = card_of(await group.messages(), "t1")
    assert card is not None
    assert {shown[0]["thread_id"], card["thread_id"]} == {TOPIC}
    # The panel is for everybody to see, and for admins to press.
    await group.say("/token", message_thread_id=TOPIC)
    panel = await hears(group, "Tokens here")
    assert await press(group, panel, "🗑 Revoke 1", chat=GROUP, user=MEMBER) == (
        "Only admins of this group can make, see or revoke its tokens."
    )
    assert (await front.call("GET", "/v1/tasks", token))[0] == 200
    assert "Revoked" in await press(group, panel, "🗑 Revoke 1", chat=GROUP, user=PERSON)
    assert (await front.call("GET", "/v1/tasks", token))[0] == 401
    assert "private" in await press(group, panel, "➕ New token", chat=GROUP, user=PERSON)
    await until(said(person, "Token 2"))
    assert not TOKEN.search(json.dumps(await group.messages()))


async def test_what_a_token_gives_ends_with_the_right_to_it(world: World, front: Front) -> None:
    person, admin, guest = await world.person(), await world.operator(), await world.person(GUEST)
    await world.start_bot(LIMIT_OPEN_TASKS="2", LIMIT_COMMANDS_PER_MINUTE="40")
    await admin.say(f"/allow {GUEST}")
    await hears(admin, "is let in")
    token = await made(guest)
    assert (await front.track(token, "t1"))[0] == 201
    await admin.say(f"/deny {GUEST}")
    await hears(admin, "not let in any more")
    status, problem, headers = await front.call("GET", "/v1/tasks/t1", token)
    assert (status, headers["Content-Type"]) == (403, "application/problem+json")
    assert problem["detail"] == "Whoever made this token is not let in any more."
    assert (await front.track(token, "t2"))[0] == 403
    # Limits are a person's, whichever way they come.
    token = await made(person)
    assert [(await front.track(token, f"n{number}"))[0] for number in range(3)] == [201, 201, 429]
    assert (await front.track(token, "n0"))[0] == 200
    answers = [await front.call("GET", "/v1/tasks", token)]
    while answers[-1][0] == 200:
        answers.append(await front.call("GET", "/v1/tasks", token))
        assert len(answers) < 500
    assert (answers[-1][0], answers[-1][2]["Retry-After"]) == (429, "2")
    # Five tokens are enough; revoked is revoked at once, one by one or all together.
    for number in range(2, 6):
        await admin.say("/token new")
        await until(said(admin, "rushes_", number - 1))
    tokens = [TOKEN.search(m["text"] or "") for m in await admin.messages()]
    held = [found[0] for found in tokens if found]
    assert [(await front.call("GET", "/v1/tasks", one))[0] for one in held] == [200] * 4
    await admin.say("/token new")
    await until(said(admin, "rushes_", 5))
    await admin.say("/token new")
    await hears(admin, "five tokens")
    await admin.say("/token")
    panel = await hears(admin, "Tokens here")
    assert "Revoked" in await press(admin, panel, panel["buttons"][1][0]["text"], chat=OPERATOR, user=OPERATOR)
    assert [(await front.call("GET", "/v1/tasks", one))[0] for one in held] == [200, 401, 200, 200]
    await admin.say("/token revoke all")
    await hears(admin, "🗑 Revoked")
    assert [(await front.call("GET", "/v1/tasks", one))[0] for one in held] == [401] * 4


BODIES: tuple[tuple[bytes, int], ...] = (
    (b"", 400),
    (b"{", 400),
    (b"nothing", 400),
    (b"\xff\xfe", 400),
    (b"\xef\xbb\xbf{}", 400),
    (b"[" * 100_000, 400),
    (b'{"id":' * 50_000, 400),
    (b'{"id": ' + b"9" * 5000 + b"}", 400),
    (b'{"id": NaN}', 400),
    (b'{"id": "t1", "id": "t2"}', 400),
    (b'{"id": 1e400}', 422),
    (b'{"id": 10000000000000000000000000}', 422),
    (b"{}", 422),
    (b"[]", 422),
    (b"null", 422),
    (b'"t1"', 422),
    (b'{"id": null}', 422),
    (b'{"id": ["t1"]}', 422),
    (b'{"id": ""}', 422),
    (b'{"id": "a\\u0000b"}', 422),
    (b'{"id": "\\ud83d"}', 422),
    (b'{"id": "../../admin"}', 422),
    (b'{"id": "' + b"a" * 513 + b'"}', 422),
    (b'{"id": "t1", "\\ud83d": 1}', 422),
    (b'{"id": "t1", "callback": "x"}', 422),
    (b'{"id": "t1", "provider": "nobody"}', 422),
    (b'{"id": "t1", "kind": "sound"}', 422),
    (b'{"id": "t1", "provider": "token360", "kind": "image"}', 409),
    (b'{"id": "' + b"a" * 1024 * 1024 + b'"}', 413),
)


async def test_whatever_is_sent_is_refused_in_one_sentence(world: World, front: Front) -> None:
    person = await world.person()
    await world.start_bot()
    token = await made(person)
    as_json = {"Content-Type": "application/json"}
    for body, expected in BODIES:
        status, problem, headers = await front.call("POST", "/v1/track", token, data=body, headers=as_json)
        assert (status, body[:50]) == (expected, body[:50])
        assert headers["Content-Type"] == "application/problem+json"
        assert problem["status"] == status
        assert re.fullmatch(r"[^\n]+\.", problem["detail"])
    bomb = gzip.compress(b'{"id": "' + b" " * 20_000_000 + b'"}')
    packed = {**as_json, "Content-Encoding": "gzip"}
    assert (await front.call("POST", "/v1/track", token, data=bomb, headers=packed))[0] == 415
    assert (await front.call("POST", "/v1/track", token, data=b"id=t1", headers={"Content-Type": "text/plain"}))[
        0
    ] == 415
    assert (await front.call("POST", "/v1/track", token, data=b"", headers={"Content-Type": ""}))[0] == 415
    for wrong in ("", "rushes_", token[:-1], f"{token}x", token.swapcase(), "Basic eA==", "x" * 5000):
        status, _, headers = await front.call("GET", "/v1/tasks", wrong)
        assert (status, headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    for path in (
        "/v1/tasks/%00",
        "/v1/tasks/%ff%fe",
        "/v1/tasks/..%2f",
        "/v1/tasks/%ed%a0%bd",
        "/v1/nothing",
        "/v1/tasks/a/b",
    ):
        assert (await front.call("GET", path, token))[0] == 404
    for path in (
        "/v1/tasks?limit=0",
        "/v1/tasks?limit=x",
        "/v1/tasks?limit=1&limit=2",
        "/v1/tasks?before=99999999999999999",
    ):
        assert (await front.call("GET", path, token))[0] == 422
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "GET"):
        status, _, headers = await front.call(method, "/v1/track", token)
        assert (status, headers["Allow"]) == (405, "POST")
        assert not [name for name in headers if name.lower().startswith("access-control")]
    with closing(sqlite3.connect(world.database)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        status, _, headers = await front.call("POST", "/v1/track", token, json={"id": "t1"})
        assert (status, headers["Retry-After"]) == (503, "5")
    assert (await front.call("GET", "/v1/tasks", token))[1] == {"tasks": [], "next": None}
    assert "Traceback" not in world.log()


def everything_on_disk(world: World) -> bytes:
    return b"".join(path.read_bytes() for path in world.folder.rglob("*") if path.is_file())


async def test_no_secret_of_a_program_reaches_the_disk_or_the_log(world: World, front: Front) -> None:
    person = await world.person()
    await person.tell("tasks", provider="token360", id="t1", states=[{"after": 0, "status": "queued"}])
    bot = await world.start_bot()
    token = await made(person)
    _, task = await front.track(token, "t1")
    proof = task["callback_url"].rpartition("/")[2].partition("-")[2]
    assert (await front.call("POST", task["callback_url"].removeprefix(front.origin), json={"id": "t1"}))[0] == 200
    await person.tell("tasks", provider="token360", id="t1", end="failed", pace=0.1)
    await card_shows(person, "t1", "❌")
    # What a person pastes is not kept either, and what is no HTTP is not repeated.
    await person.say(f"/track {token}")
    await hears(person, "a key is none")
    await front.raw(f"GET /{token} NONSENSE\r\nAuthorization: {token}\r\n\x00\r\n\r\n".encode())
    # The journal beside the database still has what rows were before they were changed or deleted.
    kept = everything_on_disk(world)
    await bot.stop()
    kept += everything_on_disk(world)
    assert b"t1" in kept
    assert token.removeprefix("rushes_").encode() not in kept
    assert proof.encode() not in kept
    assert "Traceback" not in world.log()


async def test_the_document_is_kept(world: World, front: Front, tmp_path: Path) -> None:
    """A little of `make fuzz`."""
    person = await world.person()
    await world.start_bot(**LIMITS)
    status, output = await fuzz(
        front.port, await made(person), tmp_path, "--max-examples", "2", "--phases", "coverage,stateful"
    )
    assert status == 0, output
