"""Who counts as one client: IPv4 by address, IPv6 by the network that one household has."""

import pytest
from starlette.requests import Request

from tongxing.rider.web import client_of
from tongxing.web.clients import client_key


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("testclient", "testclient"),
        ("192.0.2.777", "192.0.2.777"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_a_client_is_an_address_or_a_household(host: str, key: str) -> None:
    assert client_key(host) == key


def test_neighbours_are_told_apart() -> None:
    assert client_key("192.0.2.7") != client_key("192.0.2.8")
    assert client_key("2001:db8:0:1::7") != client_key("2001:db8:0:2::7")


def from_address(host: str | None) -> Request:
    """A request as the server hands it on, from an address or from nowhere."""
    return Request({"type": "http", "client": None if host is None else (host, 50_000)})


def test_pages_ask_for_the_household() -> None:
    rotating = {client_of(from_address(f"2001:db8::{number:x}")) for number in range(120)}
    assert rotating == {"2001:db8::/64"}
    assert client_of(from_address("198.51.100.7")) == "198.51.100.7"
    assert client_of(from_address(None)) == ""
