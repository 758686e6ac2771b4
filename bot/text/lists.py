"""A page of a chat's tasks, with the buttons to turn it. Pure; Telegram HTML comes out."""

from bot.text.cards import ID_SHOWN, span, who
from bot.text.catalogue import Html, cut, lines, say
from bot.text.message import ActionButton, Message, Rows
from bot.tracking.lists import PAGE, Page, Which
from bot.tracking.model import Ending, Task
from providers.base import State

JUST_NOW = 60.0  # seconds


def listing(page: Page, titles: tuple[str, ...], now: float, language: str) -> Message:
    """The page; `titles` are the names for people of its tasks' providers, `now` is in epoch seconds."""
    if page.count == 0 and page.which is Which.ALL:
        return Message(say(language, "list.empty"))
    if page.count == 0:
        return Message(lines(_head(page, language), say(language, "list.none")), _buttons(page, language))
    first = (page.number - 1) * PAGE + 1
    entries = [
        say(
            language,
            "list.row",
            number=number,
            state=_brief(task, language),
            who=who(task, title, language),
            ago=_ago(now - (task.changed_at if task.ending else task.created_at), language),
            id=cut(task.external_id, ID_SHOWN),
        )
        for number, ((_, task), title) in enumerate(zip(page.entries, titles, strict=True), start=first)
    ]
    return Message(lines(_head(page, language), Html(""), *entries), _buttons(page, language))


def _head(page: Page, language: str) -> Html:
    head = say(language, f"list.title_{page.which}")
    if page.count == 0:
        return head
    size = "list.pages" if page.pages > 1 else "list.count" if page.count > 1 else "list.one"
    return lines(head, say(language, size, page=page.number, pages=page.pages, count=page.count))


def _buttons(page: Page, language: str) -> Rows:
    first = (page.number - 1) * PAGE + 1
    details = tuple(
        ActionButton(str(number), f"details:{subscription.id}")
        for number, (subscription, _) in enumerate(page.entries, start=first)
    )
    turns = tuple(
        ActionButton(sign, f"list:{page.which}:{number}")
        for sign, number in (("‹", page.number - 1), ("›", page.number + 1))
        if 1 <= number <= page.pages
    )
    filters = tuple(
        ActionButton(_filter(which, language, is_chosen=which is page.which), f"list:{which}:1") for which in Which
    )
    return tuple(row for row in (details, turns, filters) if row)


def _filter(which: Which, language: str, *, is_chosen: bool) -> Html:
    name = say(language, f"list.filter_{which}")
    return say(language, "list.chosen", which=name) if is_chosen else name


def _ago(seconds: float, language: str) -> Html:
    if seconds < JUST_NOW:
        return say(language, "list.just_now")
    return say(language, "list.ago", span=span(seconds, language))


def _brief(task: Task, language: str) -> Html:
    if task.ending in {Ending.DEADLINE, Ending.NOT_FOUND}:
        return say(language, f"list.{task.ending}")
    if task.snapshot is None:
        return say(language, "list.looking")
    if task.state is State.RUNNING and task.snapshot.progress is not None:
        return say(language, "list.running_at", progress=task.snapshot.progress)
    return say(language, f"list.{task.state}")
