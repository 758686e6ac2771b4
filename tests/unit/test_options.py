"""The panel of settings, and which results can be links."""

import itertools

import pytest

from bot.text import options
from bot.text.catalogue import CATALOGUES, language_named
from bot.text.message import ActionButton, Message
from bot.tracking.choices import FIELDS, NO_PROVIDER, Choices, Deliver, usual
from bot.tracking.model import Ending, OutboxKind, Task
from bot.tracking.results import Part, wished
from bot.tracking.seal import ROOM
from providers.base import Output, OutputKind, Snapshot, State

LANGUAGES = sorted(CATALOGUES)
LONGEST = "p" * 32
PROVIDERS = {"apipod": "APIPod", LONGEST: "A <title> & " + "x" * 100}


def place(own: Choices, *, is_topic: bool = False, providers: dict[str, str] | None = None) -> options.Place:
    beyond = Choices(language="zh").over(usual(-7))
    shown = PROVIDERS if providers is None else providers
    return options.Place(own, beyond, is_topic, is_private=False, providers=shown)


def buttons(message: Message) -> list[ActionButton]:
    return [button for button in itertools.chain(*message.buttons) if isinstance(button, ActionButton)]


def marked(message: Message) -> list[str]:
    return [button.data for button in buttons(message) if button.text.startswith("✅")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("is_topic", [False, True])
@pytest.mark.parametrize("page", ["", *FIELDS])
def test_every_page_fits_and_marks_one_value(language: str, page: str, *, is_topic: bool) -> None:
    message = options.panel(place(Choices(), is_topic=is_topic), page, language)
    for button in buttons(message):
        assert len(button.data.encode()) <= ROOM
        assert 0 < len(button.text.encode("utf-16-le")) // 2 <= options.BUTTON_LIMIT
        assert "&lt;" not in button.text
    assert len(marked(message)) == bool(page)
    assert len({button.data for button in buttons(message)}) == len(buttons(message))
    if is_topic and page:
        assert marked(message) == [f"choose:{page}:"]


@pytest.mark.parametrize(
    ("field", "value", "data"),
    [
        ("language", "zh", "zh"),
        ("deliver", Deliver.BOTH, "both"),
        ("spoiler", False, "off"),
        ("spoiler", True, "on"),
        ("provider", LONGEST, LONGEST),
        ("provider", NO_PROVIDER, NO_PROVIDER),
    ],
)
@pytest.mark.parametrize("is_topic", [False, True])
def test_what_was_chosen_is_marked(field: str, value: str | bool, data: str, *, is_topic: bool) -> None:
    own = Choices(**{field: value})  # type: ignore[arg-type]
    assert marked(options.panel(place(own, is_topic=is_topic), field, "en")) == [f"choose:{field}:{data}"]


def test_a_topic_says_what_it_has_from_its_chat() -> None:
    texts = [button.text for button in buttons(options.panel(place(Choices(spoiler=True), is_topic=True), "", "en"))]
    assert "🌐 Language: 中文 ↑" in texts
    assert "🙈 Spoiler: on" in texts
    assert "🧭 Preferred gateway: none ↑" in texts


def test_languages_are_called_as_they_call_themselves() -> None:
    names = {sentences["language.name"] for sentences in CATALOGUES.values()}
    for language in LANGUAGES:
        shown = {button.text for button in buttons(options.panel(place(Choices(language="x")), "language", language))}
        assert names <= shown


def test_a_provider_that_is_gone_and_very_many_of_them_break_nothing() -> None:
    gone = options.panel(place(Choices(provider="gone")), "provider", "en")
    assert marked(gone) == []
    assert "gone" in buttons(options.panel(place(Choices(provider="gone")), "", "en"))[-1].text
    many = options.panel(place(Choices(), providers={f"p{n}": f"P{n}" for n in range(300)}), "provider", "en")
    assert len(buttons(many)) <= 100


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("en", "en"),
        ("ZH", "zh"),
        ("zh-Hans", "zh"),
        ("中文", "zh"),
        (" Chinese ", "zh"),
        ("英语", "en"),
        ("auto", ""),
        ("AUTOMATIC", ""),
        ("自动", ""),
        ("", None),
        ("klingon", None),
        ("中", None),
    ],
)
def test_a_language_by_its_code_or_a_name(word: str, language: str | None) -> None:
    assert language_named(word) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_found_by_the_names_that_it_gives_itself(language: str) -> None:
    own = CATALOGUES[language]
    assert all(language_named(name) == language for name in (own["language.name"], *own["language.names"].split()))


def task(*outputs: Output, needs_fetch: bool = False, state: State = State.SUCCEEDED) -> Task:
    snapshot = Snapshot(state, outputs=outputs, needs_fetch=needs_fetch)
    return Task(1, "p", 0, "video", "v", 0, 0, 0, ending=Ending.DONE, snapshot=snapshot)


VIDEO = Output(OutputKind.VIDEO, "https://cdn.example/v.mp4")
FRAME = Output(OutputKind.LAST_FRAME, "https://cdn.example/f.png")
OWN = Output(OutputKind.VIDEO, "https://gate.example/v.mp4", needs_auth=True)
INLINE = Output(OutputKind.IMAGE, "data:image/png;base64,AAAA")
HEADER, RESULT, ALBUM = OutboxKind.HEADER, OutboxKind.RESULT, OutboxKind.ALBUM


@pytest.mark.parametrize(
    ("ended", "parts"),
    [
        (task(VIDEO), [Part(HEADER, (0,))]),
        (task(VIDEO, FRAME), [Part(HEADER, (0,)), Part(HEADER, (1,))]),
        (task(OWN, FRAME), [Part(RESULT, (0,)), Part(HEADER, (1,))]),
        (task(*[VIDEO] * 25), [Part(HEADER, tuple(range(25)))]),
        (task(VIDEO, INLINE), [Part(HEADER), Part(ALBUM, (0, 1))]),
        (task(needs_fetch=True), [Part(RESULT, (0,))]),
        (task(VIDEO, state=State.FAILED), [Part(HEADER)]),
    ],
)
def test_links_stand_together_and_what_has_no_address_comes_as_media(ended: Task, parts: list[Part]) -> None:
    assert list(wished(ended, Deliver.LINK).values()) == parts
