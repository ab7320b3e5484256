"""Resolves host names of webhook receivers; refuses IP addresses that are not public, except the sandbox's own."""

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Protocol

import dns.asyncresolver
import dns.exception

from webhooks.receiver_urls import IpAddress, Receiver, is_public

RESOLVE_SECONDS = 3.0


class ReceiverNotPublic(Exception):
    """The name has an IP address that is not routed on the Internet."""

    def __init__(self) -> None:
        super().__init__("the receiver's name leads to an address that is not public")


class NameNotFound(Exception):
    """The name has no IP address, or no name server answers."""

    def __init__(self) -> None:
        super().__init__("the receiver's name was not found")


class Resolver(Protocol):
    """Finds the IP addresses of a name. Raises: NameNotFound."""

    async def resolve(self, host: str) -> Sequence[IpAddress]: ...


class DnsResolver:
    """Asks the machine's name servers without a thread, because ``getaddrinfo`` would block one until the answer."""

    async def resolve(self, host: str) -> Sequence[IpAddress]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await dns.asyncresolver.resolve_name(host, lifetime=RESOLVE_SECONDS)
            addresses = [ipaddress.ip_address(text) for text in found.addresses()]
        except (dns.exception.DNSException, TimeoutError, OSError, ValueError) as error:
            raise NameNotFound from error
        if not addresses:
            raise NameNotFound
        return addresses


async def resolve_receiver(receiver: Receiver, resolver: Resolver) -> Sequence[IpAddress]:
    """The IP addresses to connect to, IPv4 first. Raises: ReceiverNotPublic, NameNotFound."""
    if receiver.is_loopback:  # only the sandbox accepts such a receiver
        return [receiver.ip_address or ipaddress.ip_address("127.0.0.1")]
    literal = receiver.ip_address
    found = await resolver.resolve(receiver.host) if literal is None else [literal]
    # One private address is enough to refuse the receiver: an attacker may have added it to reach that address.
    if not all(is_public(ip_address) for ip_address in found):
        raise ReceiverNotPublic
    return sorted(found, key=lambda ip_address: ip_address.version)
