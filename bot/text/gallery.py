"""What stands beside somebody's own media where it is offered in a chat, and below it once it is sent there. Pure."""

from dataclasses import dataclass

from bot.text.cards import WORD_LIMIT, who
from bot.text.catalogue import Html, bare, cut, lines, say
from bot.tracking.model import Task

TITLE_LIMIT = 100
DESCRIPTION_LIMIT = 200
PROMPT_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Label:
    """`title` and `description` have no markup."""

    title: str
    description: str
    caption: Html


def label(task: Task, title: str, language: str) -> Label:
    """`title` is the provider's name for people."""
    model, prompt = "", ""
    if task.snapshot:
        model, prompt = task.snapshot.model or "", " ".join((task.snapshot.prompt or "").split())
    name = cut(model or title, WORD_LIMIT)
    heading = bare(say(language, "gallery.title", name=name, prompt=prompt or task.external_id), TITLE_LIMIT)
    # Said by way of the catalogue's escaping too: it takes out what is not to be seen.
    description = bare(say(language, "card.id", id=prompt or task.external_id), DESCRIPTION_LIMIT)
    head = who(task, title, language)
    quote = say(language, "caption.prompt", prompt=cut(prompt, PROMPT_LIMIT))
    return Label(heading, description, lines(head, quote) if prompt else head)
