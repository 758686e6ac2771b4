"""Which gateways, accounts and endpoints this bot may ask. Pure look-ups; it asks nobody itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from providers.base import Endpoint, Provider


@dataclass(frozen=True, slots=True)
class Gateway:
    """A provider with the operator's keys; a key's position is the number of its account.

    `setting` names the variable that holds the keys, "" for a provider that wants none (its one key is ""). Without
    any key the provider is off.
    """

    provider: Provider
    keys: tuple[str, ...] = field(repr=False)
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """The place that answers for a task: provider name, account number, position among the endpoints."""

    provider: str
    account: int
    endpoint: int


def fold_name(name: str) -> str:
    """One spelling for all that people write for a provider's name: `AI-Nebula` and `ai_nebula` are the same."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


class Gateways:
    """All gateways that have a key, by name, in the operator's order."""

    def __init__(self, gateways: Iterable[Gateway]) -> None:
        self._by_name = {gateway.provider.name: gateway for gateway in gateways if gateway.keys}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    @property
    def providers(self) -> tuple[Provider, ...]:
        return tuple(gateway.provider for gateway in self._by_name.values())

    def title(self, name: str) -> str:
        """The provider's name for people; an unconfigured one keeps its plain name."""
        gateway = self._by_name.get(name)
        return gateway.provider.title if gateway else name

    def provider(self, name: str) -> Provider:
        return self._by_name[name].provider

    def setting(self, name: str) -> str:
        """The variable in which the provider's keys stand."""
        return self._by_name[name].setting

    def accounts(self, name: str) -> int:
        """How many accounts the provider has here; none if it is not set up."""
        gateway = self._by_name.get(name)
        return len(gateway.keys) if gateway else 0

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

    def answers_for(self, address: Address, task_id: str) -> bool:
        """Whether the address exists and still takes such an ID."""
        return self.knows(address) and self.provider(address.provider).accepts(task_id)

    def candidates(self, provider: str = "", kind: str = "", task_id: str = "") -> tuple[tuple[Address, ...], ...]:
        """Where a task may be found: a row for each account, its fitting endpoints in the order to try them.

        An empty `provider`, `kind` or `task_id` means any.
        """
        rows = (
            tuple(
                Address(name, account, position)
                for position, endpoint in enumerate(gateway.provider.endpoints)
                if kind in {"", endpoint.kind}
            )
            for name, gateway in self._by_name.items()
            if provider in {"", name} and (not task_id or gateway.provider.accepts(task_id))
            for account in range(len(gateway.keys))
        )
        return tuple(row for row in rows if row)
