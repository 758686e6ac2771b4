"""Every kind of failure as people read it: a plain sentence, the next step, the ID, and no stranger's markup."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sandbox.player import Player
from tests.acceptance.world import World, card_shows, delivered, until
from tests.hostile import HOSTILE

Json = dict[str, Any]

FIRST_CHAT = 5001
LANGUAGES = ("en", "zh-hans")
WHOLE = 60  # characters that are shown without a cut
RAW = "expandable_blockquote"
REQUEST_ID = "20250607080910"
# What the gateway says of a failed task; what people read then, in English and in Chinese; whether that is a kind.
FAILURES: Mapping[str, tuple[Json, tuple[str, str], bool]] = {
    "t-moderation-1": (
        {"code": "InputTextSensitiveContentDetected", "message": f"blocked (request id: {REQUEST_ID})"},
        ("A content filter did not let it pass. Change the prompt", "内容审核没有通过。请修改提示词"),
        True,
    ),
    "t-balance-1": (
        {"message": "用户额度不足"},
        ("balance or quota was not enough. Top it up", "余额或额度不足。请在平台充值"),
        True,
    ),
    "t-key-1": (
        {"message": "Incorrect API key provided"},
        ("A key was not accepted. Check", "密钥没有被接受。请"),
        True,
    ),
    "t-input-1": (
        {"message": "Invalid image format"},
        ("Check format, size and length", "请检查格式、尺寸和时长"),
        True,
    ),
    "t-busy-1": ({"message": "任务超时（30分钟）"}, ("Submit it again a little later", "请稍后重新提交"), True),
    "t-odd-1": (
        {"message": "no such luck", "code": "E7"},
        ("no such luck (code E7)", "no such luck（代码 E7）"),
        False,
    ),
    "t-silent-1": ({}, ("gives no reason", "没有说明原因"), False),
}


def part(message: Json, kind: str) -> str:
    """The words that the message's first entity of that kind spans."""
    text = str(message["text"]).encode("utf-16-le")
    found = [entity for entity in message["entities"] if entity["type"] == kind]
    begin, length = (2 * found[0]["offset"], 2 * found[0]["length"]) if found else (0, 0)
    return text[begin : begin + length].decode("utf-16-le")


def line_in(messages: Sequence[Json]) -> Json | None:
    """The loud line; here every chat gets one."""
    return next((m for m in messages if m["from_bot"] and m["text"] and not m["silent"]), None)


async def chats_for(world: World, ids: Iterable[str]) -> dict[tuple[str, int], Player]:
    """A chat for each ID and language: Telegram takes one message a second for a chat."""
    pairs = [(task_id, place) for task_id in ids for place in range(len(LANGUAGES))]
    return {pair: await world.person(FIRST_CHAT + number) for number, pair in enumerate(pairs)}


async def test_a_failed_task_is_told_in_plain_words_with_the_gateways_own_below(world: World) -> None:
    chats = await chats_for(world, FAILURES)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for (task_id, place), person in chats.items():
        if place == 0:
            error = FAILURES[task_id][0]
            await person.tell("tasks", provider="token360", id=task_id, end="failed", error=error, pace=0.3)
        await person.say(f"/track {task_id} token360", language_code=LANGUAGES[place])

    for (task_id, place), person in chats.items():
        error, words, is_known = FAILURES[task_id]
        card = await card_shows(person, task_id, words[place])

        async def sounded(person: Player = person) -> Json | None:
            return line_in(await person.messages())

        line = await until(sounded)
        assert line is not None
        raw = error.get("message", "").partition(" (request")[0]
        assert part(line, RAW if is_known else "blockquote") == raw
        assert (words[place] in line["text"]) == is_known
        assert (raw in card["text"]) != is_known
        assert part(line, "code") == part(card, "code") == task_id
        assert REQUEST_ID not in line["text"] + card["text"]


async def test_what_is_in_the_way_of_a_question_or_a_file_is_told_with_the_next_step(world: World) -> None:
    """A wrong key, an empty account, an unknown ID, a gateway that is down, a dead link and a file too large."""
    told = {
        ("t-key-1", "ai_nebula"): (
            "does not accept the bot's key. The operator has to check it",
            "不接受机器人的密钥，需要管理员检查",
        ),
        ("t-broke-1", "apipod"): (
            "quota is used up. The operator has to top it up",
            "余额或额度已用完，需要管理员充值",
        ),
        ("t-down-1", "token360"): (
            "does not answer properly at the moment. Still watching",
            "暂时没有正常应答，仍在跟踪",
        ),
        ("t-nobody-1", "token360"): (
            "knows this ID (Token360). Check that it is complete",
            "请检查 ID 是否完整",
        ),
        ("t-gone-1", "token360"): (
            "its link has expired. Look for it on the gateway's own page",
            "链接已过期。请到平台自己的页面查看",
        ),
        ("t-large-1", "token360"): (
            "60 MB it is larger than Telegram lets a bot send; it is behind",
            "有 60 MB，超过",
        ),
    }
    chats = await chats_for(world, (task_id for task_id, _ in told))
    person = await world.person()
    broke = {"code": 402, "message": "Insufficient credits", "data": None}
    await person.tell("gateway-faults", kind="status", times=1000, id="t-broke-1", status=402, body=broke)
    await person.tell("gateway-faults", kind="status", times=1000, id="t-down-1", status=503)
    await person.tell("tasks", provider="token360", id="t-gone-1", link_life=-5, pace=0.2)
    await person.tell("tasks", provider="token360", id="t-large-1", outputs=["big-60000000.mp4"], pace=0.2)
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*", AI_NEBULA_API_KEY="sk-not-the-right-one")
    for task_id, provider in told:
        for place, language in enumerate(LANGUAGES):
            await chats[task_id, place].say(f"/track {task_id} {provider}", language_code=language)

    for (task_id, _), words in told.items():
        for place, sentence in enumerate(words):
            message = await until(partial(saying, chats[task_id, place], sentence), 60)
            assert message is not None
            assert part(message, "code") == task_id


async def saying(person: Player, words: str) -> Json | None:
    return next((m for m in await person.messages() if m["from_bot"] and words in str(m["text"])), None)


async def test_no_word_of_a_stranger_becomes_markup(world: World) -> None:
    people = [await world.person(FIRST_CHAT + number) for number in range(len(HOSTILE))]
    names = ("failed", "done", "odd")
    await world.start_bot(ALLOWED_TELEGRAM_USER_IDS="*")
    for number, (person, text) in enumerate(zip(people, HOSTILE, strict=True)):
        said = {"provider": "token360", "extra": {"model": text, "prompt": text}, "pace": 0.2}
        error = {"code": text[:90], "message": text}
        await person.tell("tasks", **said, id=f"failed-{number}", end="failed", error=error)
        await person.tell("tasks", **said, id=f"done-{number}")
        await person.tell("tasks", **said, id=f"odd-{number}", states=[{"after": 0, "status": text[:60]}])
        await person.say("/track " + " ".join(f"{name}-{number}" for name in names) + " token360")

    for number, (person, text) in enumerate(zip(people, HOSTILE, strict=True)):
        ids = [f"{name}-{number}" for name in names]
        for task_id, words in zip(ids, ("❌", "✅", "👀 Watching"), strict=True):
            await card_shows(person, task_id, words)
        await delivered(person)
        await person.say("/status " + " ".join(ids))
        messages = await until(partial(with_panels, person, len(ids)))
        ours = {"bold", "code", "blockquote", RAW}
        foreign = [m["text"] for m in messages if not {entity["type"] for entity in m["entities"]} <= ours]
        assert foreign == [], text
        assert {part(m, "code") for m in messages if m["text"]} <= set(ids), text
        if len(text) < WHOLE:
            shown = [str(m["text"] or m["caption"]).replace("\u2060", "") for m in messages]
            assert all(text.strip("\u202e") in words for words in shown), text
    assert not [
        call
        for call in await world.calls("sendMessage", "editMessageText", "editMessageMedia")
        if call["status"] == 400
    ]


async def with_panels(person: Player, count: int) -> list[Json]:
    """The bot's messages, as soon as so many panels are among them."""
    messages = [m for m in await person.messages() if m["from_bot"]]
    return messages if sum("What happened" in str(m["text"]) for m in messages) >= count else []
