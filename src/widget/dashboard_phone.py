"""Finds or creates the embed token with which members call from the pages of the dashboard."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit import secrets
from kit.actor import Actor
from kit.secret_keys import SecretKeys, Signer
from tenants.models import Organization
from widget.models import TOKEN_PREFIX, EmbedToken
from widget.services import EmbedTokenService

LABEL = "Dashboard phone"
NO_DOMAIN = "dashboard.invalid"
"""The token's only allowed domain. It cannot exist: pages can use the token only with a ticket of a dashboard page."""


class DashboardPhoneService:
    """Finds and creates the token. Its raw text is derived from the product's secret key and is not stored."""

    def __init__(self, session: AsyncSession, keys: SecretKeys) -> None:
        self._session = session
        self._signer = Signer(keys, "dashboard phone")
        self._tokens = EmbedTokenService(session)

    async def find(self, organization_id: UUID) -> tuple[EmbedToken, str] | None:
        """The active token and its raw text; None without one, or if it was derived from another secret key."""
        token = await self._active(organization_id)
        if token is None:
            return None
        derived = self._derive(token.id)
        return (token, derived.raw) if derived.digest == token.digest else None

    async def ensure(self, organization_id: UUID, *, by: Actor) -> None:
        """Create the token unless there is one."""
        # The lock: two members who call back at the same time must create one token.
        await self._session.execute(
            sa.select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
        )
        if await self.find(organization_id) is not None:
            return
        if (outdated := await self._active(organization_id)) is not None:
            await self._tokens.revoke(organization_id, outdated.id, by=by)
        token_id = uuid7()
        derived = self._derive(token_id)
        token = EmbedToken(
            id=token_id,
            organization_id=organization_id,
            digest=derived.digest,
            prefix=derived.hint,
            label=LABEL,
            allowed_domains=[NO_DOMAIN],
            for_dashboard=True,
            created_by=by.user_id,
        )
        await self._tokens.add(token, by=by)

    async def _active(self, organization_id: UUID) -> EmbedToken | None:
        query = sa.select(EmbedToken).where(
            EmbedToken.owned_by(organization_id), EmbedToken.revoked_at.is_(None), EmbedToken.for_dashboard.is_(True)
        )
        token: EmbedToken | None = await self._session.scalar(query.order_by(EmbedToken.id).limit(1))
        return token

    def _derive(self, token_id: UUID) -> secrets.MintedSecret:
        return secrets.derive(TOKEN_PREFIX, self._signer.sign(token_id.bytes))
