"""What is said about programs that act for a chat: a new token, and the panel of all of them. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.text.catalogue import lines, say
from bot.text.message import ActionButton, CopyButton, Message
from bot.tracking.programs import Program, Secrets


def token(program: Program, secrets: Secrets, language: str, *, is_here: bool) -> Message:
    """A token, shown this once. `is_here`: the message stands in the chat that the token is for."""
    secret, callback = secrets.token(program.seed), secrets.callback_url(program)
    key = "programs.token" if is_here else "programs.token_of_group"
    parts = [say(language, key, number=program.id, token=secret), say(language, "programs.use")]
    if callback:
        parts.append(say(language, "programs.callback", url=callback))
    copy = CopyButton(say(language, "programs.copy"), secret)
    panel = ActionButton(say(language, "programs.panel"), "tokens")
    return Message(lines(*parts), ((copy,), (panel,)) if is_here else ((copy,),))


def panel(programs: Sequence[Program], language: str) -> Message:
    """The tokens of a chat or topic, without their secrets, and buttons to revoke them and to make one more."""
    rows = [say(language, "programs.row", number=one.id, made=_day(one)) for one in programs]
    title = say(language, "programs.title" if programs else "programs.none")
    new = ActionButton(say(language, "programs.new"), "newtoken")
    revoke = [
        (ActionButton(say(language, "programs.revoke", number=one.id), f"revoke:{one.id}", "danger"),)
        for one in programs
    ]
    if len(programs) > 1:
        revoke.append((ActionButton(say(language, "programs.revoke_all"), "revoke:all", "danger"),))
    return Message(lines(title, *rows), (*revoke, (new,)))


def gone(language: str) -> Message:
    """In the place of a token that does not work any more."""
    return Message(say(language, "programs.gone"))


def _day(program: Program) -> str:
    return datetime.fromtimestamp(program.created_at, UTC).strftime("%Y-%m-%d %H:%M")
