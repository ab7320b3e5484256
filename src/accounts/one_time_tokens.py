"""Issues and redeems the one-time tokens of mailed links: 256 random bits, stored as a digest."""

import secrets
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.errors import LinkNotUsable
from accounts.models import OneTimeToken, TokenPurpose, User
from kit.clock import utc_now
from kit.secrets import digest

TOKEN_LIFETIMES = {
    TokenPurpose.VERIFY_EMAIL: timedelta(hours=24),
    TokenPurpose.RESET_PASSWORD: timedelta(minutes=30),
    TokenPurpose.CHANGE_EMAIL: timedelta(hours=1),
}


class OneTimeTokenService:
    """One-time tokens of customers."""

    class Repository(SQLAlchemyAsyncRepository[OneTimeToken]):
        model_type = OneTimeToken

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._tokens = self.Repository(session=session)

    async def issue(self, user_id: UUID, purpose: TokenPurpose, *, new_email: str | None = None) -> str:
        """Make a token, delete older ones of the same purpose, and return its raw text for the mail."""
        # Locks the user, so that of two tokens made at once only the later one stays.
        lock_user = sa.select(User.id).where(User.id == user_id).with_for_update(key_share=True)
        await self._session.execute(lock_user)
        await self.delete_all(user_id, purpose)
        raw = secrets.token_urlsafe(32)
        await self._tokens.add(
            OneTimeToken(
                user_id=user_id,
                purpose=purpose,
                digest=digest(raw),
                new_email=new_email,
                expires_at=utc_now() + TOKEN_LIFETIMES[purpose],
            )
        )
        return raw

    async def delete_all(self, user_id: UUID, *purposes: TokenPurpose) -> None:
        """Delete all tokens of a person for ``purposes``."""
        conditions = OneTimeToken.user_id == user_id, OneTimeToken.purpose.in_(purposes)
        await self._session.execute(sa.delete(OneTimeToken).where(*conditions))

    async def get_usable(self, raw: str, *purposes: TokenPurpose) -> OneTimeToken:
        """The token ``raw``, if it can be used; it stays unused. Raises: LinkNotUsable."""
        token = await self._tokens.get_one_or_none(*_is_usable(raw, *purposes))
        if token is None:
            raise LinkNotUsable
        return token

    async def redeem(self, raw: str, *purposes: TokenPurpose) -> OneTimeToken:
        """Mark a token as used; of many attempts at once one succeeds. Raises: LinkNotUsable."""
        used = (
            sa.update(OneTimeToken).where(*_is_usable(raw, *purposes)).values(used_at=utc_now()).returning(OneTimeToken)
        )
        token: OneTimeToken | None = (await self._session.scalars(used)).one_or_none()
        if token is None:
            raise LinkNotUsable
        return token


def _is_usable(raw: str, *purposes: TokenPurpose) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        OneTimeToken.digest == digest(raw),
        OneTimeToken.purpose.in_(purposes),
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > utc_now(),
    )
