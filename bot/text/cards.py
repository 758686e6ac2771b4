"""The status card of a task, from facts and a language. Pure; Telegram HTML comes out.

`title` is always the provider's name for people, "" while nobody has answered for the task.
"""

from bot.text.catalogue import Html, cut, lines, say
from bot.text.message import Message
from bot.tracking.model import Ending, Subscription, Task
from providers.base import State

BAR = 10
MESSAGE_LIMIT = 300
WORD_LIMIT = 60
ID_SHOWN = 80


def card(task: Task, subscription: Subscription, title: str, asked: str, language: str) -> Message:
    """The status card. `asked` names the providers that are asked while nobody has answered for the ID."""
    parts = [_state(task, subscription, title, asked, language)]
    if task.is_located:
        parts.insert(0, who(task, title, language))
    if task.trouble and task.ending is None and not subscription.stopped:
        parts.append(say(language, f"trouble.{task.trouble}", title=title or asked))
    parts.append(say(language, "card.id", id=task.external_id))
    return Message(lines(*parts))


def who(task: Task, title: str, language: str) -> Html:
    """Model and provider; an ID that nobody answered for has to speak for itself."""
    if task.snapshot and task.snapshot.model:
        return say(language, "card.who", model=cut(task.snapshot.model, WORD_LIMIT), title=title)
    return say(language, "card.who_short", title=title or cut(task.external_id, ID_SHOWN))


def span(seconds: float, language: str) -> Html:
    """A length of time as people say it, in the largest unit of which it has at least two."""
    for unit, length in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * length:
            return say(language, f"span.{unit}", count=int(seconds // length))
    return say(language, "span.minutes", count=max(1, int(seconds // 60)))


def _state(task: Task, subscription: Subscription, title: str, asked: str, language: str) -> Html:
    if subscription.stopped:
        return say(language, "card.stopped")
    if task.ending is Ending.DEADLINE:
        return say(language, "card.deadline", hours=max(1, round((task.changed_at - task.created_at) / 3600)))
    if task.ending is Ending.NOT_FOUND:
        key = "card.not_found_later" if task.is_located else "card.not_found"
        return say(language, key, title=title, asked=asked)
    if task.snapshot is None:
        return say(language, "card.looking_in", title=title) if title else say(language, "card.looking")
    return _gateway_state(task, language)


def _gateway_state(task: Task, language: str) -> Html:
    snapshot = task.snapshot
    if snapshot is None or task.state is State.UNKNOWN:
        word = cut(snapshot.raw_status, WORD_LIMIT) if snapshot else ""
        return say(language, "card.unknown", word=word) if word else say(language, "card.watching")
    if task.state is State.RUNNING and snapshot.progress is not None:
        return say(language, "card.running_at", bar=_bar(snapshot.progress), progress=snapshot.progress)
    if task.state is State.SUCCEEDED and not (snapshot.outputs or snapshot.needs_fetch):
        return say(language, "card.succeeded_empty")
    return _ended_badly(task, language) or say(language, f"card.{task.state}")


def _ended_badly(task: Task, language: str) -> Html | None:
    error = task.snapshot.error if task.snapshot else None
    message = cut(error.message, MESSAGE_LIMIT) if error else ""
    if task.state is State.FAILED and not message:
        return say(language, "card.failed_silent")
    if task.state is State.FAILED and error and error.code:
        return say(language, "card.failed_code", message=message, code=cut(error.code, WORD_LIMIT))
    if task.state is State.FAILED:
        return say(language, "card.failed", message=message)
    if task.state in {State.CANCELLED, State.EXPIRED} and message:
        return say(language, f"card.{task.state}_because", message=message)
    return None


def _bar(progress: int) -> str:
    filled = progress * BAR // 100
    return "▰" * filled + "▱" * (BAR - filled)
