"""Derives keys for signatures and encryption from EPOCH_SECRET_KEY and the previous secrets; signs and verifies.

The current secret signs and encrypts; the previous secrets only verify and decrypt. Each purpose has its own keys.
"""

import hashlib
import hmac
from collections.abc import Callable

import msgspec


class SecretKeys(msgspec.Struct, frozen=True):
    """The secret of EPOCH_SECRET_KEY, and those of EPOCH_SECRET_KEY_PREVIOUS."""

    current: str
    previous: tuple[str, ...] = ()

    def derive(self, purpose: str) -> list[bytes]:
        """Derive keys of 32 bytes for one purpose: the first from the current secret, the others from previous ones."""
        return [
            hashlib.sha256(f"{purpose}:{secret}".encode()).digest()
            for secret in (self.current, *(secret for secret in self.previous if secret != self.current))
        ]

    def __repr__(self) -> str:
        return "SecretKeys(…)"


class Signer:
    """Signs messages for one purpose with HMAC-SHA256; verifies signatures of the current and the previous secrets."""

    def __init__(self, secrets: SecretKeys, purpose: str) -> None:
        self._macs = [hmac.new(key, digestmod=hashlib.sha256) for key in secrets.derive(purpose)]

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, 32 bytes."""
        return _digest(self._macs[0], message)

    def verify(self, message: bytes, signature: str, encode: Callable[[bytes], str] = bytes.hex) -> bool:
        """True when ``signature`` is that of ``message``; ``encode`` is the encoding of the signature as text."""
        given = signature.encode()
        return any(hmac.compare_digest(given, encode(_digest(mac, message)).encode()) for mac in self._macs)

    def is_current(self, message: bytes, signature: str, encode: Callable[[bytes], str] = bytes.hex) -> bool:
        """True when ``signature`` was made with the current secret."""
        return hmac.compare_digest(signature.encode(), encode(self.sign(message)).encode())


def _digest(keyed_mac: hmac.HMAC, message: bytes) -> bytes:
    """The MAC of ``message`` with the key of ``keyed_mac``."""
    mac = keyed_mac.copy()
    mac.update(message)
    return mac.digest()
