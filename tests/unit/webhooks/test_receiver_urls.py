"""URLs to which webhooks may be sent: each spelling of a host or IP address that is not public is refused."""

import ipaddress

import pytest

from webhooks.receiver_urls import UrlRefused, is_public, parse_receiver

REFUSED = (
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",  # decimal
    "https://0x7f000001/",  # hexadecimal
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",  # octal
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://127.0.0.1.nothing.0x1/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/latest/meta-data/",
    "https://100.64.0.1/",  # shared by a carrier's customers
    "https://192.0.0.8/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://192.88.99.1/",
    "https://224.0.1.1/",
    "https://255.255.255.255/",
    "https://240.0.0.1/",
    "https://010.8.8.8/",
    "https://08.8.8.8/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",  # mapped
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",  # compatible
    "https://[::ffff:0:127.0.0.1]/",  # translated
    "https://[64:ff9b::127.0.0.1]/",  # NAT64
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",  # 6to4
    "https://[2002:c0a8:1::1]/",
    "https://[2001:0:7f00:1::]/",  # Teredo
    "https://[2001:db8::1]/",
    "https://[2a00:1450:4001::5efe:10.0.0.1]/",  # ISATAP
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://[fd00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://[3fff::1]/",
    "https://[100::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://api.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.home.arpa/",
    "https://intranet/",
    "https://example.com@127.0.0.1/",
    "https://user:password@example.com/",
    "https://example.com\\@127.0.0.1/",
    "https://127.0.0.1\t.example.com/",
    "https://exa mple.com/",
    "https://１２７.0.0.1/",  # digits of full width
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",  # the full stop of Chinese
    "https://ⓛocalhost/",
    "https://%31%32%37.0.0.1/",
    "https://example..com/",
    "https://-/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:٤٤٣/",
    "https://example.com/#part",
    "https:example.com",
    "//example.com/",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "https://",
    "",
    "https://example.com/\n",
    "https://example.com/" + "x" * 2000,
)
LOOPBACK = (
    "http://localhost:8000/hook",
    "http://127.0.0.1:9/",
    "http://127.0.0.2/",
    "http://127.255.255.254:8000/",
    "http://[::1]:8000",
)


@pytest.mark.parametrize("url", [*REFUSED, *LOOPBACK])
def test_what_is_not_public_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused, match=r"\w"):
        parse_receiver(url, is_sandbox=False)


@pytest.mark.parametrize(
    "url",
    [
        *REFUSED,
        # Plain HTTP on loopback is for the usual spellings alone.
        *("http://[127.0.0.1]/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/"),
        *(
            "http://localhost./",
            "http://x.localhost/",
            "http://127.0.0.1./",
            "http://user@localhost/",
            "http://10.0.0.1/",
        ),
        *("http://0.0.0.0/", "http://[::]/", "http://0/", "http://192.168.1.1/"),
    ],
)
def test_the_sandbox_refuses_them_too(url: str) -> None:
    with pytest.raises(UrlRefused, match=r"\w"):
        parse_receiver(url, is_sandbox=True)


@pytest.mark.parametrize("url", LOOPBACK)
def test_the_sandbox_sends_to_this_machine(url: str) -> None:
    assert parse_receiver(url, is_sandbox=True).is_loopback


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("HTTPS://Example.COM./a?b=c", "example.com", 443, "/a?b=c", "example.com"),
        ("https://a-b.example.com:8443?x", "a-b.example.com", 8443, "/?x", "a-b.example.com:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", "xn--bcher-kva.example"),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/", "8.8.8.8"),
        ("https://[2606:4700::1111]:444/", "2606:4700::1111", 444, "/", "[2606:4700::1111]:444"),
    ],
)
def test_public_addresses_are_read(url: str, host: str, port: int, target: str, authority: str) -> None:
    receiver = parse_receiver(url, is_sandbox=False)
    assert (receiver.host, receiver.port, receiver.target) == (host, port, target)
    assert (receiver.authority, receiver.is_loopback, receiver.is_https) == (authority, False, True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1"])
def test_public_addresses_are_connected_to(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
