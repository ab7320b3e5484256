"""Encryption of texts that only this product reads: cookies with notices or secrets, and queued mails."""

import base64

from cryptography.fernet import Fernet, InvalidToken

from kit.secrets import derive_key


class Encryptor:
    """Encrypts and signs for one ``purpose``: what is sealed for one does not open for another."""

    def __init__(self, secret: str, purpose: str) -> None:
        key = derive_key(secret, f"sealed:{purpose}")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def encrypt(self, content: bytes) -> str:
        """``content`` as text that cookies and columns can hold."""
        return self._fernet.encrypt(content).decode()

    def decrypt(self, sealed: str, *, seconds: int | None) -> bytes | None:
        """What was sealed at most ``seconds`` ago, with None at any time; None for anything else."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=seconds)
        except InvalidToken:
            return None
