import html
import re
from dataclasses import replace

import pytest

from bot.text.catalogue import CATALOGUES
from bot.text.lists import listing
from bot.text.message import ActionButton, Message
from bot.tracking.lists import PAGE, Page, Which
from bot.tracking.model import Ending, Subscription, Task
from bot.tracking.seal import ROOM
from providers.base import Snapshot, State

LANGUAGES = sorted(CATALOGUES)
NOW = 10_000.0


def entry(number: int, snapshot: Snapshot | None = None, external_id: str = "") -> tuple[Subscription, Task]:
    external_id = external_id or f"v_{number}"
    task = Task(number, "token360", 0, "video", external_id, NOW - 300.0, NOW - 30.0, 1e9, snapshot=snapshot)
    return Subscription(number, number, 7, 0, 7, 3), task


def shown(page: Page, language: str = "en", title: str = "Token360") -> Message:
    return listing(page, (title,) * len(page.entries), NOW, language)


def labels(message: Message) -> list[list[str]]:
    return [[button.text for button in row] for row in message.buttons]


def data(message: Message) -> list[str]:
    return [button.data for row in message.buttons for button in row if isinstance(button, ActionButton)]


def test_a_page_in_the_middle() -> None:
    running = Snapshot(State.RUNNING, progress=42, model="seedance-2.0")
    message = shown(Page(Which.ALL, 2, 17, tuple(entry(number, running) for number in range(5))))
    head, *rows = message.html.split("\n\n")
    assert head == "<b>Tasks here</b>\npage 2 of 4 · 17 tasks"
    assert rows[0].startswith("6. 🎬 42 % · <b>seedance-2.0</b> · Token360 · 5 min ago\n<code>v_0</code>\n7. 🎬 42 %")
    assert labels(message) == [["6", "7", "8", "9", "10"], ["‹", "›"], ["✓ All", "Open", "Done", "Failed"]]
    assert data(message) == [
        *[f"details:{number}" for number in range(5)],
        "list:all:1",
        "list:all:3",
        *[f"list:{which}:1" for which in Which],
    ]


def test_a_page_in_chinese() -> None:
    message = shown(Page(Which.OPEN, 1, 6, tuple(entry(number) for number in range(5))), "zh")
    assert message.html.startswith("<b>进行中的任务</b>\n第 1 页，共 2 页 · 6 个任务\n\n1. 🔎 查找中 · ")
    assert "5 分钟前" in message.html
    assert labels(message) == [["1", "2", "3", "4", "5"], ["›"], ["全部", "✓ 进行中", "已完成", "失败"]]


def test_only_one_page_has_nothing_to_turn() -> None:
    message = shown(Page(Which.DONE, 1, 1, (entry(1),)))
    assert "\n1 task\n" in message.html
    assert labels(message) == [["1"], ["All", "Open", "✓ Done", "Failed"]]
    assert "\n2 tasks\n" in shown(Page(Which.ALL, 1, 2, (entry(1), entry(2)))).html


def test_a_task_that_has_ended_tells_when_it_did() -> None:
    subscription, task = entry(1, Snapshot(State.SUCCEEDED))
    ended = replace(task, ending=Ending.DONE)
    assert "just now" in shown(Page(Which.ALL, 1, 1, ((subscription, ended),))).html


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_to_list_has_a_way_back(language: str) -> None:
    assert shown(Page(Which.ALL, 1, 0, ()), language).buttons == ()
    empty = shown(Page(Which.FAILED, 1, 0, ()), language)
    assert [len(row) for row in empty.buttons] == [4]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_page_fits_and_holds_no_foreign_markup(language: str) -> None:
    words = "<b>&" + "\U0001f469" * 600
    worst = Snapshot(State.UNKNOWN, raw_status=words, model=words, prompt=words)
    message = shown(
        Page(Which.ALL, 10**9, 5 * 10**9, tuple(entry(10**17, worst, words) for _ in range(PAGE))), language
    )
    visible = html.unescape(re.sub(r"</?(?:b|code)>", "", message.html))
    assert len(visible.encode("utf-16-le")) // 2 <= 4096
    assert "&lt;b&gt;" in message.html
    assert all(len(one.encode()) <= ROOM for one in data(message))
