"""How the bot is doing, in words: what stands below the picture for its admins. Pure; Telegram HTML comes out."""

from bot.text.answers import account
from bot.text.cards import span
from bot.text.catalogue import Html, cut, lines, say
from bot.text.message import Message
from bot.tracking.gateways import Gateways
from bot.tracking.stats import Share, Stats
from bot.tracking.troubles import Trouble

# So many of each, so that it stays within what Telegram takes below a picture: 1024 characters.
PROVIDERS, TROUBLES, TITLE_LIMIT = 6, 4, 20


def caption(stats: Stats, gateways: Gateways, now: float, language: str) -> Message:
    """The main numbers, a line for each provider, and which gateways do not work since when."""
    done = stats.activity
    numbers = [
        say(language, "stats.open", count=_number(sum(stats.open_tasks.values()))),
        say(language, "stats.polls", hour=_number(done.polls.lately), day=_number(done.polls.total)),
        say(
            language,
            "stats.deliveries",
            hour=_number(done.deliveries.lately),
            day=_number(done.deliveries.total),
            results=_number(done.results),
            given_up=_number(done.given_up),
        ),
        say(language, "stats.errors", percent=percent(all_errors(stats))),
    ]
    waiting = say(language, "stats.waiting", count=_number(stats.waiting))
    troubles = [_trouble(one, gateways, now, language) for one in stats.troubles if gateways.accounts(one.provider)]
    well = [say(language, "stats.well")]
    return Message(
        lines(*numbers, *_by_provider(stats, gateways, language), waiting, *(troubles[:TROUBLES] or well)),
    )


def by_load(stats: Stats, gateways: Gateways) -> list[str]:
    """The names of all providers that there is something to say about: those with most open tasks first."""
    known = dict.fromkeys((*gateways.names, *stats.open_tasks, *stats.activity.errors))
    shares = stats.activity.errors
    found = [name for name in known if name]
    return sorted(found, key=lambda name: (-stats.open_tasks.get(name, 0), -shares.get(name, Share()).polls))


def all_errors(stats: Stats) -> Share:
    """The polls of all providers together."""
    shares = stats.activity.errors.values()
    return Share(sum(share.failed for share in shares), sum(share.polls for share in shares))


def percent(share: Share) -> str:
    """With one digit behind the point where it makes a difference."""
    if 0 < share.percent < 0.1:  # noqa: PLR2004
        return "<0.1"
    return f"{share.percent:.1f}" if 0 < share.percent < 10 else f"{share.percent:.0f}"  # noqa: PLR2004


def _by_provider(stats: Stats, gateways: Gateways, language: str) -> list[Html]:
    names = by_load(stats, gateways)
    rows = []
    for name in names[:PROVIDERS]:
        share = stats.activity.errors.get(name, Share())
        rows.append(
            say(
                language,
                "stats.provider",
                title=cut(gateways.title(name), TITLE_LIMIT),
                count=_number(stats.open_tasks.get(name, 0)),
                polls=_number(share.polls),
                percent=percent(share),
            )
        )
    if len(names) > PROVIDERS:
        rows.append(say(language, "stats.more", count=len(names) - PROVIDERS))
    if unlocated := stats.open_tasks.get("", 0):
        rows.append(say(language, "stats.unlocated", count=_number(unlocated)))
    return rows


def _trouble(trouble: Trouble, gateways: Gateways, now: float, language: str) -> Html:
    number = str(trouble.account + 1) if gateways.accounts(trouble.provider) > 1 else ""
    who = account(cut(gateways.title(trouble.provider), TITLE_LIMIT), number, language)
    return say(language, f"stats.{trouble.kind}", who=who, span=span(now - trouble.since, language))


def _number(count: int) -> str:
    return f"{count:,}"
