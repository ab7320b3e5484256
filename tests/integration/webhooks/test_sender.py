"""The sender of webhooks: it checks the receiver's IP address when it sends and connects to that one; its failures."""

import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path

import httpcore
import pytest

from support.certificates import Authority
from support.webhook_receiver import WebhookReceiver, answer
from webhooks.receiver_urls import IpAddress
from webhooks.resolver import NameNotFound
from webhooks.sender import CheckedBackend, WebhookSender

pytestmark = pytest.mark.anyio


class FixedResolver:
    """A resolver that knows the names and IP addresses given to it."""

    def __init__(self, **addresses: str) -> None:
        self.addresses = {name.replace("_", "."): found.split() for name, found in addresses.items()}

    async def resolve(self, host: str) -> Sequence[IpAddress]:
        if host not in self.addresses:
            raise NameNotFound
        return [ipaddress.ip_address(address) for address in self.addresses[host]]


class TlsAlertResolver:
    """A resolver that fails as a connection does whose receiver sends a TLS alert after the handshake."""

    async def resolve(self, host: str) -> Sequence[IpAddress]:
        raise ssl.SSLError(1, f"tlsv13 alert certificate required by {host}")


@pytest.mark.parametrize(
    "addresses", ["127.0.0.1", "10.1.2.3", "8.8.8.8 169.254.169.254", "::1", "64:ff9b::7f00:1", "2002:7f00:1::"]
)
async def test_a_name_that_leads_inward_is_refused_when_it_is_sent(addresses: str) -> None:
    sender = WebhookSender(FixedResolver(rebinds_example=addresses), is_sandbox=True)
    sent = await sender.post("https://rebinds.example/", b"{}", {})
    assert (sent.status, sent.text) == (None, "Not sent: the receiver's name leads to an address that is not public")


async def test_names_that_are_not_found_and_addresses_that_are_not_allowed_are_said() -> None:
    sender = WebhookSender(FixedResolver(), is_sandbox=False)
    missing = await sender.post("https://missing.example/", b"{}", {})
    assert missing.text == "Not sent: the receiver's name was not found"
    loopback = await sender.post("http://127.0.0.1:1/", b"{}", {})
    assert loopback.text == "Not sent: Must begin with https://"


async def test_a_receiver_that_never_answers_or_never_ends_is_left(receiver: WebhookReceiver) -> None:
    sender = WebhookSender(FixedResolver(), is_sandbox=True, total_seconds=0.3)
    receiver.respond = lambda _: None
    assert (await sender.post(receiver.url, b"{}", {})).text == "No complete answer within 0.3 seconds"
    receiver.respond = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"
    sent = await sender.post(receiver.url, b"{}", {})
    assert not sent.is_success
    receiver.respond = lambda _: answer(200, "y" * 100_000)
    assert (await WebhookSender(FixedResolver(), is_sandbox=True).post(receiver.url, b"{}", {})).text == "y" * 500


async def test_nobody_listens() -> None:
    sent = await WebhookSender(FixedResolver(), is_sandbox=True).post("http://127.0.0.1:9/", b"{}", {})
    assert sent.text == "The receiver refused the connection, or cannot be reached"


async def test_a_receiver_that_wants_a_certificate_of_the_client_is_a_failed_attempt() -> None:
    sent = await WebhookSender(TlsAlertResolver(), is_sandbox=False).post("https://receiver.example/", b"{}", {})
    assert (sent.status, sent.text) == (
        None,
        "The receiver ended the encrypted connection, as one that wants a certificate does",
    )


async def test_tls_and_host_keep_the_name_at_the_checked_address(tmp_path: Path) -> None:
    """The connection goes to the address, while certificate and header are those of the name."""
    names: list[str | None] = []
    authority = Authority()
    certificate, key = authority.issue("receiver", host="receiver.example")
    for name, text in (("server.pem", certificate + key), ("authority.pem", authority.certificate)):
        (tmp_path / name).write_text(text)
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(tmp_path / "server.pem")
    server_tls.sni_callback = lambda _socket, name, _context: names.append(name)
    client_tls = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
    client_tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    async with (
        WebhookReceiver().serving(tls=server_tls) as receiver,
        httpcore.AsyncConnectionPool(ssl_context=client_tls, network_backend=CheckedBackend(["127.0.0.1"])) as pool,
    ):
        url = f"https://receiver.example:{receiver.port}/hook"
        response = await pool.request("POST", url, content=b"{}")
        [seen] = receiver.received
    assert response.status == 200
    assert names == ["receiver.example"]
    assert seen.headers["host"] == f"receiver.example:{receiver.port}"
