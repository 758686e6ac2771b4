"""The words below the picture of `/stats`, and the notices about accounts."""

import pytest

from bot.text import answers
from bot.text.catalogue import CATALOGUES, plain
from bot.text.stats import PROVIDERS, TROUBLES, by_load, caption
from bot.tracking.gateways import Gateway, Gateways
from bot.tracking.stats import HOURS, Activity, Hourly, Share, Stats
from bot.tracking.troubles import Trouble, TroubleKind
from providers.base import Provider

LANGUAGES = sorted(CATALOGUES)
CAPTION_LIMIT = 1024
NOW = 1_000_000.0
HOSTILE = "<b>" + "\U0001f469\u200d\U0001f469" * 90


def gateways(*titles: str, keys: tuple[str, ...] = ("k", "l")) -> Gateways:
    found = (Provider(f"p{place}", title, "https://p.example", ()) for place, title in enumerate(titles))
    return Gateways(Gateway(provider, keys, "KEY") for provider in found)


def activity(errors: dict[str, Share], count: int = 0) -> Activity:
    hourly = Hourly((count,) * HOURS, 0.5)
    return Activity(hourly, hourly, errors, count, count)


def shown(stats: Stats, known: Gateways, language: str) -> str:
    return plain(caption(stats, known, NOW, language).html, 10_000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_however_much_there_is_to_say_it_fits_below_a_picture(language: str) -> None:
    known = gateways(*[HOSTILE] * 20)
    troubles = tuple(Trouble(name, 1, TroubleKind.PAYMENT, 0) for name in known.names)
    shares = {name: Share(9_876_543, 99_999_999) for name in known.names}
    stats = Stats(activity(shares, 9_999_999), {"": 99_999, **dict.fromkeys(known.names, 99_999)}, 99_999, troubles)
    text = shown(stats, known, language)
    assert len(text.encode("utf-16-le")) // 2 <= CAPTION_LIMIT
    assert text.count("💳") == TROUBLES
    assert text.count("\n· ") == PROVIDERS + 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_has_its_words(language: str) -> None:
    for kind in TroubleKind:
        assert {f"notice.{kind}", f"stats.{kind}"} <= CATALOGUES[language].keys()


def test_a_trouble_says_since_when_and_of_which_account_among_several() -> None:
    stats = Stats(activity({}), troubles=(Trouble("p0", 1, TroubleKind.AUTH, NOW - 7300),))
    assert "🔑 One, account 2: key rejected, for 2 hours" in shown(stats, gateways("One"), "en")
    assert "🔑 One: key rejected, for 2 hours" in shown(stats, gateways("One", keys=("k",)), "en")
    assert "No gateway is in trouble" in shown(stats, gateways(), "en")  # it is not set up any more


def test_small_shares_are_told_apart() -> None:
    stats = Stats(activity({"p0": Share(1, 3000), "p1": Share(0, 7), "gone": Share(1, 8)}))
    known = gateways("One", "Two", "Three")
    text = shown(stats, known, "en")
    assert "One: 0 open, <0.1 % of 3,000 polls failed" in text
    assert "Two: 0 open, 0 % of 7" in text
    assert "gone: 0 open, 12 % of 8" in text
    assert by_load(stats, known) == ["p0", "gone", "p1", "p2"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"say": "down", "seconds": "754", "waiting": "3"}, "One has given no usable answer for 12 min."),
        ({"say": "back", "seconds": "7300", "account": "2"}, "One, account 2 works again, after 2 hours."),
        ({"say": "auth", "waiting": "1"}, "Check KEY"),
        ({"say": "payment"}, "Top up the account"),
    ],
)
def test_notices_say_what_happened_and_what_next(facts: dict[str, str], said: str) -> None:
    asked = {"account": "", "setting": "KEY", "seconds": "0", "waiting": "0", **facts}
    assert said in answers.notice(asked, "One", "en").html
    assert answers.notice(asked, "One", "zh").html
