"""Cuts what a person wrote into words, addresses, JSON documents and curl lines. Pure; judges none of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.intake.curl import Command, commands
from bot.intake.documents import Document, documents

# Behind these anything is meant as an ID: `task_id: …`, `"id": "…`, `id=…`, `任务ID：…`.
_LABEL = (
    r"[\"'“”‘’`*]{0,2}"
    r"(?:(?:task|video|job|generation|request)[\s_-]?id|uuid|[\u3400-\u9fff]{0,12}[ ]?(?:id|编号|任务))"
    r"[\"'“”‘’`*]{0,2}\s{0,9}[:：=]\s{0,9}"
)
_TOKEN = re.compile(
    rf"(?P<break>\n)|(?P<label>{_LABEL})"
    r"|[\"'“‘`«<(\[]?(?P<address>https?://(?:(?!,https?://)[^\s<>\"'`“”‘’|\\^\u3000-\u303f\u3400-\u9fff\uff00-\uffef])*)[\"'”’`»>)\].;]*"
    r"|(?P<word>(?:(?!https?://)[^\s,，、；])+)",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "”": "”", "‘": "’", "«": "»"}
_ENDS_OF_SENTENCE = ",.;:!?)]}*。：！？）"
_LOOSE = re.compile(r"[^\s,;|\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
_AROUND = "()[]<>\"'“”‘’`*.,;:!?"

Kind = Literal["word", "labelled", "address", "document", "command", "break"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece. `text` is that of a word or an address; a labelled one is a word that is said to be an ID."""

    kind: Kind
    text: str = ""
    document: Document | None = None
    command: Command | None = None


def split(text: str) -> list[Piece]:
    """The pieces of `text`, in order. A break stands for every end of a line outside of documents and commands."""
    found, end = list[Piece](), 0
    for command in commands(text):
        found += [*_outside_commands(text[end : command.start]), Piece("command", command=command)]
        end = command.end
    return [*found, *_outside_commands(text[end:])]


def loose_words(piece: Piece) -> list[str]:
    """What of a word in a sentence could be an ID: without punctuation, and without the Chinese around it."""
    return [word for part in _LOOSE.findall(piece.text) if (word := part.strip(_AROUND))]


def bare(word: str) -> str:
    """`word` without the quotes around it and the punctuation behind it; braces stay."""
    word = word.rstrip(".;")
    if len(word) > 1 and _QUOTES.get(word[0]) == word[-1]:
        word = word[1:-1]
    return word.rstrip(".;")


def _outside_commands(text: str) -> Iterator[Piece]:
    end = 0
    for document in documents(text):
        yield from _words(text[end : document.start])
        yield Piece("document", document=document)
        end = document.end
    yield from _words(text[end:])


def _words(text: str) -> Iterator[Piece]:
    is_labelled = False
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "label":
                is_labelled = True
                continue
            case "break":
                yield Piece("break")
            case "address":
                yield Piece("address", token["address"].rstrip(_ENDS_OF_SENTENCE))
            case _:
                yield Piece("labelled" if is_labelled else "word", token[0])
        is_labelled = False
