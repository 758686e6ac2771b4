from bot.tracking.gateways import Address, Gateway, Gateways
from providers import BUILT_IN
from providers.base import Endpoint, Provider

MANY = Provider("many", "Many", "https://many.example", (Endpoint("video", "/v/{id}"), Endpoint("image", "/i/{id}")))
ONE = Provider("one", "One", "https://one.example", (Endpoint("video", "/v/{id}"),))
GATEWAYS = Gateways([Gateway(MANY, ("k0", "k1")), Gateway(ONE, ("k2",))])


def test_every_account_is_a_row_with_its_endpoints_in_order() -> None:
    assert GATEWAYS.candidates() == (
        (Address("many", 0, 0), Address("many", 0, 1)),
        (Address("many", 1, 0), Address("many", 1, 1)),
        (Address("one", 0, 0),),
    )


def test_a_named_provider_or_kind_narrows_the_choice() -> None:
    assert GATEWAYS.candidates("one") == ((Address("one", 0, 0),),)
    assert GATEWAYS.candidates(kind="image") == ((Address("many", 0, 1),), (Address("many", 1, 1),))
    assert GATEWAYS.candidates("one", "image") == ()
    assert GATEWAYS.candidates("nobody") == ()


def test_an_address_leads_to_its_key_and_endpoint() -> None:
    address = Address("many", 1, 1)
    assert GATEWAYS.key(address) == "k1"
    assert GATEWAYS.endpoint(address).path == "/i/{id}"
    assert GATEWAYS.title("many") == "Many"
    assert GATEWAYS.title("gone") == "gone"


def test_addresses_come_and_go_with_the_configuration() -> None:
    assert GATEWAYS.knows(Address("many", 1, 1))
    assert not GATEWAYS.knows(Address("many", 2, 0))
    assert not GATEWAYS.knows(Address("one", 0, 1))
    assert not GATEWAYS.knows(Address("gone", 0, 0))


def test_built_in_providers_have_names_of_their_own() -> None:
    assert len({provider.name for provider in BUILT_IN}) == len(BUILT_IN)
