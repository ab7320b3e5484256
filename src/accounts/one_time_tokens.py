"""Links that are mailed: 256 random bits, kept as a digest, good once and not for long."""

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
    """One-time links of people."""

    class Repository(SQLAlchemyAsyncRepository[OneTimeToken]):
        model_type = OneTimeToken

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository = self.Repository(session=session)

    async def issue(self, user_id: UUID, purpose: TokenPurpose, *, new_email: str | None = None) -> str:
        """Make a link, whose older ones die, and return its raw token for the mail."""
        # Locked: of two links made at once one must be the newer, whose making ends the other.
        mine = sa.select(User.id).where(User.id == user_id).with_for_update(key_share=True)
        await self._session.execute(mine)
        await self.delete_all(user_id, purpose)
        raw = secrets.token_urlsafe(32)
        await self._repository.add(
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
        """Make every link of a person for ``purposes`` useless."""
        mine = OneTimeToken.user_id == user_id, OneTimeToken.purpose.in_(purposes)
        await self._session.execute(sa.delete(OneTimeToken).where(*mine))

    async def get_usable(self, raw: str, *purposes: TokenPurpose) -> OneTimeToken:
        """The link behind ``raw``, which stays unused. Raises: LinkNotUsable."""
        link = await self._repository.get_one_or_none(*_usable(raw, *purposes))
        if link is None:
            raise LinkNotUsable
        return link

    async def redeem(self, raw: str, *purposes: TokenPurpose) -> OneTimeToken:
        """Use a link up. Of many who try at once one succeeds. Raises: LinkNotUsable."""
        used = sa.update(OneTimeToken).where(*_usable(raw, *purposes)).values(used_at=utc_now()).returning(OneTimeToken)
        link: OneTimeToken | None = (await self._session.scalars(used)).one_or_none()
        if link is None:
            raise LinkNotUsable
        return link


def _usable(raw: str, *purposes: TokenPurpose) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        OneTimeToken.digest == digest(raw),
        OneTimeToken.purpose.in_(purposes),
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > utc_now(),
    )
