"""Rules of the watch: which incidents count, whom they concern, and when a page is read again."""

from datetime import timedelta
from ipaddress import ip_address

import pytest

from bot.domain.status_page.components import Indicator
from bot.domain.text.network_address import is_public
from bot.domain.vendor_status.kinds import FEED_KINDS
from bot.domain.vendor_status.look import VendorIncident
from bot.domain.vendor_status.polling import LookResult, next_pause
from bot.domain.vendor_status.relevance import FeedFilter, find_dependents, find_unknown_components
from bot.engine.fetch.address_guard import AddressRules, RefusedAddress, check_address
from bot.feeds.kinds import KINDS

MINUTE = timedelta(minutes=1)
INCIDENT = VendorIncident("a", "EU payments fail", level=Indicator.MINOR, components=("Payments - EU payments",))


def test_the_configuration_knows_every_kind() -> None:
    assert set(FEED_KINDS) == set(KINDS)


@pytest.mark.parametrize(
    ("wanted", "least", "expected"),
    [
        ((), Indicator.NONE, True),
        (("eu  payments",), Indicator.NONE, True),
        (("Payments - EU payments",), Indicator.MINOR, True),
        (("US payments",), Indicator.NONE, False),
        ((), Indicator.MAJOR, False),
    ],
)
def test_the_incidents_that_count(wanted: tuple[str, ...], least: Indicator, expected: bool) -> None:
    assert FeedFilter(wanted, least).accepts(INCIDENT) is expected


def test_what_the_page_leaves_out_is_not_harmless() -> None:
    assert FeedFilter(("US payments",), Indicator.MAJOR).accepts(VendorIncident("a", "Something"))
    assert not FeedFilter().accepts(VendorIncident("a", "Planned work", is_maintenance=True))


def test_components_that_the_page_does_not_have() -> None:
    assert find_unknown_components(("eu payments", "Refunds"), INCIDENT.components) == ("Refunds",)


def test_services_need_a_vendor_also_through_others() -> None:
    needing = ("ledger", "search")

    assert find_dependents(["Checkout"], {"checkout": ["ledger"]}, needing) == ("ledger",)
    assert find_dependents(["checkout"], {}, needing) == ()


@pytest.mark.parametrize(
    ("result", "chance", "expected"),
    [
        (LookResult(), 0.0, 5 * MINUTE),
        (LookResult(), 1.0, 4.5 * MINUTE),
        (LookResult(is_close=True), 0.0, 2 * MINUTE),
        (LookResult(failures=1), 0.0, 10 * MINUTE),
        (LookResult(failures=40), 0.0, 60 * MINUTE),
        (LookResult(failures=1, retry_after=180 * MINUTE), 0.0, 180 * MINUTE),
    ],
)
def test_the_pause_until_the_next_look(result: LookResult, chance: float, expected: timedelta) -> None:
    assert next_pause(5 * MINUTE, result, chance) == expected


def test_an_interval_that_is_short_or_long_stays() -> None:
    assert next_pause(MINUTE, LookResult(is_close=True), 0.0) == MINUTE
    assert next_pause(180 * MINUTE, LookResult(failures=9), 0.0) == 180 * MINUTE


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_public_addresses(address: str, expected: bool) -> None:
    assert is_public(ip_address(address)) is expected


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "①⓪.0.0.1"])
def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    """The client reads other digits and dots as those of an address, and resolves no name then."""
    with pytest.raises(RefusedAddress):
        check_address(f"https://{host}/status.json", AddressRules())


def test_a_name_in_other_letters_is_no_address() -> None:
    check_address("https://münchen.example/status.json", AddressRules())
