"""The end of a task, in words: the line that makes the sound, what stands below the media, and links instead of it.

Pure; Telegram HTML comes out. `title` is always the provider's name for people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.text.cards import explained, length, reason, span, who
from bot.text.catalogue import Html, cut, len_utf16, lines, plain, say
from bot.text.message import LinkButton, Message
from bot.tracking.estimates import took
from bot.tracking.model import Delivery, Ending, OutboxKind, Task
from bot.tracking.results import is_openable
from providers.base import Output, OutputKind

PROMPT_LIMIT = 600
# With less room than this, a prompt says nothing.
PROMPT_LEAST = 20
CAPTION_LIMIT = 1024


def end_line(task: Task, row: Delivery, title: str, language: str) -> Message:
    """The short line that makes the sound. It stays true whatever becomes of the media."""
    end = _end(task, row, title, language)
    if row.kind is not OutboxKind.HEADER:
        return Message(end)
    return Message(_prompted(task, end, language) if task.succeeded else _ended_badly(task, end, language))


def caption(task: Task, row: Delivery, title: str, language: str, seconds: float | None = None) -> Html:
    """What stands below the media: which model, the prompt folded away, the times, and the ID for whoever replies.

    `seconds` is the length of the clip, None where that is not known.
    """
    end = _end(task, row, title, language)
    if row.part:
        return end
    below = [*_times(task, seconds, language), _id(task, language)]
    room = CAPTION_LIMIT - len_utf16(plain(lines(end, *below), 2 * CAPTION_LIMIT)) - 1
    prompt = task.snapshot.prompt if task.snapshot and task.succeeded else None
    if prompt and room >= PROMPT_LEAST:
        below.insert(0, say(language, "caption.prompt", prompt=cut(prompt, min(PROMPT_LIMIT, room))))
    return lines(end, *below)


def reaction(tasks: Sequence[Task]) -> str:
    """The emoji on the message that asked for these tasks: seen, all done, or not all of them; "" without any."""
    if any(task.ending is None for task in tasks):
        return "👀"
    if not tasks:
        return ""
    return "🎉" if all(task.succeeded for task in tasks) else "👎"


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
        return Message(lines(say(language, "link.gone", end=end), _id(task, language)))
    if not is_openable(output):
        return link_to_nothing(task, row, title, language)
    why = "too_large_unknown" if link.why == "too_large" and not link.size else link.why
    megabytes = -(-(link.size or 0) // 1_000_000)
    parts = [say(language, f"link.{why}", end=end, size=megabytes)]
    if link.left and link.left > 0:
        parts.append(say(language, "link.lives", left=span(link.left, language)))
    parts.append(_id(task, language))
    label = say(language, "link.button_size" if link.size else "link.button", size=megabytes)
    return Message(lines(*parts), ((LinkButton(label, output.url),),))


def links(task: Task, row: Delivery, title: str, language: str, left: float | None) -> Message | None:
    """The end with a button for each of the row's outputs, which the chat wants so; None where one has no address.

    `left` seconds until the first link dies; None where that is not known.
    """
    outputs = [output_of(task, place) for place in row.outputs]
    if not all(map(is_openable, outputs)):
        return None
    is_one = len(outputs) == 1
    end = say(language, "link.wished" if is_one else "link.wished_all", end=_end(task, row, title, language))
    if left:
        end = lines(end, say(language, "link.lives", left=span(left, language)))
    buttons = [
        LinkButton(say(language, "link.button" if is_one else "link.button_number", number=number), output.url)
        for number, output in enumerate(outputs, start=1)
    ]
    pairs = (tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))
    return Message(end if row.part else _prompted(task, end, language), tuple(pairs))


def link_to_nothing(task: Task, row: Delivery, title: str, language: str) -> Message:
    """The end without a file and without an address that could be opened."""
    return Message(lines(say(language, "link.nowhere", end=_end(task, row, title, language)), _id(task, language)))


def output_of(task: Task, place: int) -> Output:
    """The output at that position; a task that needs a second request has one that nobody has seen yet."""
    outputs = task.snapshot.outputs if task.snapshot else ()
    return outputs[place] if place < len(outputs) else Output(OutputKind.VIDEO, "")


def _end(task: Task, row: Delivery, title: str, language: str) -> Html:
    name = who(task, title, language)
    if task.ending is Ending.DEADLINE:
        return say(language, "end.deadline", who=name)
    if not task.succeeded or task.snapshot is None:
        return say(language, f"end.{task.state}", who=name)
    if row.is_again:
        return say(language, "end.file", who=name)
    kinds = [output_of(task, place).kind for place in row.outputs] or [
        output.kind for output in task.snapshot.outputs if output.kind in {OutputKind.IMAGE, OutputKind.VIDEO}
    ]
    if len(kinds) == 1:
        return say(language, f"end.{kinds[0]}", who=name)
    return say(language, "end.files" if kinds else "end.succeeded", who=name, count=len(kinds))


def _times(task: Task, seconds: float | None, language: str) -> list[Html]:
    """How long the clip is and how long it took, in one line or none."""
    values = {"length": seconds, "took": took(task)}
    known = {name: length(value, language) for name, value in values.items() if value}
    return [say(language, "caption." + "_".join(known), **known)] if known else []


def _ended_badly(task: Task, end: Html, language: str) -> Html:
    """The gateway's own words stand below, folded away where a plain sentence says what they mean."""
    because, words = explained(task, language), reason(task) if task.ending is Ending.DONE else ""
    if because:
        end = say(language, "end.because", end=end, because=because, message=words)
    elif words:
        end = say(language, "end.quoted", end=end, message=words)
    return lines(end, _id(task, language))


def _id(task: Task, language: str) -> Html:
    return say(language, "card.id", id=task.external_id)


def _prompted(task: Task, end: Html, language: str) -> Html:
    if task.snapshot is None or not task.snapshot.prompt or not task.succeeded:
        return end
    return lines(end, say(language, "caption.prompt", prompt=cut(task.snapshot.prompt, PROMPT_LIMIT)))
