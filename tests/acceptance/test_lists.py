"""`/list` as people use it: pages, filters, both languages, groups and topics."""

from typing import Any

import pytest

from sandbox.player import Player
from tests.acceptance.world import World, card_shows, until

Json = dict[str, Any]

GROUP = -100_600


async def answer_to(person: Player, command: int) -> Json:
    async def look() -> Json | None:
        return next((m for m in await person.messages() if m["from_bot"] and m["reply_to"] == command), None)

    found = await until(look)
    assert found is not None
    return found


def labels(message: Json) -> list[list[str]]:
    return [[button["text"] for button in row] for row in message["buttons"]]


async def press(person: Player, chat_id: int, message: Json, button: str, words: str) -> Json:
    """Presses the button; the message as it is once the words stand in it."""
    await person.tell("press", chat_id=chat_id, message_id=message["message_id"], button=button)

    async def look() -> Json | None:
        (now,) = [m for m in await person.messages() if m["message_id"] == message["message_id"]]
        return now if words in now["text"] else None

    turned = await until(look)
    assert turned is not None
    return turned


async def stuck(person: Player, *task_ids: str) -> None:
    for task_id in task_ids:
        await person.tell("tasks", provider="token360", id=task_id, end="stuck")


async def test_twelve_tasks_page_by_page_and_by_filter(world: World) -> None:
    person = await world.person()
    ids = [f"v{number:02}" for number in range(12)]
    await stuck(person, *ids[:10])
    await person.tell("tasks", provider="token360", id=ids[10], end="failed", pace=0.1)
    await person.tell("tasks", provider="token360", id=ids[11], end="cancelled", pace=0.1)
    await world.start_bot()
    await person.say(f"/track token360 {' '.join(ids)}")
    await card_shows(person, ids[10], "Failed")
    await card_shows(person, ids[11], "Cancelled")
    panel = await answer_to(person, await person.say("/ls"))
    assert "page 1 of 3 · 12 tasks" in panel["text"]
    assert labels(panel) == [["1", "2", "3", "4", "5"], ["›"], ["✓ All", "Open", "Done", "Failed"]]

    second = await press(person, 1001, panel, "›", "page 2 of 3")
    assert labels(second)[:2] == [["6", "7", "8", "9", "10"], ["‹", "›"]]
    third = await press(person, 1001, second, "›", "page 3 of 3")
    assert labels(third)[:2] == [["11", "12"], ["‹"]]
    seen = [line for page in (panel, second, third) for line in page["text"].splitlines() if line in ids]
    assert seen == [*reversed(ids[:10]), ids[11], ids[10]]

    failed = await press(person, 1001, third, "Failed", "Ended without a result")
    assert "2 tasks" in failed["text"]
    assert labels(failed) == [["1", "2"], ["All", "Open", "Done", "✓ Failed"]]
    done = await press(person, 1001, failed, "Done", "None at the moment")
    assert labels(done) == [["All", "Open", "✓ Done", "Failed"]]
    assert len([m for m in await person.messages() if m["reply_to"] == panel["reply_to"]]) == 1

    opened = await answer_to(person, await person.say("/list Open"))
    assert "page 1 of 2 · 10 tasks" in opened["text"]


async def test_a_page_that_is_no_more_is_the_last_one(world: World) -> None:
    person = await world.person()
    ids = [f"v{number}" for number in range(6)]
    await stuck(person, *ids)
    await world.start_bot()
    await person.say(f"/track token360 {' '.join(ids)}")
    panel = await answer_to(person, await person.say("/list"))
    assert labels(panel)[1] == ["›"]
    await person.say(f"/untrack {ids[0]}")
    await card_shows(person, ids[0], "Stopped")
    panel = await press(person, 1001, panel, "›", "5 tasks")
    assert labels(panel) == [["1", "2", "3", "4", "5"], ["✓ All", "Open", "Done", "Failed"]]


async def test_a_list_in_chinese(world: World) -> None:
    person = await world.person()
    await stuck(person, "v1")
    await world.start_bot()
    await person.say("/t v1 token360", language_code="zh-hans")
    panel = await answer_to(person, await person.say("/list 未完成", language_code="zh-hans"))
    assert panel["text"].startswith("进行中的任务\n1 个任务\n\n1. ")
    assert labels(panel) == [["1"], ["全部", "✓ 进行中", "已完成", "失败"]]
    panel = await press(person, 1001, panel, "失败", "目前没有")
    assert labels(panel) == [["全部", "进行中", "已完成", "✓ 失败"]]


@pytest.mark.parametrize("command", ["/t@rushes_sandbox_bot", "/t"])
async def test_a_list_in_a_topic_is_the_topics_own_and_turns_there(world: World, command: str) -> None:
    group = await world.person(GROUP, user_id=1001)
    await group.tell("chat", id=GROUP, type="supergroup", title="Studio", topics=[7])
    await stuck(group, "here", "there")
    await world.start_bot()
    await group.say(f"{command} here token360", message_thread_id=7)
    await group.say("/track there token360")
    await card_shows(group, "there", "Token360")
    panel = await answer_to(group, await group.say("/ls@rushes_sandbox_bot", message_thread_id=7))
    assert panel["thread_id"] == 7
    assert "here" in panel["text"].splitlines()
    assert "there" not in panel["text"].splitlines()
    await group.tell("press", chat_id=GROUP, user_id=1001, message_id=panel["message_id"], button="Open")

    async def turned() -> Json | None:
        (now,) = [m for m in await group.messages() if m["message_id"] == panel["message_id"]]
        return now if "✓ Open" in labels(now)[-1] else None

    open_here = await until(turned)
    assert open_here is not None
    assert "1 task\n" in open_here["text"]
    assert "there" not in open_here["text"].splitlines()
