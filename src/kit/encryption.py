"""Encrypts data that only the product reads: cookies with notices or secrets, stored secrets, and payloads of jobs."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kit.secret_keys import SecretKeys

_VERSION_AND_TIME = "gAAAAA"
"""The beginning of each encrypted text: the format's version, and the first bytes of a time before 2106."""


class Encryptor:
    """Encrypts and signs for one ``purpose``; an encryptor with another purpose cannot decrypt its texts.

    It encrypts with a key of the current secret, and also decrypts with keys of the previous secrets.
    """

    def __init__(self, secrets: SecretKeys, purpose: str) -> None:
        keys = [Fernet(base64.urlsafe_b64encode(key)) for key in secrets.derive(f"sealed:{purpose}")]
        self._current, self._all = keys[0], MultiFernet(keys)

    def encrypt(self, content: bytes) -> str:
        """Encrypt ``content`` to text that fits in a cookie or a column."""
        return self._current.encrypt(content).decode()

    def decrypt(self, encrypted: str, *, seconds: int | None) -> bytes | None:
        """Decrypt a text that was encrypted at most ``seconds`` ago; None is no limit. Return None for other texts."""
        try:
            return self._all.decrypt(encrypted.encode(), ttl=seconds)
        except InvalidToken:
            return None

    def is_current(self, encrypted: str) -> bool:
        """True when the text was encrypted with the current secret."""
        try:
            self._current.decrypt(encrypted.encode())
        except InvalidToken:
            return False
        return True

    def renew(self, encrypted: str) -> str | None:
        """The same content and time, encrypted with the current secret; None when no key decrypts the text."""
        try:
            return self._all.rotate(encrypted.encode()).decode()
        except InvalidToken:
            return None


def looks_encrypted(text: str) -> bool:
    """True for texts that have the form of ``Encryptor.encrypt``'s results."""
    return text.startswith(_VERSION_AND_TIME)
