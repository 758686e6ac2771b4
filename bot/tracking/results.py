"""Into which messages a finished task's outcome is put. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.tracking.choices import Deliver
from bot.tracking.model import AGAIN, Ending, OutboxKind, Task
from providers.base import Output, OutputKind

ALBUM_SIZE = 10

_IN_ALBUMS = frozenset({OutputKind.IMAGE, OutputKind.VIDEO})


@dataclass(frozen=True, slots=True)
class Part:
    """One message, or one album, of a result: its kind and the positions of what it carries.

    `as_file`: it comes as the file itself. A header with outputs carries links to them.
    """

    kind: OutboxKind
    outputs: tuple[int, ...] = ()
    as_file: bool = False


def parts(task: Task) -> tuple[Part, ...]:
    """The messages of an ended task in their order; the first one makes the sound, the others are silent.

    A task that nobody knows says so on its card and needs no message of its own.
    """
    if task.ending is Ending.NOT_FOUND:
        return ()
    if not task.succeeded or task.snapshot is None:
        return (Part(OutboxKind.HEADER),)
    if not task.snapshot.outputs:
        return (Part(OutboxKind.RESULT, (0,)) if task.snapshot.needs_fetch else Part(OutboxKind.HEADER),)
    return tuple(_media(task.snapshot.outputs))


def wished(task: Task, deliver: Deliver) -> dict[int, Part]:
    """The same in the form that a chat wishes, by their numbers: the parts of an ended task go in their order."""
    plain = parts(task)
    match deliver:
        case Deliver.MEDIA:
            return dict(enumerate(plain))
        case Deliver.LINK:
            return dict(enumerate(_links(task, plain)))
        case Deliver.DOCUMENT:
            return dict(enumerate(map(_as_file, plain)))
        case Deliver.BOTH:
            files = (_as_file(part) for part in plain if part.outputs)
            return {**dict(enumerate(plain)), **dict(enumerate(files, start=AGAIN))}


def is_openable(output: Output) -> bool:
    """Whether people can open its address."""
    return not output.needs_auth and output.url.startswith(("https://", "http://"))


def _as_file(part: Part) -> Part:
    return replace(part, as_file=bool(part.outputs))


def _links(task: Task, plain: tuple[Part, ...]) -> tuple[Part, ...]:
    """All that stands together as one message; what has no address to open comes as media."""
    outputs = task.snapshot.outputs if task.snapshot else ()

    def linked(*together: Part) -> tuple[Part, ...]:
        places = tuple(place for part in together for place in part.outputs)
        can_open = places and all(place < len(outputs) and is_openable(outputs[place]) for place in places)
        return (Part(OutboxKind.HEADER, places),) if can_open else together

    main = [part for part in plain if part.kind is OutboxKind.HEADER or _is_main(outputs, part)]
    rest = [part for part in plain if part not in main]
    return (*linked(*main), *(link for part in rest for link in linked(part)))


def _is_main(outputs: tuple[Output, ...], part: Part) -> bool:
    return all(place >= len(outputs) or outputs[place].kind in _IN_ALBUMS for place in part.outputs)


def _media(outputs: tuple[Output, ...]) -> Iterator[Part]:
    main = [place for place, output in enumerate(outputs) if output.kind in _IN_ALBUMS]
    rest = [place for place, output in enumerate(outputs) if output.kind in {OutputKind.AUDIO, OutputKind.LAST_FRAME}]
    if len(main) == 1:
        yield Part(OutboxKind.RESULT, (main[0],))
    elif main:
        yield Part(OutboxKind.HEADER)
        yield from _albums(main)
    for place in rest:
        yield Part(OutboxKind.RESULT, (place,))
    if not main and not rest:
        yield Part(OutboxKind.HEADER)


def _albums(places: list[int]) -> Iterator[Part]:
    """Tens, and what is left over; a single one that is left is no album."""
    for start in range(0, len(places), ALBUM_SIZE):
        chunk = tuple(places[start : start + ALBUM_SIZE])
        yield Part(OutboxKind.ALBUM if len(chunk) > 1 else OutboxKind.RESULT, chunk)
