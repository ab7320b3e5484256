"""TOTP secrets of accounts: encryption in the database, and the time step of a code."""

import hmac
import os
import time
from collections.abc import Callable
from uuid import UUID

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.secrets import derive_key

TOTP_ISSUER = "Epoch Voice"
TOTP_STEP_SECONDS = 30
_NONCE_BYTES = 12


class TotpSecrets:
    """Encrypts TOTP secrets and finds the time steps of codes. Made once at start."""

    def __init__(self, secret_key: str, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns Unix seconds."""
        self._cipher = AESGCM(derive_key(secret_key, "second-factor"))
        self._clock = clock

    def encrypt(self, user_id: UUID, secret: str) -> bytes:
        """Encrypt ``secret`` for the account ``user_id``: in another row it cannot be decrypted."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), user_id.bytes)

    def decrypt(self, user_id: UUID, encrypted: bytes) -> str:
        """The secret of the account ``user_id``, in base 32. Raises: InvalidTag, when it is of another account."""
        return self._cipher.decrypt(encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], user_id.bytes).decode()

    def find_step(self, secret: str, code: str) -> int | None:
        """The time step of ``code``: the present one or one next to it; None when the code is wrong."""
        totp = pyotp.TOTP(secret, interval=TOTP_STEP_SECONDS)
        now = int(self._clock()) // TOTP_STEP_SECONDS
        typed = "".join(code.split()).encode()
        steps = (now, now - 1, now + 1)
        return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), typed)), None)


def enrolment_uri(email: str, secret: str) -> str:
    """The URI in the QR code for an authenticator app."""
    return pyotp.TOTP(secret, interval=TOTP_STEP_SECONDS).provisioning_uri(name=email, issuer_name=TOTP_ISSUER)
