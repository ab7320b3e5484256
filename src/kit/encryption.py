"""Encryption of data that only the product reads: cookies with notices or secrets, and payloads of jobs."""

import base64

from cryptography.fernet import Fernet, InvalidToken

from kit.secrets import derive_key


class Encryptor:
    """Encrypts and signs for one ``purpose``; an encryptor of another purpose cannot decrypt it."""

    def __init__(self, secret: str, purpose: str) -> None:
        key = derive_key(secret, f"sealed:{purpose}")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def encrypt(self, content: bytes) -> str:
        """Encrypt ``content`` to text that fits in a cookie or a column."""
        return self._fernet.encrypt(content).decode()

    def decrypt(self, encrypted: str, *, seconds: int | None) -> bytes | None:
        """Decrypt a text that was encrypted at most ``seconds`` ago, or at any time for None; else return None."""
        try:
            return self._fernet.decrypt(encrypted.encode(), ttl=seconds)
        except InvalidToken:
            return None
