"""What is said about who is let in: requests, decisions, invitations, limits. Pure; Telegram HTML comes out."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from bot.text.catalogue import Html, cut, lines, say
from bot.text.message import ActionButton, Message
from bot.tracking.guests import Guest

# How much of a name that a person gave themselves is repeated.
NAME_SHOWN = 100

Facts = dict[str, str]


def refusal(user_id: int, language: str, *, may_ask: bool) -> Message:
    """To somebody who is not let in: the ID to give to the operator, or a button that asks for them."""
    if not may_ask:
        return Message(say(language, "refusal", user_id=user_id))
    button = ActionButton(say(language, "access.ask"), "ask")
    return Message(say(language, "refusal.may_ask", user_id=user_id), ((button,),))


def slow_down(language: str) -> Message:
    """To somebody whose commands are dropped."""
    return Message(say(language, "access.slow_down"))


def request(facts: Facts, language: str) -> Message:
    """To an admin: who asks to be let in. `facts`: id, name."""
    admit = ActionButton(say(language, "access.admit"), f"admit:{facts['id']}", "success")
    deny = ActionButton(say(language, "access.deny"), f"deny:{facts['id']}", "danger")
    return Message(_about("access.request", facts, language), ((admit, deny),))


def decision(facts: Facts, language: str) -> Message:
    """What became of a request, in its place. `facts`: id, name, verdict, and `by` whom, "" for earlier."""
    when = "" if facts["by"] else "_before"
    return Message(_about(f"access.{facts['verdict']}{when}", facts, language))


def invitation(facts: Facts, language: str) -> Message:
    """A link that lets people in. `facts`: link, uses, until."""
    key = "access.invitation" if facts["uses"] == "1" else "access.invitations"
    return Message(say(language, key, link=Html(facts["link"]), uses=facts["uses"], until=facts["until"]))


def guests(found: Sequence[Guest], language: str) -> Message:
    """How `/allow` is used, and who was let in so far."""
    rows = [say(language, "access.guest", id=one.id, name=cut(one.name, NAME_SHOWN)) for one in found]
    title = say(language, "access.guests" if rows else "access.no_guests")
    return Message(lines(say(language, "access.usage_allow"), title, *rows))


# What an answer's facts say, and how it is written.
MESSAGES: Mapping[str, Callable[[Facts, str], Message]] = MappingProxyType(
    {"request": request, "decision": decision, "invitation": invitation}
)


def _about(key: str, facts: Facts, language: str) -> Html:
    name, by = (cut(facts.get(one, ""), NAME_SHOWN) for one in ("name", "by"))
    return say(language, key, id=facts["id"], name=name or facts["id"], by=by)
