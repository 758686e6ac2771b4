"""Which gateways, accounts and endpoints this bot may ask. Pure look-ups; it asks nobody itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from providers.base import Endpoint, Provider


@dataclass(frozen=True, slots=True)
class Gateway:
    """A provider with the operator's keys; a key's position is the number of its account."""

    provider: Provider
    keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """The place that answers for a task: provider name, account number, position among the endpoints."""

    provider: str
    account: int
    endpoint: int


class Gateways:
    """All configured gateways by name, in the operator's order."""

    def __init__(self, gateways: Iterable[Gateway]) -> None:
        self._by_name = {gateway.provider.name: gateway for gateway in gateways}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    def title(self, name: str) -> str:
        """The provider's name for people; an unconfigured one keeps its plain name."""
        gateway = self._by_name.get(name)
        return gateway.provider.title if gateway else name

    def provider(self, name: str) -> Provider:
        return self._by_name[name].provider

    def key(self, address: Address) -> str:
        return self._by_name[address.provider].keys[address.account]

    def endpoint(self, address: Address) -> Endpoint:
        return self._by_name[address.provider].provider.endpoints[address.endpoint]

    def knows(self, address: Address) -> bool:
        """Whether the address still exists; keys and providers come and go between two starts."""
        gateway = self._by_name.get(address.provider)
        return (
            gateway is not None
            and 0 <= address.account < len(gateway.keys)
            and 0 <= address.endpoint < len(gateway.provider.endpoints)
        )

    def candidates(self, provider: str = "", kind: str = "") -> tuple[tuple[Address, ...], ...]:
        """Where a task may be found: a row for each account, its fitting endpoints in the order to try them.

        An empty `provider` or `kind` means any.
        """
        rows = (
            tuple(
                Address(name, account, position)
                for position, endpoint in enumerate(gateway.provider.endpoints)
                if kind in {"", endpoint.kind}
            )
            for name, gateway in self._by_name.items()
            if provider in {"", name}
            for account in range(len(gateway.keys))
        )
        return tuple(row for row in rows if row)
