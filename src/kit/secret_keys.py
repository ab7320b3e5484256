"""Keys derived from EPOCH_SECRET_KEY and its predecessors: one set for each purpose, used by signatures and encryption.

What is signed or encrypted now uses the present secret; what is verified or decrypted may be a predecessor's.
"""

import hashlib
import hmac
from collections.abc import Callable

import msgspec


class SecretKeys(msgspec.Struct, frozen=True):
    """The secret of EPOCH_SECRET_KEY, and the further ones of EPOCH_SECRET_KEY_PREVIOUS."""

    current: str
    previous: tuple[str, ...] = ()

    def derive(self, purpose: str) -> list[bytes]:
        """Derive keys of 32 bytes for one purpose: the present secret's first, then the predecessors'."""
        return [
            hashlib.sha256(f"{purpose}:{secret}".encode()).digest()
            for secret in (self.current, *(secret for secret in self.previous if secret != self.current))
        ]

    def __repr__(self) -> str:
        return "SecretKeys(…)"


class Signer:
    """Signs messages for one purpose with HMAC-SHA256, and verifies them with the predecessors' keys too."""

    def __init__(self, secrets: SecretKeys, purpose: str) -> None:
        self._macs = [hmac.new(key, digestmod=hashlib.sha256) for key in secrets.derive(purpose)]

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, 32 bytes."""
        return _digest(self._macs[0], message)

    def verify(self, message: bytes, signature: str, spell: Callable[[bytes], str] = bytes.hex) -> bool:
        """True when ``signature`` is ``message``'s; ``spell`` turns 32 bytes into the text that was signed with."""
        given = signature.encode()
        return any(hmac.compare_digest(given, spell(_digest(mac, message)).encode()) for mac in self._macs)

    def is_current(self, message: bytes, signature: str, spell: Callable[[bytes], str] = bytes.hex) -> bool:
        """True when ``signature`` was made with the present secret."""
        return hmac.compare_digest(signature.encode(), spell(self.sign(message)).encode())


def _digest(prepared: hmac.HMAC, message: bytes) -> bytes:
    """The MAC of ``message`` by the key that ``prepared`` has."""
    mac = prepared.copy()
    mac.update(message)
    return mac.digest()
