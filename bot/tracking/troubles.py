"""What can be wrong with an account of a gateway, as the operator is told it. Plain values."""

from dataclasses import dataclass
from enum import StrEnum

from providers.base import QueryErrorKind


class TroubleKind(StrEnum):
    """Why an account does not work."""

    AUTH = QueryErrorKind.AUTH.value
    PAYMENT = QueryErrorKind.PAYMENT.value
    DOWN = "down"  # no usable answer for a while


@dataclass(frozen=True, slots=True)
class Trouble:
    """An account that the operator was told about and that has not worked since then (epoch seconds)."""

    provider: str
    account: int
    kind: TroubleKind
    since: float
