"""Links that are mailed: 256 random bits, kept as a digest, good once and not for long."""

import secrets
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService

from accounts.errors import LinkNotUsable
from accounts.models import LinkPurpose, OneTimeLink, User
from kit.clock import utc_now
from kit.secrets import digest

LIFE = {
    LinkPurpose.VERIFY_EMAIL: timedelta(hours=24),
    LinkPurpose.RESET_PASSWORD: timedelta(minutes=30),
    LinkPurpose.CHANGE_EMAIL: timedelta(hours=1),
}


class LinkService(SQLAlchemyAsyncRepositoryService[OneTimeLink]):
    """One-time links of people."""

    class Repository(SQLAlchemyAsyncRepository[OneTimeLink]):
        model_type = OneTimeLink

    repository_type = Repository

    async def issue(self, user_id: UUID, purpose: LinkPurpose, *, new_email: str | None = None) -> str:
        """Make a link, whose older ones die, and return its raw token for the mail."""
        # Locked: of two links made at once one must be the newer, whose making ends the other.
        mine = sa.select(User.id).where(User.id == user_id).with_for_update(key_share=True)
        await self.repository.session.execute(mine)
        await self.withdraw(user_id, purpose)
        raw = secrets.token_urlsafe(32)
        await self.create(
            OneTimeLink(
                user_id=user_id,
                purpose=purpose,
                digest=digest(raw),
                new_email=new_email,
                expires_at=utc_now() + LIFE[purpose],
            )
        )
        return raw

    async def withdraw(self, user_id: UUID, *purposes: LinkPurpose) -> None:
        """Make every link of a person for ``purposes`` useless."""
        mine = OneTimeLink.user_id == user_id, OneTimeLink.purpose.in_(purposes)
        await self.repository.session.execute(sa.delete(OneTimeLink).where(*mine))

    async def look(self, raw: str, *purposes: LinkPurpose) -> OneTimeLink:
        """The link behind ``raw``, which stays unused. Raises: LinkNotUsable."""
        link = await self.get_one_or_none(*_usable(raw, *purposes))
        if link is None:
            raise LinkNotUsable
        return link

    async def redeem(self, raw: str, *purposes: LinkPurpose) -> OneTimeLink:
        """Use a link up. Of many who try at once one succeeds. Raises: LinkNotUsable."""
        used = sa.update(OneTimeLink).where(*_usable(raw, *purposes)).values(used_at=utc_now()).returning(OneTimeLink)
        link: OneTimeLink | None = (await self.repository.session.scalars(used)).one_or_none()
        if link is None:
            raise LinkNotUsable
        return link


def _usable(raw: str, *purposes: LinkPurpose) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        OneTimeLink.digest == digest(raw),
        OneTimeLink.purpose.in_(purposes),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > utc_now(),
    )
