"""Identifies the signed-in member who places a call; for other calls, the agent is only what the page claims."""

from typing import NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from calls.callback_forms import OutgoingCall
from calls.models import MAX_AGENT_CHARACTERS
from kit.secret_keys import SecretKeys
from tenants.models import Membership
from widget.client_ids import SignedClientIds
from widget.models import EmbedToken


class _Member(NamedTuple):
    user_id: UUID
    email: str
    from_number_id: UUID | None
    """The number that their calls show; None without one of their own."""


class CallerAttribution:
    """Finds the member behind a client id that was issued to somebody who was signed in. Made once at start."""

    def __init__(self, keys: SecretKeys) -> None:
        self._client_ids = SignedClientIds(keys)

    def may_identify(self, outgoing: OutgoingCall) -> bool:
        """False for nearly all calls from customers' pages; needs no database."""
        return self.may_be_signed(outgoing.token_id, outgoing.client_id)

    def may_be_signed(self, token_id: UUID, client_id: str) -> bool:
        """False for nearly every client id that was not issued to a member; needs no database."""
        return self._client_ids.may_be_signed(token_id, client_id)

    async def identify(self, session: AsyncSession, outgoing: OutgoingCall) -> OutgoingCall:
        """``outgoing`` with the member's address as its agent, whatever the page says; unchanged without a member.

        ``session`` sees the members of the token's organization.
        """
        member = await self._find(session, outgoing.token_id, outgoing.client_id)
        if member is None:
            return outgoing
        return msgspec.structs.replace(
            outgoing,
            agent=member.email[:MAX_AGENT_CHARACTERS],
            agent_is_member=True,
            member_number_id=member.from_number_id,
        )

    async def find_member(self, session: AsyncSession, token_id: UUID, client_id: str) -> str | None:
        """The address, as calls have it, of the member to whom the client id was issued; None for all others.

        ``session`` sees the members of the token's organization: a former member is not found.
        """
        member = await self._find(session, token_id, client_id)
        return None if member is None else member.email[:MAX_AGENT_CHARACTERS]

    async def find_user_id(self, session: AsyncSession, token_id: UUID, client_id: str) -> UUID | None:
        """As ``find_member``, but the member's user id."""
        if not self.may_be_signed(token_id, client_id):
            return None
        member = await self._find(session, token_id, client_id)
        return None if member is None else member.user_id

    async def _find(self, session: AsyncSession, token_id: UUID, client_id: str) -> _Member | None:
        query = (
            sa.select(User.id, User.email, Membership.from_number_id)
            .join(Membership, Membership.user_id == User.id)
            .join(EmbedToken, EmbedToken.organization_id == Membership.organization_id)
            .where(EmbedToken.id == token_id, User.disabled_at.is_(None))
        )
        members = {row.id: _Member(*row) for row in await session.execute(query)}
        found = self._client_ids.owner_of(token_id, client_id, members)
        return None if found is None else members[found]
