"""The question before a chat is forgotten. Pure; Telegram HTML comes out."""

from bot.text.catalogue import lines, say
from bot.text.message import ActionButton, Message


def question(facts: dict[str, str], language: str) -> Message:
    """What goes and what stays. `facts`: whose chat it is (private, group), until when it may be answered."""
    words = lines(say(language, f"forget.{facts['whose']}"), say(language, "forget.stays"))
    yes = ActionButton(say(language, "forget.yes"), f"forget:{facts['until']}", "danger")
    no = ActionButton(say(language, "forget.no"), "keep")
    return Message(words, ((yes,), (no,)))
