"""The second factor: TOTP codes, each valid once, and ten recovery codes."""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import pyotp
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.errors import SecondFactorUnchanged, WrongCode
from accounts.models import AbstractAccount
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.secrets import derive_key

TOTP_ISSUER = "Epoch Voice"
TOTP_STEP_SECONDS = 30
RECOVERY_CODE_COUNT = 10
_NONCE_BYTES = 12
_GROUPS, _GROUP_LETTERS = 4, 4
# Without letters and digits that look alike. 16 of them are 79 random bits.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class SecondFactor:
    """Enrols accounts in the second factor and verifies their codes."""

    def __init__(self, secret_key: str, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` returns Unix seconds."""
        self._cipher = AESGCM(derive_key(secret_key, "second-factor"))
        self._clock = clock

    async def enrol(self, session: AsyncSession, user: AbstractAccount) -> str:
        """Make a new secret, not required at sign-in yet, and return it in base 32. Raises: SecondFactorUnchanged."""
        if user.totp_enabled_at is not None:
            raise SecondFactorUnchanged
        secret = pyotp.random_base32()
        user.totp_secret, user.totp_last_step = self._encrypt(user.id, secret), None
        await session.flush()
        return secret

    def pending_secret(self, user: AbstractAccount) -> str | None:
        """The secret of an enrolment that is not confirmed yet."""
        return None if user.totp_secret is None or user.totp_enabled_at is not None else self._decrypt(user)

    async def confirm(self, session: AsyncSession, user: AbstractAccount, code: str, *, by: Actor) -> Sequence[str]:
        """Enable the second factor with a first code; return the recovery codes, which are shown once.

        Raises:
            SecondFactorUnchanged: it is enabled, or its enrolment was not started.
            WrongCode: the app shows another code.
        """
        if user.totp_secret is None or user.totp_enabled_at is not None:
            raise SecondFactorUnchanged
        if not await self._use_step(session, user, code):
            raise WrongCode
        user.totp_enabled_at = utc_now()
        codes = await self._new_codes(session, user)
        await record(session, by, "second_factor.enabled", subject_id=user.id, subject_name=user.email)
        return codes

    async def renew_codes(self, session: AsyncSession, user: AbstractAccount, *, by: Actor) -> Sequence[str]:
        """Replace the recovery codes. Raises: SecondFactorUnchanged, when there is no second factor."""
        if user.totp_enabled_at is None:
            raise SecondFactorUnchanged
        codes = await self._new_codes(session, user)
        await record(session, by, "recovery_codes.renewed", subject_id=user.id, subject_name=user.email)
        return codes

    async def disable(self, session: AsyncSession, user: AbstractAccount, *, by: Actor) -> None:
        """Disable the second factor. Raises: SecondFactorUnchanged, when it is disabled."""
        if user.totp_enabled_at is None:
            raise SecondFactorUnchanged
        user.totp_secret = user.totp_enabled_at = user.totp_last_step = None
        await session.execute(sa.delete(user.recovery_code_model).where(user.recovery_code_model.user_id == user.id))
        await record(session, by, "second_factor.disabled", subject_id=user.id, subject_name=user.email)

    async def verify(self, session: AsyncSession, user: AbstractAccount, code: str) -> bool:
        """True when ``code`` is a current TOTP code or an unused recovery code; it is then marked as used."""
        plain = "".join(code.split()).replace("-", "").lower()
        if plain.isascii() and plain.isdigit() and len(plain) == 6:
            return user.totp_secret is not None and await self._use_step(session, user, plain)
        codes = user.recovery_code_model
        mine = codes.user_id == user.id, codes.digest == _digest(user.id, plain)
        used = sa.update(codes).where(*mine, codes.used_at.is_(None)).values(used_at=utc_now())
        return await session.scalar(used.returning(codes.id)) is not None

    async def codes_left(self, session: AsyncSession, user: AbstractAccount) -> int:
        """The number of unused recovery codes."""
        codes = user.recovery_code_model
        unused = codes.user_id == user.id, codes.used_at.is_(None)
        return await session.scalar(sa.select(sa.func.count()).select_from(codes).where(*unused)) or 0

    async def _use_step(self, session: AsyncSession, user: AbstractAccount, code: str) -> bool:
        """Claim the time step of ``code``: the present one or one next to it. Each step can be claimed once."""
        totp = pyotp.TOTP(self._decrypt(user), interval=TOTP_STEP_SECONDS)
        now = int(self._clock()) // TOTP_STEP_SECONDS
        plain = "".join(code.split())
        for step in (now, now - 1, now + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), plain.encode()):
                rows = type(user)
                later = sa.or_(rows.totp_last_step.is_(None), rows.totp_last_step < step)
                claim = sa.update(rows).where(rows.id == user.id, later).values(totp_last_step=step)
                claimed = await session.scalar(claim.returning(rows.id))
                return claimed is not None
        return False

    async def _new_codes(self, session: AsyncSession, user: AbstractAccount) -> Sequence[str]:
        rows = user.recovery_code_model
        await session.execute(sa.delete(rows).where(rows.user_id == user.id))
        codes = [_recovery_code() for _ in range(RECOVERY_CODE_COUNT)]
        session.add_all(rows(user_id=user.id, digest=_digest(user.id, code.replace("-", ""))) for code in codes)
        await session.flush()
        return codes

    def _encrypt(self, user_id: UUID, secret: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        # Bound to the account: a secret copied into another row cannot be decrypted there.
        return nonce + self._cipher.encrypt(nonce, secret.encode(), user_id.bytes)

    def _decrypt(self, user: AbstractAccount) -> str:
        encrypted = user.totp_secret or b""
        return self._cipher.decrypt(encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], user.id.bytes).decode()


def enrolment_uri(email: str, secret: str) -> str:
    """The URI in the QR code for an authenticator app."""
    return pyotp.TOTP(secret, interval=TOTP_STEP_SECONDS).provisioning_uri(name=email, issuer_name=TOTP_ISSUER)


def _recovery_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(user_id: UUID, plain: str) -> bytes:
    return hashlib.sha256(user_id.bytes + plain.encode(errors="replace")).digest()
