"""Until when a signed link works, as far as it says so itself. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

# A moment of epoch seconds; whatever is smaller or larger is some other number.
_EARLIEST, _LATEST = 1_500_000_000.0, 4_000_000_000.0
# From when on, and for how many seconds: the same idea under the names of several stores.
_SPANS = (
    ("x-amz-date", "x-amz-expires"),
    ("x-goog-date", "x-goog-expires"),
    ("x-tos-date", "x-tos-expires"),
    ("x-oss-date", "x-oss-expires"),
    ("x-obs-date", "x-obs-expires"),
)
_MOMENTS = ("expires", "expires_at", "expire", "expiry", "exp", "x-expires", "e", "se", "q-sign-time", "auth_key")


def expires_at(url: str) -> float | None:
    """Epoch seconds at which the link dies by its own parameters; None where they do not tell."""
    try:
        query = parse_qs(urlsplit(url).query, max_num_fields=100)
    except ValueError:
        return None
    values = {name.lower(): found[0] for name, found in query.items()}
    return _by_span(values) or _by_moment(values)


def _by_span(values: Mapping[str, str]) -> float | None:
    for since, seconds in _SPANS:
        began, lasts = _date(values.get(since, "")), values.get(seconds, "")
        if began is not None and lasts.isdecimal() and len(lasts) < 10:  # noqa: PLR2004 - decades
            return began + int(lasts)
    return None


def _by_moment(values: Mapping[str, str]) -> float | None:
    readers: tuple[Callable[[str], float | None], ...] = (_seconds, _date)
    for name in _MOMENTS:
        for read in readers:
            found = read(values.get(name, ""))
            if found is not None:
                return found
    return None


def _seconds(text: str) -> float | None:
    """`1760000000`, the second of `1759990000;1760000000`, or the first of `1760000000-0-0-…`."""
    number = text.rpartition(";")[2].partition("-")[0]
    if not number.isdecimal() or len(number) > 13:  # noqa: PLR2004 - no moment has more digits
        return None
    value = float(number)
    value = value / 1000 if value > _LATEST else value
    return value if _EARLIEST < value < _LATEST else None


def _date(text: str) -> float | None:
    """`20260102T030405Z`, `2026-01-02T03:04:05Z` and the like, in UTC where it does not say."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.timestamp()
