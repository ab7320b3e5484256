"""Encrypts the TOTP secrets of accounts, finds the time step of a code, and makes the URI for an authenticator app."""

import hmac
import os
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.secret_keys import SecretKeys

TOTP_ISSUER = "Epoch Voice"
TOTP_STEP_SECONDS = 30
_NONCE_BYTES = 12


class TotpSecrets:
    """Encrypts TOTP secrets and finds the time steps of codes. Made once at start."""

    def __init__(self, secrets: SecretKeys, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns Unix seconds."""
        self._ciphers = [AESGCM(key) for key in secrets.derive("second-factor")]
        self._clock = clock

    def encrypt(self, user_id: UUID, secret: str) -> bytes:
        """Encrypt ``secret`` for the account ``user_id``: it cannot be decrypted for another account."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, secret.encode(), user_id.bytes)

    def decrypt(self, user_id: UUID, encrypted: bytes) -> str:
        """The secret of the account ``user_id``, in base 32.

        Raises:
            InvalidTag: ``encrypted`` belongs to another account, or none of our keys decrypts it.
        """
        for cipher in self._ciphers[:-1]:
            with suppress(InvalidTag):
                return _decrypt(cipher, user_id, encrypted)
        return _decrypt(self._ciphers[-1], user_id, encrypted)

    def is_current(self, user_id: UUID, encrypted: bytes) -> bool:
        """True when the present EPOCH_SECRET_KEY decrypts ``encrypted``."""
        try:
            _decrypt(self._ciphers[0], user_id, encrypted)
        except InvalidTag:
            return False
        return True

    def find_step(self, secret: str, code: str) -> int | None:
        """The time step of ``code``: the present one or one next to it; None when the code is wrong."""
        totp = pyotp.TOTP(secret, interval=TOTP_STEP_SECONDS)
        now = int(self._clock()) // TOTP_STEP_SECONDS
        typed = "".join(code.split()).encode()
        steps = (now, now - 1, now + 1)
        return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), typed)), None)


def _decrypt(cipher: AESGCM, user_id: UUID, encrypted: bytes) -> str:
    return cipher.decrypt(encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], user_id.bytes).decode()


def enrolment_uri(email: str, secret: str) -> str:
    """The URI in the QR code for an authenticator app."""
    return pyotp.TOTP(secret, interval=TOTP_STEP_SECONDS).provisioning_uri(name=email, issuer_name=TOTP_ISSUER)
