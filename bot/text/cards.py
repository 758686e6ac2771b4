"""Every text that a task or a command gets in a chat, from facts and a language. Pure; Telegram HTML comes out.

`title` is always the provider's name for people, "" while nobody has answered for the task.
"""

from dataclasses import dataclass

from bot.text.catalogue import Html, cut, lines, plain, say
from bot.text.message import LinkButton, Message
from bot.tracking.model import Delivery, Ending, OutboxKind, Subscription, Task
from providers.base import Output, OutputKind, State

BAR = 10
MESSAGE_LIMIT = 300
PROMPT_LIMIT = 600
WORD_LIMIT = 60
ID_SHOWN = 80
LIST_PAGE = 20
TOAST_LIMIT = 200


def card(task: Task, subscription: Subscription, title: str, asked: str, language: str) -> Message:
    """The status card. `asked` names the providers that are asked while nobody has answered for the ID."""
    parts = [_state(task, subscription, title, asked, language)]
    if task.is_located:
        parts.insert(0, _who(task, title, language))
    if task.trouble and task.ending is None and not subscription.stopped:
        parts.append(say(language, f"trouble.{task.trouble}", title=title or asked))
    parts.append(say(language, "card.id", id=task.external_id))
    return Message(lines(*parts))


def end_line(task: Task, row: Delivery, title: str, language: str) -> Message:
    """The short line that makes the sound. It stays true whatever becomes of the media."""
    end = _end(task, row, title, language)
    if row.kind is not OutboxKind.HEADER:
        return Message(end)
    reason = _reason(task)
    return Message(say(language, "end.because", end=end, message=reason) if reason else _prompted(task, end, language))


def caption(task: Task, row: Delivery, title: str, language: str) -> Html:
    """What stands below the media: which model, and the prompt folded away."""
    end = _end(task, row, title, language)
    return end if row.part else _prompted(task, end, language)


@dataclass(frozen=True, slots=True)
class Link:
    """Why there is only a link: too_large, refused, not_allowed, gone, unavailable.

    `size` of the file in bytes, `left` seconds until the link dies; None where that is not known.
    """

    why: str
    size: int | None = None
    left: float | None = None


def link(task: Task, row: Delivery, title: str, language: str, link: Link) -> Message:
    """The end without a file in the chat: why, for how long, and a button where there is an address to open."""
    end, output = _end(task, row, title, language), output_of(task, row.outputs[0])
    is_dead = link.why == "unavailable" and link.left is not None and link.left <= 0
    if link.why == "gone" or is_dead:
        return Message(say(language, "link.gone", end=end))
    if output.needs_auth or not output.url.startswith(("https://", "http://")):
        return link_to_nothing(task, row, title, language)
    why = "too_large_unknown" if link.why == "too_large" and not link.size else link.why
    megabytes = -(-(link.size or 0) // 1_000_000)
    parts = [say(language, f"link.{why}", end=end, size=megabytes)]
    if link.left and link.left > 0:
        parts.append(say(language, "link.lives", left=_span(link.left, language)))
    label = say(language, "link.button_size" if link.size else "link.button", size=megabytes)
    return Message(lines(*parts), ((LinkButton(label, output.url),),))


def link_to_nothing(task: Task, row: Delivery, title: str, language: str) -> Message:
    """The end without a file and without an address that could be opened."""
    return Message(say(language, "link.nowhere", end=_end(task, row, title, language)))


def reply(facts: dict[str, str], providers: str, language: str) -> Message:
    """A command's answer. `facts["say"]` has its keys in the catalogue, one paragraph each.

    Where a key is said of IDs, they stand in the facts under that key, a line each.
    """
    values: dict[str, object] = {name: cut(value, ID_SHOWN) for name, value in facts.items()}
    values["providers"] = providers or say(language, "reply.no_providers")
    parts = []
    for key in facts["say"].split():
        ids = facts.get(key, "").split()
        sentence = f"reply.{key}_many" if len(ids) > 1 else f"reply.{key}"
        parts.append(say(language, sentence, **values, ids=_ids(ids, language), count=len(ids)))
    return Message(lines(*parts))


def listing(found: list[tuple[Subscription, Task, str]], language: str) -> Message:
    """What a chat follows: (subscription, task, title), one more than a page if there are more."""
    if not found:
        return Message(say(language, "list.empty"))
    rows = [
        say(
            language,
            "list.row",
            who=_who(task, title, language),
            state=_brief(task, language),
            id=cut(task.external_id, ID_SHOWN),
        )
        for _, task, title in found[:LIST_PAGE]
    ]
    if len(found) > LIST_PAGE:
        rows.append(say(language, "list.more"))
    return Message(lines(say(language, "list.title"), *rows))


def notice(facts: dict[str, str], title: str, language: str) -> Message:
    """What the operator has to know; `facts["say"]` is its key in the catalogue."""
    return Message(say(language, f"notice.{facts['say']}", **{**facts, "title": title}))


def toast(facts: dict[str, str], language: str) -> str:
    """What a person sees for a moment after pressing a button, without markup; "" for nothing."""
    return plain(say(language, f"toast.{facts['say']}"), TOAST_LIMIT) if facts["say"] else ""


def refusal(user_id: int, language: str) -> Message:
    """To somebody who is not let in: the ID to give to the operator."""
    return Message(say(language, "refusal", user_id=user_id))


def output_of(task: Task, place: int) -> Output:
    """The output at that position; a task that needs a second request has one that nobody has seen yet."""
    outputs = task.snapshot.outputs if task.snapshot else ()
    return outputs[place] if place < len(outputs) else Output(OutputKind.VIDEO, "")


def _ids(ids: list[str], language: str) -> Html:
    """IDs in one sentence, each set apart so that a tap copies it."""
    shown = [say(language, "card.id", id=cut(one, ID_SHOWN)) for one in ids]
    return Html(say(language, "reply.comma").join(shown))


def _who(task: Task, title: str, language: str) -> Html:
    """Model and provider; an ID that nobody answered for has to speak for itself."""
    if task.snapshot and task.snapshot.model:
        return say(language, "card.who", model=cut(task.snapshot.model, WORD_LIMIT), title=title)
    return say(language, "card.who_short", title=title or cut(task.external_id, ID_SHOWN))


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


def _end(task: Task, row: Delivery, title: str, language: str) -> Html:
    who = _who(task, title, language)
    if task.ending is Ending.DEADLINE:
        return say(language, "end.deadline", who=who)
    if not task.succeeded or task.snapshot is None:
        return say(language, f"end.{task.state}", who=who)
    if row.outputs:
        return say(language, f"end.{output_of(task, row.outputs[0]).kind}", who=who)
    count = sum(output.kind in {OutputKind.IMAGE, OutputKind.VIDEO} for output in task.snapshot.outputs)
    return say(language, "end.files", who=who, count=count) if count else say(language, "end.succeeded", who=who)


def _reason(task: Task) -> str:
    if task.succeeded or task.snapshot is None or task.snapshot.error is None:
        return ""
    return cut(task.snapshot.error.message, MESSAGE_LIMIT)


def _prompted(task: Task, end: Html, language: str) -> Html:
    if task.snapshot is None or not task.snapshot.prompt or not task.succeeded:
        return end
    return lines(end, say(language, "caption.prompt", prompt=cut(task.snapshot.prompt, PROMPT_LIMIT)))


def _brief(task: Task, language: str) -> Html:
    if task.ending in {Ending.DEADLINE, Ending.NOT_FOUND}:
        return say(language, f"list.{task.ending}")
    if task.snapshot is None:
        return say(language, "list.looking")
    if task.state is State.RUNNING and task.snapshot.progress is not None:
        return say(language, "list.running_at", progress=task.snapshot.progress)
    return say(language, f"list.{task.state}")


def _span(seconds: float, language: str) -> Html:
    """A length of time as people say it, in the largest unit of which it has at least two."""
    for unit, length in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * length:
            return say(language, f"span.{unit}", count=int(seconds // length))
    return say(language, "span.minutes", count=max(1, int(seconds // 60)))


def _bar(progress: int) -> str:
    filled = progress * BAR // 100
    return "▰" * filled + "▱" * (BAR - filled)
