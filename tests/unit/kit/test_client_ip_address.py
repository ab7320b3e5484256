"""The client's IP address: only trusted proxies name it in a header; addresses of trusted proxies are passed over."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from kit.http.client_ip_address import (
    UNKNOWN,
    ClientIpAddressResolver,
    client_ip_address,
    is_in_networks,
    is_loopback,
    limited_network,
)
from kit.settings import Settings, load_settings

TRUSTED = ("127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48")
PRODUCTION = msgspec.structs.replace(load_settings({}), env="production", carrier="twilio")


def resolved(
    peer: str,
    *lines: str,
    trusted: Sequence[str] = TRUSTED,
    name: str = "x-forwarded-for",
    settings: Settings = PRODUCTION,
) -> str:
    """The address of a request of ``peer`` with a header ``name`` for each of ``lines``."""
    scope: Any = {"client": (peer, 40_000), "path": "/", "headers": [(name.encode(), line.encode()) for line in lines]}
    ClientIpAddressResolver(msgspec.structs.replace(settings, trusted_proxies=tuple(trusted))).resolve(scope)
    return client_ip_address(scope)


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["127.0.0.1, 198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        (["203.0.113.9", "198.51.100.7", "10.1.2.3"], "198.51.100.7"),
        (["198.51.100.7,", " ,10.1.2.3 ,"], "198.51.100.7"),
        (["10.4.4.4, 10.1.2.3"], "10.4.4.4"),
        (["198.51.100.7:4711"], "198.51.100.7"),
        (["[2001:db8:2::5]:443"], "2001:db8:2::5"),
        (["[2001:db8:2::5]"], "2001:db8:2::5"),
        (["2001:DB8:2:0::5"], "2001:db8:2::5"),
        (["fe80::1%eth0"], "fe80::1"),
        (["::ffff:198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7, 2001:db8:1::9"], "198.51.100.7"),
    ],
)
def test_a_trusted_proxy_names_the_client(lines: list[str], client: str) -> None:
    assert resolved("127.0.0.1", *lines) == client
    assert resolved("::ffff:10.9.9.9", *lines) == client


@pytest.mark.parametrize(
    "junk",
    [
        "unknown",
        "_hidden",
        "198.51.100.7:port",
        "198.51.100.7:",
        "[2001:db8:2::5",
        "[2001:db8:2::5]x",
        "198.51.100.7.",
        "proxy.example.com",
        "999.1.1.1",
        "1" * 5000,
    ],
)
def test_junk_of_a_trusted_proxy_leaves_the_client_unknown_and_is_not_skipped(junk: str) -> None:
    assert resolved("127.0.0.1", f"198.51.100.7, {junk}") == UNKNOWN
    assert resolved("127.0.0.1", f"{junk}, 198.51.100.7") == "198.51.100.7"


def test_a_chain_of_trusted_addresses_is_not_followed_for_ever() -> None:
    assert resolved("127.0.0.1", ", ".join(["10.0.0.1"] * 5000)) == UNKNOWN


@pytest.mark.parametrize("lines", [[], [""], [" , "]])
def test_without_the_client_header_of_a_trusted_proxy_the_address_is_unknown(lines: list[str]) -> None:
    with capture_logs() as logged:
        assert resolved("127.0.0.1", *lines) == UNKNOWN
    assert [line["event"] for line in logged] == ["proxy_sent_no_client_address"]
    assert resolved("127.0.0.1", *lines, settings=load_settings({})) == "127.0.0.1", "a developer's own requests"


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"])
@pytest.mark.parametrize("trusted", [(), ("192.0.2.1",)])
@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.9.9.9", "fd00::1"])
def test_headers_of_an_untrusted_proxy_make_the_address_unknown(peer: str, trusted: Sequence[str], name: str) -> None:
    with capture_logs() as logged:
        assert resolved(peer, "127.0.0.1", name=name, trusted=trusted) == UNKNOWN
    assert [line["event"] for line in logged] == ["proxy_not_trusted"]


def test_the_warning_is_logged_once() -> None:
    resolver = ClientIpAddressResolver(PRODUCTION)
    with capture_logs() as logged:
        for _ in range(3):
            scope: Any = {"client": ("127.0.0.1", 1), "path": "/", "headers": [(b"via", b"1.1 proxy")]}
            resolver.resolve(scope)
    assert len(logged) == 1


@pytest.mark.parametrize("trusted", [(), TRUSTED])
def test_a_clients_own_header_is_not_read(trusted: Sequence[str]) -> None:
    assert resolved("8.8.8.8", "127.0.0.1", trusted=trusted) == "8.8.8.8"
    assert resolved("8.8.8.8", "127.0.0.1", trusted=trusted, name="forwarded") == "8.8.8.8"


def test_without_proxies_the_peer_is_the_client() -> None:
    assert resolved("127.0.0.1", trusted=()) == "127.0.0.1"
    assert resolved("::ffff:192.0.2.7", trusted=()) == "192.0.2.7"
    assert client_ip_address({"client": None}) == UNKNOWN


def test_limits_count_the_network_of_a_household() -> None:
    assert limited_network("198.51.100.7") == "198.51.100.7"
    assert limited_network("2001:db8:2:3:4:5:6:7") == limited_network("2001:db8:2:3::1") == "2001:db8:2:3::/64"
    assert limited_network("2001:db8:2:4::1") != limited_network("2001:db8:2:3::1")
    assert limited_network(UNKNOWN) == "unknown"
    assert is_loopback("127.0.0.8")
    assert is_loopback("::1")
    assert not is_loopback(UNKNOWN)


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::1", True),
        ("fe80::1%eth0", False),
        ("192.0.2.1", False),
        (UNKNOWN, False),
    ],
)
def test_an_address_in_networks(address: str, is_in: bool) -> None:
    assert is_in_networks(address, ("10.0.0.0/8", "2001:db8::/32")) == is_in
