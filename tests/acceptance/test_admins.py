"""What the bot's admins see, and nobody else does."""

import io
import re
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.storage.store import Store
from bot.tracking.troubles import TroubleKind
from sandbox.player import Player
from tests.acceptance.world import World, card_shows, delivered, media_in, texts_of_bot, until

Json = dict[str, Any]

BLUE, PURPLE = (0x2F, 0x6F, 0xD6), (0xC6, 0xA1, 0xD6)


async def counted(database: Path, **counts: int) -> None:
    """As if a bot had counted that within this hour."""
    store = await Store.open(database)
    async with store.transaction() as tx:
        await tx.add_counts(
            {(word.replace("_", ":"), "token360"): count for word, count in counts.items()}, time.time()
        )
    await store.close()


async def picture(person: Player) -> Json:
    """The one message with a picture, once it stands."""

    async def look() -> list[Json]:
        return media_in(await person.messages())

    (shown,) = await until(look)
    assert shown["media"]["kind"] == "photo"
    return shown


def close(colour: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(part - other) < 12 for part, other in zip(colour, wanted, strict=True))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("in the last hour, 20,0", "Token360: 1 open, 20 % of 20,0", "No gateway is in trouble")),
        ("zh", ("24 小时 20,0", "查询中出错 20%", "Token360：未完成 1 个", "各平台均无异常")),
    ],
)
async def test_an_admin_gets_the_numbers_as_a_picture(world: World, language: str, said: tuple[str, ...]) -> None:
    operator = await world.operator()
    await counted(world.database, poll_ok=16000, poll_transient=4000)
    await operator.tell("tasks", provider="token360", id="t1", end="stuck")
    await world.start_bot()
    await operator.say("/track t1 token360", language_code=language)

    async def polled() -> bool:
        return bool(await world.questions("t1"))

    await until(polled)
    asked = await operator.say("/stats", language_code=language)

    shown = await picture(operator)
    assert shown["reply_to"] == asked
    assert [words for words in said if words not in shown["caption"]] == []
    with Image.open(io.BytesIO(await operator.file(shown["media"]["file_id"]))) as opened:
        assert (opened.format, opened.size) == ("PNG", (1200, 800))
        colours = opened.convert("RGB").getcolors(1_000_000)
    assert sum(count for count, colour in colours or [] if close(colour, BLUE)) > 5000  # the bar of the open task
    assert sum(count for count, colour in colours or [] if close(colour, PURPLE)) > 2000  # the polls of this hour


async def test_nobody_else_gets_them(world: World) -> None:
    person = await world.person()
    await world.start_bot()
    await person.say("/stats")

    async def answered() -> list[str]:
        return texts_of_bot(await person.messages())

    (answer,) = await until(answered)
    assert answer == "Only the bot's admins may do that."
    assert await world.calls("sendPhoto") == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "code": 404, "description": "Not Found"},
        {"kind": "error", "code": 400, "description": "Bad Request: not enough rights to send photos to the chat"},
    ],
)
async def test_where_no_picture_is_taken_the_words_come_alone(world: World, fault: Json) -> None:
    operator, person = await world.operator(), await world.person()
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    await operator.tell("faults", method="sendPhoto", times=9, **fault)
    await world.start_bot()
    await operator.say("/stats")

    async def answered() -> list[str]:
        return texts_of_bot(await operator.messages())

    (answer,) = await until(answered)
    assert answer.startswith("🟦 Open tasks: 0")
    assert len(await world.calls("sendPhoto")) == 1
    await person.say("/track t1 token360")
    await delivered(person)


async def told(person: Player, words: str) -> list[str]:
    """The texts of the bot with these words, once there are any."""

    async def look() -> list[str]:
        return [text for text in texts_of_bot(await person.messages()) if words in text]

    return await until(look)


async def test_every_admin_who_can_be_told_is_told_once_and_in_their_language(world: World) -> None:
    person, english, chinese = await world.person(), await world.operator(), await world.person(1003)
    await english.say("/start", language_code="en")  # a bot may not begin a conversation
    await chinese.say("/start", language_code="zh-hans")
    await person.tell("tasks", provider="token360", id="t1", pace=0.3)
    admins = {"ADMIN_TELEGRAM_USER_IDS": "1000,1002,1003"}  # the first one has never written to the bot
    wrong = {**admins, "TOKEN360_API_KEY": "sk-not-the-right-one"}
    bot = await world.start_bot(**wrong)
    await person.say("/track t1 token360")

    (notice,) = await told(english, "rejects its key")
    assert "Open tasks that wait for it: 1." in notice
    (notice,) = await told(chinese, "拒绝了密钥")
    assert "等待它的未完成任务：1 个" in notice
    assert "TOKEN360_API_KEY" in notice

    await bot.stop()
    bot = await world.start_bot(**wrong)

    async def asked_again() -> bool:
        return len(await world.questions("t1")) > 1

    await until(asked_again)
    await bot.stop()
    await world.start_bot(**admins)

    await delivered(person)
    assert len(await told(english, "Token360 works again")) == 1
    assert len(await told(chinese, "恢复正常")) == 1
    assert len(await told(english, "rejects its key")) == 1
    assert len(await told(chinese, "拒绝了密钥")) == 1

    async def tried_both() -> bool:
        return len(await world.calls_to(1000)) > 1

    await until(tried_both)
    assert len(await world.calls_to(1000)) == 2  # each notice once
    assert re.search(r"the chat is closed to the bot .*chat=1000 ", world.log())


async def test_a_gateway_in_trouble_stands_in_the_numbers_until_it_is_back(world: World) -> None:
    operator = await world.operator()
    store = await Store.open(world.database)
    async with store.transaction() as tx:
        await tx.report_trouble("token360", 0, TroubleKind.DOWN, time.time() - 7300)
    await store.close()
    await operator.tell("tasks", provider="token360", id="t1", pace=0.3)
    await operator.tell("gateway-faults", provider="token360", kind="status", status=503, times=1000)
    await world.start_bot()
    await operator.say("/track t1 token360")
    await card_shows(operator, "t1", "does not answer properly")
    await operator.say("/stats")

    assert "📡 Token360: no usable answer, for 2 hours" in (await picture(operator))["caption"]
    await operator.take_back("gateway-faults")

    (notice,) = await told(operator, "works again")
    assert notice.startswith("✅ Token360 works again, after 2 hours.")
    await delivered(operator)
