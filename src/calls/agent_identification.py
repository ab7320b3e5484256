"""Finds the signed-in member to whom a widget's client id was issued: the agent of an outgoing call, if verified.

For a client id that was issued to no member, the agent of a call is only the name that the page claims.
"""

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
    """The id of the number that the member's calls show; None if no number is set for the member."""


class AgentIdentification:
    """Finds the member to whom a client id was issued. Made once at start."""

    def __init__(self, keys: SecretKeys) -> None:
        self._client_ids = SignedClientIds(keys)

    def may_identify(self, outgoing: OutgoingCall) -> bool:
        """True if the call's client id may belong to a member, False for nearly all others. Needs no database."""
        return self.may_be_signed(outgoing.token_id, outgoing.client_id)

    def may_be_signed(self, token_id: UUID, client_id: str) -> bool:
        """True if the client id may belong to a member, False for nearly all other client ids. Needs no database."""
        return self._client_ids.may_be_signed(token_id, client_id)

    async def identify(self, session: AsyncSession, outgoing: OutgoingCall) -> OutgoingCall:
        """``outgoing`` with the member as its agent, whatever the page claims; unchanged without a member.

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

    async def find_member_email(self, session: AsyncSession, token_id: UUID, client_id: str) -> str | None:
        """The e-mail address of the member, cut as in ``Call.agent``; None if the client id belongs to no member.

        ``session`` sees the members of the token's organization: a former member is not found.
        """
        member = await self._find(session, token_id, client_id)
        return None if member is None else member.email[:MAX_AGENT_CHARACTERS]

    async def find_user_id(self, session: AsyncSession, token_id: UUID, client_id: str) -> UUID | None:
        """The member's user id; None as in ``find_member_email``."""
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
        user_id = self._client_ids.owner_of(token_id, client_id, members)
        return None if user_id is None else members[user_id]
