"""What commands and buttons are answered with, and what the operator is told. Pure; Telegram HTML comes out."""

from bot.text.cards import ID_SHOWN, span
from bot.text.catalogue import CATALOGUES, Html, bare, cut, lines, say
from bot.text.message import Message

TOAST_LIMIT = 200
# Answers to a press that say why nothing was done, or what comes now: they stay until they are read.
_TO_BE_READ = frozenset(
    {"not_yours", "not_admin", "not_let_in", "admins_only", "forged", "slow_down"}
    | {"asked", "asked_already", "crowded", "turned_down", "broken", "not_forgetting"}
    | {"not_admin_of_tokens", "no_programs", "too_many_tokens", "token_sent"}
)


def reply(facts: dict[str, str], providers: str, language: str) -> Message:
    """A command's answer. `facts["say"]` has its keys in the catalogue, one paragraph each.

    Where a key is said of IDs, they stand in the facts under that key, a line each.
    """
    values: dict[str, object] = {name: cut(value, ID_SHOWN) for name, value in facts.items()}
    values["providers"] = providers or say(language, "reply.no_providers")
    values["languages"] = ", ".join(f"{own['language.name']} ({code})" for code, own in CATALOGUES.items())
    parts = []
    for key in facts["say"].split():
        ids = facts.get(key, "").split()
        sentence = f"reply.{key}_many" if len(ids) > 1 else f"reply.{key}"
        parts.append(say(language, sentence, **values, ids=_ids(ids, language), count=len(ids)))
    return Message(lines(*parts))


def notice(facts: dict[str, str], title: str, language: str) -> Message:
    """What the operator has to know; `facts["say"]` is its key in the catalogue."""
    return Message(
        say(
            language,
            f"notice.{facts['say']}",
            who=account(title, facts["account"], language),
            span=span(float(facts.get("seconds", 0)), language),
            waiting=facts.get("waiting", 0),
            setting=facts["setting"],
        )
    )


def account(title: str, number: str, language: str) -> str:
    """An account by its provider's title, and by its number where there are several; else that is ""."""
    return say(language, "notice.account", title=title, account=number) if number else title


def toast(facts: dict[str, str], language: str) -> str:
    """What a person sees for a moment after pressing a button, without markup; "" for nothing."""
    return bare(say(language, f"toast.{facts['say']}"), TOAST_LIMIT) if facts["say"] else ""


def is_alert(facts: dict[str, str]) -> bool:
    """Whether the person has to read it, rather than see it in passing."""
    return facts["say"] in _TO_BE_READ


def _ids(ids: list[str], language: str) -> Html:
    """IDs in one sentence, each set apart so that a tap copies it."""
    shown = [say(language, "card.id", id=cut(one, ID_SHOWN)) for one in ids]
    return Html(say(language, "reply.comma").join(shown))
