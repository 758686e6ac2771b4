"""All that is known about one task: the panel behind *Details* and `/status`. Pure; Telegram HTML comes out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.text.cards import explained, span, who
from bot.text.catalogue import Html, cut, lines, say
from bot.text.message import ActionButton, Button, CopyButton, Message
from bot.tracking.history import Event
from bot.tracking.model import Ending, Subscription, Task
from providers.base import OutputKind, State

EVENTS = 12
RAW_LIMIT = 600
WORD_LIMIT = 60
MINUTE, DAY = 60.0, 86_400.0
# Telegram's bound on what a button can copy.
_COPIED = 256


@dataclass(frozen=True, slots=True)
class Details:
    """What the panel is made from. Times are epoch seconds.

    `title` and `asked` as on the card. `accounts`: how many of the provider's accounts the bot has. `since`: when this
    chat asked for the task. `links_die`: when the first of the results' links does, None if they do not tell.
    """

    task: Task
    subscription: Subscription
    title: str
    asked: str
    accounts: int
    since: float
    links_die: float | None
    events: Sequence[Event]
    now: float


def panel(details: Details, language: str) -> Message:
    """The panel, with buttons to draw it anew, to ask once more where that makes sense, and to copy the ID."""
    task = details.task
    parts = [_state(details, language), say(language, "card.id", id=task.external_id)]
    if task.is_located:
        parts.insert(0, who(task, details.title, language))
    because = explained(task, language)
    if because:
        parts.append(because)
    elif task.trouble and task.ending is None and not details.subscription.stopped:
        parts.append(say(language, f"trouble.{task.trouble}", title=details.title or details.asked))
    parts += [*_facts(details, language), *_results(details, language), *_raw(task, language), *_log(details, language)]
    return Message(lines(*parts), (tuple(_buttons(details, language)),))


def _state(details: Details, language: str) -> Html:
    task = details.task
    if details.subscription.stopped:
        return say(language, "list.deadline")
    if task.ending in {Ending.DEADLINE, Ending.NOT_FOUND}:
        return say(language, f"list.{task.ending}")
    if task.snapshot is None:
        return say(language, "list.looking")
    if task.state is State.RUNNING and task.snapshot.progress is not None:
        return say(language, "list.running_at", progress=task.snapshot.progress)
    if task.state is State.UNKNOWN and task.snapshot.raw_status:
        return say(language, "card.unknown", word=cut(task.snapshot.raw_status, WORD_LIMIT))
    return say(language, f"list.{task.state}")


def _facts(details: Details, language: str) -> Iterator[Html]:
    task = details.task
    if task.kind:
        yield say(language, f"details.{task.kind}")
    if task.is_located and details.accounts > 1:
        yield say(language, "details.account", number=task.account + 1, count=details.accounts)
    made = task.snapshot.created_at if task.snapshot else None
    moments = {
        "made": made if made and made <= details.now else None,
        "sent": details.since,
        "seen": task.created_at if abs(task.created_at - details.since) >= MINUTE else None,
        "ended" if task.ending else "changed": task.changed_at,
    }
    for name, moment in moments.items():
        if moment:
            when = _ago(details.now - moment, language)
            yield say(language, f"details.{name}", ago=when, clock=_clock(moment, details.now))


def _results(details: Details, language: str) -> Iterator[Html]:
    outputs = details.task.snapshot.outputs if details.task.snapshot else ()
    count = sum(output.kind is not OutputKind.THUMBNAIL for output in outputs)
    if count:
        yield say(language, "details.files", count=count)
    if count and details.links_die is not None:
        left = details.links_die - details.now
        dead, lives = "details.links_dead", "details.links_live"
        yield say(language, lives, left=span(left, language)) if left > 0 else say(language, dead)


def _raw(task: Task, language: str) -> Iterator[Html]:
    """Word for word, request numbers included: this is what the gateway's support asks for."""
    error = task.snapshot.error if task.snapshot else None
    if error:
        key = "details.raw_code" if error.code and error.code != error.message else "details.raw"
        yield say(language, key, message=cut(error.message, RAW_LIMIT), code=cut(error.code or "", WORD_LIMIT))


def _log(details: Details, language: str) -> Iterator[Html]:
    entries = [
        say(
            language,
            "details.event",
            clock=_clock(event.at, details.now),
            what=say(language, _key(event), detail=cut(event.detail, WORD_LIMIT)),
        )
        for event in details.events[-EVENTS:]
    ]
    if entries:
        yield say(language, "details.log", events=lines(*entries))


def _key(event: Event) -> str:
    return f"event.{event.what}_at" if event.what == State.RUNNING and event.detail else f"event.{event.what}"


def _buttons(details: Details, language: str) -> Iterator[Button]:
    subscription, task = details.subscription, details.task
    yield ActionButton(say(language, "button.refresh"), f"details:{subscription.id}:panel")
    if subscription.stopped or (task.ending and not task.succeeded):
        yield ActionButton(say(language, "button.again"), f"again:{subscription.id}")
    if len(task.external_id) <= _COPIED:
        yield CopyButton(say(language, "button.copy"), task.external_id)


def _ago(seconds: float, language: str) -> Html:
    if seconds < MINUTE:
        return say(language, "details.just_now")
    return say(language, "details.ago", span=span(seconds, language))


def _clock(moment: float, now: float) -> str:
    """UTC, since nobody knows the reader's clock; with the day where it is not of the last 24 hours."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M" if now - moment < DAY else "%m-%d %H:%M")
