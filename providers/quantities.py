"""Times and percentages in the many forms that gateways write them; garbage becomes None, nothing raises."""

import math
import re
from datetime import datetime
from typing import Any

_YEAR_2000 = 946_684_800.0
_YEAR_2100 = 4_102_444_800.0
# A count this large cannot be in the unit above it for any date of this century.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_LONGEST = 40
_DIGITS = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{0,30})?")


def number(value: Any) -> float | None:
    """A finite number from a number or a short string of digits; never from a boolean."""
    if isinstance(value, str):
        return _number_in(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _number_in(text: str) -> float | None:
    # `float` also reads "nan", "inf" and "1_0"; a gateway that writes those has no number to tell.
    return float(text) if _DIGITS.fullmatch(text) else None


def epoch_seconds(value: Any) -> float | None:
    """Epoch seconds from s, ms, µs or ns, as numbers or digits, or from ISO 8601 with an offset.

    Zero, the year 1 and a local time without an offset tell nothing: None.
    """
    count = number(value)
    if count is None:
        return _iso_seconds(value) if isinstance(value, str) else None
    for least, divisor in _UNITS:
        if count >= least:
            count /= divisor
            break
    return count if _YEAR_2000 <= count < _YEAR_2100 else None


def _iso_seconds(text: str) -> float | None:
    if not text or len(text) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None or not 2000 <= moment.year < 2100:  # noqa: PLR2004 - see the two years above
        return None
    return moment.timestamp()


def percent(value: Any, *, fraction: bool = False) -> int | None:
    """0 to 100 from `50`, `"50%"`, `0.5` or `"0.5"`. `fraction`: by its name the value runs from 0 to 1."""
    is_percent = isinstance(value, str) and value.rstrip().endswith("%")
    found = number(value.rstrip().removesuffix("%") if is_percent else value)
    if found is None:
        return None
    if not is_percent and found <= 1 and (fraction or _has_point(value)):
        found *= 100
    return int(found + 1e-9) if 0 <= found <= 100 else None  # noqa: PLR2004 - per cent


def _has_point(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, str) and "." in value)
