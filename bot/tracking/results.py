"""Into which messages a finished task's outcome is put. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.tracking.model import Ending, OutboxKind, Task
from providers.base import Output, OutputKind

ALBUM_SIZE = 10

_IN_ALBUMS = frozenset({OutputKind.IMAGE, OutputKind.VIDEO})


@dataclass(frozen=True, slots=True)
class Part:
    """One message, or one album, of a result: its kind and the positions of what it carries."""

    kind: OutboxKind
    outputs: tuple[int, ...] = ()


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
