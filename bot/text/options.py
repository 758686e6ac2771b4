"""The panel on which a chat or a topic chooses, from facts and a language. Pure; Telegram HTML comes out."""

from dataclasses import dataclass

from bot.text.catalogue import CATALOGUES, Html, bare, lines, say
from bot.text.message import ActionButton, Message
from bot.tracking.choices import FIELDS, NO_PROVIDER, Choices, Deliver, Notify

# Of a button's text, in UTF-16 units; phones show about so much of one.
BUTTON_LIMIT = 48
# So many providers fit below a message; Telegram takes a hundred buttons.
PROVIDERS_SHOWN = 90

Choice = str | bool | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where is chosen: `own` was chosen there, and `beyond` is what holds where it was not.

    `providers`: the titles of those that are set up, by name.
    """

    own: Choices
    beyond: Choices
    is_topic: bool
    is_private: bool
    providers: dict[str, str]


def panel(place: Place, page: str, language: str) -> Message:
    """The page of that field; of all of them where it is none."""
    return _page(place, page, language) if page in FIELDS else _root(place, language)


def _root(place: Place, language: str) -> Message:
    buttons = [
        (_button("options.row", language, f"choices:{field}", **_row(place, field, language)),) for field in FIELDS
    ]
    if place.is_topic:
        return Message(lines(say(language, "options.title_topic"), say(language, "options.inherits")), tuple(buttons))
    return Message(say(language, "options.title" if place.is_private else "options.title_group"), tuple(buttons))


def _row(place: Place, field: str, language: str) -> dict[str, Html]:
    own = getattr(place.own, field)
    value = _label(place, field, _held(place, field), language)
    is_inherited = place.is_topic and own is None
    return {
        "name": say(language, f"options.{field}"),
        "value": say(language, "options.inherited", value=value) if is_inherited else value,
    }


def _page(place: Place, field: str, language: str) -> Message:
    held = None if place.is_topic and getattr(place.own, field) is None else _held(place, field)
    buttons = [(_option(place, field, value, language, is_chosen=value == held),) for value in _values(place, field)]
    back = _button("options.back", language, "choices")
    title = say(language, "options.page", name=say(language, f"options.{field}"))
    return Message(lines(title, say(language, f"options.{field}.what")), (*buttons, (back,)))


def _option(place: Place, field: str, value: Choice, language: str, *, is_chosen: bool) -> ActionButton:
    if value is None and place.is_topic:
        beyond = _label(place, field, getattr(place.beyond, field), language)
        words = say(language, "options.inherit", value=beyond)
    else:
        words = _label(place, field, value, language)
    return _button(
        "options.chosen" if is_chosen else "options.open", language, f"choose:{field}:{_word(value)}", value=words
    )


def _values(place: Place, field: str) -> tuple[Choice, ...]:
    """What may be chosen, None for nothing: in a topic then the chat's choice holds."""
    own: dict[str, tuple[Choice, ...]] = {
        "language": tuple(CATALOGUES) if place.is_topic else (*CATALOGUES, None),
        "notify": tuple(Notify),
        "deliver": tuple(Deliver),
        "provider": (*list(place.providers)[:PROVIDERS_SHOWN], NO_PROVIDER),
    }
    values = own.get(field, (True, False))
    return (*values, None) if place.is_topic else values


def _held(place: Place, field: str) -> Choice:
    """What holds there now. A language that was not chosen is the one of the people's own apps."""
    value: Choice = getattr(place.own, field)
    if value is None and (place.is_topic or field != "language"):
        value = getattr(place.beyond, field)
    return NO_PROVIDER if value is None and field == "provider" else value


def _label(place: Place, field: str, value: Choice, language: str) -> Html:
    if field == "language":
        name = CATALOGUES.get(str(value), {}).get("language.name")
        return say(language, "options.open", value=name) if name else say(language, "options.language.auto")
    if field == "provider" and value in {None, NO_PROVIDER}:
        return say(language, "options.provider.none")
    if field == "provider":
        return say(language, "options.open", value=place.providers.get(str(value), value))
    if isinstance(value, bool):
        return say(language, "options.on" if value else "options.off")
    return say(language, f"options.{field}.{value}")


def _word(value: Choice) -> str:
    """As the button's data has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value or ""


def _button(key: str, language: str, data: str, **values: Html) -> ActionButton:
    return ActionButton(bare(say(language, key, **values), BUTTON_LIMIT), data)
