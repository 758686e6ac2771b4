"""The status card of a task, from facts and a language. Pure; Telegram HTML comes out.

`title` is always the provider's name for people, "" while nobody has answered for the task.
"""

from bot.text.catalogue import Html, cut, lines, say
from bot.text.message import ActionButton, Button, CopyButton, Message, Rows
from bot.tracking.estimates import Timing, took
from bot.tracking.model import Ending, Subscription, Task
from providers.base import State
from providers.failures import failure_kind
from providers.scrub import without_request_id

BAR = 10
COPY_LIMIT = 256
MINUTE = 60
MESSAGE_LIMIT = 300
WORD_LIMIT = 60
ID_SHOWN = 80


def card(
    task: Task, subscription: Subscription, title: str, asked: str, language: str, times: Timing | None = None
) -> Message:
    """The status card. `asked` names the providers that are asked while nobody has answered for the ID.

    `times` are an open task's, None where nothing is to be said of them.
    """
    parts = [_state(task, subscription, title, asked, language, times)]
    if task.is_located:
        parts.insert(0, who(task, title, language))
    if task.trouble and task.ending is None and not subscription.stopped:
        parts.append(say(language, f"trouble.{task.trouble}", title=title or asked))
    elif times and times.is_stalled:
        parts.append(say(language, "card.stalled", quiet=span(times.quiet, language)))
    parts.append(say(language, "card.id", id=task.external_id))
    return Message(lines(*parts), buttons(task, subscription, language))


def buttons(task: Task, subscription: Subscription, language: str) -> Rows:
    """The rows of buttons below the card, in every state."""
    rows: list[tuple[Button, ...]] = [_actions(task, subscription, language)]
    if len(task.external_id) <= COPY_LIMIT:
        rows.append((CopyButton(say(language, "button.copy"), task.external_id),))
    return tuple(filter(None, rows))


def _actions(task: Task, subscription: Subscription, language: str) -> tuple[Button, ...]:
    again = ActionButton(say(language, "button.again"), f"again:{subscription.id}")
    if subscription.stopped:
        return (again,)
    if task.ending is None:
        refresh = ActionButton(say(language, "button.refresh"), f"refresh:{subscription.id}")
        stop = ActionButton(say(language, "button.stop"), f"stop:{subscription.id}", "danger")
        return (refresh, stop)
    if task.succeeded:
        return ()
    if task.ending is Ending.NOT_FOUND:
        return (again,)
    return (again, ActionButton(say(language, "button.details"), f"details:{subscription.id}"))


def who(task: Task, title: str, language: str) -> Html:
    """Model and provider; an ID that nobody answered for has to speak for itself."""
    if task.snapshot and task.snapshot.model:
        model = cut(task.snapshot.model, WORD_LIMIT)
        return say(language, "card.who", model=model, title=cut(title, WORD_LIMIT))
    return say(language, "card.who_short", title=cut(title, WORD_LIMIT) or cut(task.external_id, ID_SHOWN))


def length(seconds: float, language: str) -> Html:
    """As `span`, and what lasts a minute and a half at most in seconds: for what is over and known well."""
    if seconds <= MINUTE * 1.5:
        return say(language, "span.seconds", count=max(1, round(seconds)))
    return span(seconds + MINUTE / 2, language)


def about(seconds: float, language: str) -> Html:
    """An estimate as people say it, no finer than minutes."""
    if seconds < MINUTE * 0.75:
        return say(language, "span.moment")
    return say(language, "span.about", span=span(seconds + MINUTE / 2, language))


def span(seconds: float, language: str) -> Html:
    """A length of time as people say it, in the largest unit of which it has at least two."""
    for unit, length in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * length:
            return say(language, f"span.{unit}", count=int(seconds // length))
    return say(language, "span.minutes", count=max(1, int(seconds // 60)))


def _state(task: Task, subscription: Subscription, title: str, asked: str, language: str, times: Timing | None) -> Html:
    if subscription.stopped:
        return say(language, "card.stopped")
    if task.ending is Ending.DEADLINE:
        return say(language, "card.deadline", hours=max(1, round((task.changed_at - task.created_at) / 3600)))
    if task.ending is Ending.NOT_FOUND:
        key = "card.not_found_later" if task.is_located else "card.not_found"
        return say(language, key, title=title, asked=asked)
    if task.snapshot is None:
        return say(language, "card.looking_in", title=title) if title else say(language, "card.looking")
    state = _gateway_state(task, language)
    return _timed(task, state, times, language) if times and task.ending is None else state


def _timed(task: Task, state: Html, times: Timing, language: str) -> Html:
    """The state with what is known of its time, in whole minutes: what is drawn twice in a minute reads the same."""
    has_progress = task.state is State.RUNNING and task.snapshot is not None and task.snapshot.progress is not None
    if has_progress and times.estimate.left is not None:
        return say(language, "card.left", state=state, left=about(times.estimate.left, language))
    elapsed = span(times.elapsed, language) if times.elapsed >= MINUTE else None
    usual = about(times.estimate.usual, language) if times.estimate.usual and task.state is State.RUNNING else None
    if elapsed and usual:
        return say(language, "card.elapsed_of", state=state, elapsed=elapsed, usual=usual)
    if usual and not has_progress:
        return say(language, "card.usually", state=state, usual=usual)
    return say(language, "card.elapsed", state=state, elapsed=elapsed) if elapsed else state


def _gateway_state(task: Task, language: str) -> Html:
    snapshot = task.snapshot
    if snapshot is None or task.state is State.UNKNOWN:
        word = cut(snapshot.raw_status, WORD_LIMIT) if snapshot else ""
        return say(language, "card.unknown", word=word) if word else say(language, "card.watching")
    if task.state is State.RUNNING and snapshot.progress is not None:
        return say(language, "card.running_at", bar=_bar(snapshot.progress), progress=snapshot.progress)
    if task.state is State.SUCCEEDED and not (snapshot.outputs or snapshot.needs_fetch):
        return say(language, "card.succeeded_empty")
    seconds = took(task) if task.succeeded else None
    if seconds is not None:
        return say(language, "card.succeeded_in", took=length(seconds, language))
    return _ended_badly(task, language) or say(language, f"card.{task.state}")


def explained(task: Task, language: str) -> Html | None:
    """Why the gateway ended the task and what there is to do, where its words are of a known kind."""
    error = task.snapshot.error if task.snapshot else None
    kind = failure_kind(error) if error and task.ending is Ending.DONE and not task.succeeded else None
    return say(language, f"failure.{kind}") if kind else None


def reason(task: Task) -> str:
    """The gateway's own words about the end, fit for a line; "" where it has none."""
    error = task.snapshot.error if task.snapshot else None
    return cut(without_request_id(error.message) or error.message, MESSAGE_LIMIT) if error else ""


def _ended_badly(task: Task, language: str) -> Html | None:
    because = explained(task, language)
    if because:
        return say(language, f"card.{task.state}_known", because=because)
    error, message = task.snapshot.error if task.snapshot else None, reason(task)
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
