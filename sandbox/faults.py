"""Faults to come: which call goes wrong, how, and how often; knows nothing of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    """One order for trouble. `skip` calls go well first, then `times` of them go wrong.

    `match` names what a call must be, for example {"method": "sendVideo", "chat_id": 7}; "*" matches anything.
    `details` are the facts of the kind: seconds, retry_after, code, description, status, body.
    """

    kind: str
    match: Mapping[str, Any]
    times: int = 1
    skip: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, call: Mapping[str, Any]) -> bool:
        """Whether the call is one of those meant."""
        return all(value == EVERY or str(call.get(name)) == str(value) for name, value in self.match.items())

    def number(self, name: str, default: float) -> float:
        """One of the details as a number."""
        return float(self.details.get(name, default))


@dataclass(frozen=True, slots=True)
class Weather:
    """What every call meets: it takes between two numbers of `seconds`, and a share of `rate` goes wrong.

    `chance` says which: the same seed makes the same weather, call by call.
    """

    seconds: tuple[float, float] = (0.0, 0.0)
    rate: float = 0.0
    kinds: tuple[str, ...] = ()
    chance: Random = field(default_factory=Random)

    def duration(self) -> float:
        """How long the next call takes."""
        return self.chance.uniform(*self.seconds)

    def fault(self) -> Fault | None:
        """What goes wrong with it, None for nothing."""
        return Fault(self.chance.choice(self.kinds), {}) if self.chance.random() < self.rate else None


@dataclass(slots=True)
class _Order:
    fault: Fault
    skip: int
    left: int


class Faults:
    """Orders for trouble; the oldest that fits a call is used up first."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def add(self, fault: Fault) -> None:
        """From now on."""
        self._orders.append(_Order(fault, fault.skip, fault.times))

    def clear(self) -> None:
        """No more trouble."""
        self._orders.clear()

    def take(self, **call: Any) -> Fault | None:
        """The fault for this call, None for none."""
        for order in self._orders:
            if order.left > 0 and order.fault.fits(call):
                return self._use(order)
        return None

    def _use(self, order: _Order) -> Fault | None:
        if order.skip > 0:
            order.skip -= 1
            return None
        order.left -= 1
        return order.fault

    def waiting(self) -> int:
        """How many calls are still to go wrong."""
        return sum(order.left for order in self._orders)
