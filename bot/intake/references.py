"""From what a person wrote to the tasks that are meant. Pure: asks nobody, stores nothing, knows nothing of Telegram.

Two readers on the same pieces. The strict one is for what follows a command: all of it is meant, so what can not be
understood is a mistake. The loose one is for what was not written to the bot, or not for it alone: only what can be
nothing else than an ID counts, the rest is talk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.intake.addresses import host_of, provider_at, read_address, read_exactly, with_scheme
from bot.intake.curl import Command
from bot.intake.documents import Json, documents, id_of, links_in, tasks_in
from bot.intake.keys import holds_key
from bot.intake.meaning import Mistake, Reference, bad_id, can_be_id, is_likely, is_meant_as_id, is_strong, unknown_word
from bot.intake.pieces import Piece, bare, loose_words, split
from bot.tracking.gateways import fold_name
from providers.base import KINDS, Provider
from providers.vocabulary import fold_keys

MOST = 20
# `/track ID 123`, as the help has it.
_FILLERS = frozenset({"id", "ids", "taskid"})

Providers = Sequence[Provider]
# A reference without an ID: the words that say where to look.
_ANYWHERE = Reference("")


def read_references(
    text: str, providers: Providers, quoted: Sequence[str] = ()
) -> tuple[Reference, ...] | Mistake | None:
    """What follows a command: IDs, addresses, JSON, curl lines, and words for a provider or a kind; None for nothing.

    `quoted`: what the message replies to, the likeliest part first. It counts where the text itself holds no ID.
    """
    found = _strictly(split(text), providers)
    if isinstance(found, Mistake):
        return found
    references, scope = found
    if not references and not quoted:
        return None
    for part in quoted if not references else ():
        references = [_filled(reference, scope) for reference in _loosely(split(part), providers)]
        if references:
            break
    return _settled(references) if references else Mistake("reply_without_id")


def read_talk(text: str, providers: Providers) -> tuple[Reference, ...] | Mistake | None:
    """A message without a command: what can be nothing else than a reference, None for none.

    Words for a provider or a kind count only in a message that holds nothing but them and IDs. Where one word is all
    there is, less is needed for it to be an ID than in a sentence.
    """
    pieces = split(text)
    loose = _loosely(pieces, providers)
    strict = _strictly(pieces, providers)
    typed = [] if isinstance(strict, Mistake) else strict[0]
    is_all = typed and {one.task_id for one in typed} == {one.task_id for one in loose}
    is_alone = len(typed) == 1 and not loose and is_likely(typed[0].task_id)
    found = typed if is_all or is_alone else loose
    return _settled(found) if found else None


def _settled(references: Sequence[Reference]) -> tuple[Reference, ...] | Mistake:
    """Each task once: an ID that comes again may say what the first one left open."""
    by_id: dict[str, list[Reference]] = {}
    for reference in references:
        known = by_id.setdefault(reference.task_id, [])
        same = next((place for place, one in enumerate(known) if _agree(one, reference)), None)
        if same is None:
            known.append(reference)
        else:
            known[same] = _filled(known[same], reference)
    kept = tuple(one for known in by_id.values() for one in known)
    return kept if len(kept) <= MOST else Mistake("too_many_ids", str(len(kept)))


def _agree(one: Reference, other: Reference) -> bool:
    same_provider = not (one.provider and other.provider) or one.provider == other.provider
    same_kind = not (one.kind and other.kind) or one.kind == other.kind
    return one.task_id == other.task_id and same_provider and same_kind


def _filled(reference: Reference, scope: Reference) -> Reference:
    return replace(reference, provider=reference.provider or scope.provider, kind=reference.kind or scope.kind)


# The strict reader


def _strictly(pieces: Sequence[Piece], providers: Providers) -> tuple[list[Reference], Reference] | Mistake:
    """The references, and the scope that is open at the end: words that still wait for an ID."""
    keywords = _keywords(providers)
    if any(piece.kind in {"document", "command"} for piece in pieces):
        return _beside_code(pieces, providers, keywords)
    # The first word is always meant as an ID; beside an address or a label it may just as well be talk.
    is_first = all(piece.kind in {"word", "break"} for piece in pieces)
    lines: list[list[Reference]] = [[]]
    for piece in pieces:
        if piece.kind == "break":
            lines.append([])
            continue
        meant = _meant(piece, providers, keywords, is_first=is_first)
        if isinstance(meant, Mistake):
            return meant
        is_first = is_first and not (meant and meant.task_id)
        lines[-1] += [meant] if meant else []
    return _scoped(lines)


def _meant(
    piece: Piece, providers: Providers, keywords: dict[str, Reference], *, is_first: bool
) -> Reference | Mistake | None:
    """One piece of a command: a reference, a keyword as a reference without an ID, None for a filler."""
    if piece.kind == "address":
        return read_address(piece.text, providers)
    word = bare(piece.text)
    if holds_key(word) or word.lower() == "bearer":
        return Mistake("key_for_id")
    if piece.kind == "word" and fold_name(word) in keywords:
        return keywords[fold_name(word)]
    if piece.kind == "word" and fold_name(word) in _FILLERS:
        return None
    if address := with_scheme(word, providers):
        return read_address(address, providers)
    if not (is_first or piece.kind == "labelled" or is_meant_as_id(word)):
        return unknown_word(word)
    return Reference(word) if can_be_id(word, providers) else bad_id(piece.text)


def _scoped(lines: Iterable[Sequence[Reference]]) -> tuple[list[Reference], Reference] | Mistake:
    """Keywords count for the references of their line; where there are none, for the lines below.

    In a last line they can only be meant for what stands above.
    """
    found: list[Reference] = []
    scope, is_open = _ANYWHERE, False
    for line in filter(None, lines):
        own = _together([meant for meant in line if not meant.task_id])
        if isinstance(own, Mistake):
            return own
        references = [meant for meant in line if meant.task_id]
        if references:
            found += [_filled(_filled(reference, own), scope) for reference in references]
        else:
            scope = _filled(own, scope) if is_open else own
        is_open = not references
    return ([_filled(reference, scope) for reference in found] if is_open else found), scope


def _together(keywords: Iterable[Reference]) -> Reference | Mistake:
    together = _ANYWHERE
    for keyword in keywords:
        if not _agree(together, keyword):
            return Mistake("one_per_line", keyword.provider or keyword.kind)
        together = _filled(together, keyword)
    return together


def _beside_code(
    pieces: Sequence[Piece], providers: Providers, keywords: dict[str, Reference]
) -> tuple[list[Reference], Reference] | Mistake:
    """Where JSON or a curl line was pasted, it is what is meant, and words beside it are talk, but for keywords."""
    found = _code(pieces, providers)
    words = [keywords[word] for piece in pieces if (word := fold_name(bare(piece.text))) in keywords]
    scope = _together(words)
    mistakes = [one for one in found if isinstance(one, Mistake)]
    references = [one for one in found if isinstance(one, Reference)]
    refusals = [mistake for mistake in mistakes if mistake.say == "bad_id" or not references]
    if isinstance(scope, Mistake) or refusals:
        return scope if isinstance(scope, Mistake) else refusals[0]
    return [_filled(reference, scope) for reference in references], scope


def _keywords(providers: Providers) -> dict[str, Reference]:
    """Every word that says where to look, in one spelling."""
    names = {fold_name(name): Reference("", one.name) for one in providers for name in (one.title, one.name)}
    return {**names, **{kind: Reference("", kind=kind) for kind in KINDS}}


# The loose reader


def _loosely(pieces: Sequence[Piece], providers: Providers) -> list[Reference]:
    """Only what can be nothing else. Words beside JSON and curl lines are not looked at: headers, log IDs."""
    found = [one for one in _code(pieces, providers) if isinstance(one, Reference)]
    if found and any(piece.kind in {"document", "command"} for piece in pieces):
        return found
    keywords = _keywords(providers)
    return [reference for piece in pieces for reference in _loose(piece, providers, keywords)]


def _loose(piece: Piece, providers: Providers, keywords: dict[str, Reference]) -> list[Reference]:
    address = piece.text if piece.kind == "address" else with_scheme(bare(piece.text), providers)
    if address:
        found = read_address(address, providers)
        return [found] if isinstance(found, Reference) else []
    # The name of a provider may look like an ID.
    words = [word for word in loose_words(piece) if fold_name(word) not in keywords and can_be_id(word, providers)]
    return [
        Reference(word)
        for place, word in enumerate(words)
        if is_strong(word) or (piece.kind == "labelled" and place == 0)
    ]


# JSON and curl lines, which both read alike


def _code(pieces: Iterable[Piece], providers: Providers) -> list[Reference | Mistake]:
    """What the documents and commands mean, and the known addresses beside them."""
    found: list[Reference | Mistake] = []
    for piece in pieces:
        if piece.document:
            found += [_task(task, providers) for task in tasks_in(piece.document.value)]
        elif piece.command:
            found += [_command(piece.command, providers)]
        elif piece.kind == "address" and isinstance(known := read_address(piece.text, providers), Reference):
            found += [known]
    return found


def _task(task: Json, providers: Providers) -> Reference | Mistake:
    """The address at which one asks for it says most; else its ID, of which nobody knows whose it is."""
    for link in links_in(task):
        if exact := read_exactly(link, providers):
            return exact
    task_id = id_of(task)
    if not task_id:
        return Mistake("json_without_id")
    return Reference(task_id) if can_be_id(task_id, providers) else bad_id(task_id)


def _command(command: Command, providers: Providers) -> Reference | Mistake:
    """Only the address and the data; one that makes a generation speaks of none that exists."""
    address = command.address
    known = read_address(address, providers)
    bodies = [document.value for data in command.data for document in documents(data)]
    if any(fold_keys(body).keys() & {"prompt", "model"} for body in bodies):
        return Mistake("call_without_id", host_of(address))
    if isinstance(known, Reference):
        return known
    if known.say == "unknown_address":
        return known
    for body in bodies:
        found = _task(body, providers)
        if isinstance(found, Reference):
            return _filled(found, Reference("", provider_at(address, providers)))
    return Mistake("call_without_id", known.text)
