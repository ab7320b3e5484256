"""Enrols, verifies and removes the second factor by app: TOTP codes and recovery codes, each valid once.

``remove_all`` removes passkeys, the other second factor, as well.
"""

import hashlib
import secrets
from collections.abc import Sequence
from uuid import UUID

import pyotp
import sqlalchemy as sa
import structlog
from cryptography.exceptions import InvalidTag
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.errors import SecondFactorStateConflict, WrongCode
from accounts.models import AbstractAccount
from accounts.totp import TotpSecrets
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now

RECOVERY_CODE_COUNT = 10
_GROUPS, _GROUP_LETTERS = 4, 4
# Without letters and digits that look alike. 16 characters are 79 random bits.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
log = structlog.get_logger("epoch.accounts")


class SecondFactorService:
    """Enrols accounts in the second factor and verifies their codes."""

    def __init__(self, session: AsyncSession, totp: TotpSecrets) -> None:
        self._session = session
        self._totp = totp

    async def enrol(self, user: AbstractAccount) -> str:
        """Make a new secret, not required at sign-in yet; return it in base 32. Raises: SecondFactorStateConflict."""
        if user.totp_enabled_at is not None:
            raise SecondFactorStateConflict
        secret = pyotp.random_base32()
        user.totp_secret, user.totp_last_step = self._totp.encrypt(user.id, secret), None
        await self._session.flush()
        return secret

    def pending_secret(self, user: AbstractAccount) -> str | None:
        """The secret of an enrolment that is not confirmed yet."""
        return None if user.totp_secret is None or user.totp_enabled_at is not None else self._decrypt(user)

    async def confirm(self, user: AbstractAccount, code: str, *, by: Actor) -> Sequence[str]:
        """Enable the second factor with a first code; return the recovery codes, which are shown once.

        Raises:
            SecondFactorStateConflict: the second factor is enabled, or its enrolment was not started.
            WrongCode: the app shows another code.
        """
        if user.totp_secret is None or user.totp_enabled_at is not None:
            raise SecondFactorStateConflict
        if not await self._claim_step(user, code):
            raise WrongCode
        user.totp_enabled_at = utc_now()
        codes = await self._new_codes(user)
        await record(self._session, by, "second_factor.enabled", subject_id=user.id, subject_name=user.email)
        return codes

    async def renew_codes(self, user: AbstractAccount, *, by: Actor) -> Sequence[str]:
        """Replace the recovery codes. Raises: SecondFactorStateConflict, when there is no second factor."""
        if user.totp_enabled_at is None:
            raise SecondFactorStateConflict
        codes = await self._new_codes(user)
        await record(self._session, by, "recovery_codes.renewed", subject_id=user.id, subject_name=user.email)
        return codes

    async def disable(self, user: AbstractAccount, *, by: Actor) -> None:
        """Disable the second factor. Raises: SecondFactorStateConflict, when it is disabled."""
        if user.totp_enabled_at is None:
            raise SecondFactorStateConflict
        await self._remove_app(user)
        await record(self._session, by, "second_factor.disabled", subject_id=user.id, subject_name=user.email)

    async def remove_all(self, user: AbstractAccount, *, by: Actor) -> None:
        """Remove every second factor: app, recovery codes and passkeys. Raises: SecondFactorStateConflict."""
        if not user.has_second_factor:
            raise SecondFactorStateConflict
        await self.remove_all_if_any(user, by=by)

    async def remove_all_if_any(self, user: AbstractAccount, *, by: Actor) -> None:
        """As ``remove_all``, also when there is no second factor; an unconfirmed enrolment ends too."""
        had_any = user.has_second_factor
        await self._remove_app(user)
        await self._session.execute(sa.delete(user.passkey_model).where(user.passkey_model.user_id == user.id))
        user.has_passkey = False
        if had_any:
            await record(self._session, by, "second_factor.disabled", subject_id=user.id, subject_name=user.email)

    async def verify(self, user: AbstractAccount, code: str) -> bool:
        """True when ``code`` is a current TOTP code or an unused recovery code; it is then marked as used."""
        plain = "".join(code.split()).replace("-", "").lower()
        if plain.isascii() and plain.isdigit() and len(plain) == 6:
            return user.totp_secret is not None and await self._claim_step(user, plain)
        codes = user.recovery_code_model
        is_code = codes.user_id == user.id, codes.digest == _digest(user.id, plain)
        used = sa.update(codes).where(*is_code, codes.used_at.is_(None)).values(used_at=utc_now())
        return await self._session.scalar(used.returning(codes.id)) is not None

    async def count_unused_codes(self, user: AbstractAccount) -> int:
        """The number of unused recovery codes."""
        codes = user.recovery_code_model
        unused = codes.user_id == user.id, codes.used_at.is_(None)
        return await self._session.scalar(sa.select(sa.func.count()).select_from(codes).where(*unused)) or 0

    async def _claim_step(self, user: AbstractAccount, code: str) -> bool:
        """Claim the time step of ``code``, which each code can do once; False when the code is wrong or was used."""
        try:
            step = self._totp.find_step(self._decrypt(user), code)
        except InvalidTag:
            advice = "the EPOCH_SECRET_KEY that encrypted it is missing: run epoch doctor"
            log.error("second_factor_unreadable", advice=advice)
            return False
        if step is None:
            return False
        rows = type(user)
        later = sa.or_(rows.totp_last_step.is_(None), rows.totp_last_step < step)
        claim = sa.update(rows).where(rows.id == user.id, later).values(totp_last_step=step)
        return await self._session.scalar(claim.returning(rows.id)) is not None

    async def _new_codes(self, user: AbstractAccount) -> Sequence[str]:
        rows = user.recovery_code_model
        await self._session.execute(sa.delete(rows).where(rows.user_id == user.id))
        codes = [_recovery_code() for _ in range(RECOVERY_CODE_COUNT)]
        self._session.add_all(rows(user_id=user.id, digest=_digest(user.id, code.replace("-", ""))) for code in codes)
        await self._session.flush()
        return codes

    def _decrypt(self, user: AbstractAccount) -> str:
        return self._totp.decrypt(user.id, user.totp_secret or b"")

    async def _remove_app(self, user: AbstractAccount) -> None:
        """Remove the authenticator app, confirmed or not, and the recovery codes."""
        user.totp_secret = user.totp_enabled_at = user.totp_last_step = None
        codes = user.recovery_code_model
        await self._session.execute(sa.delete(codes).where(codes.user_id == user.id))


def _recovery_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(user_id: UUID, plain: str) -> bytes:
    return hashlib.sha256(user_id.bytes + plain.encode(errors="replace")).digest()
