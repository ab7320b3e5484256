"""Who places a call: a member whom we know, or whomever the page names."""

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from calls.callback_forms import OutgoingCall
from calls.models import MAX_AGENT_CHARACTERS
from kit.http.app_key import AppKey
from tenants.models import Membership
from widget.client_ids import SignedClientIds
from widget.models import EmbedToken


class CallerAttribution:
    """Finds the member behind a call whose phone we made for somebody who was signed in."""

    def __init__(self, secret: str) -> None:
        self._phones = SignedClientIds(secret)

    def may_identify(self, asked: OutgoingCall) -> bool:
        """False for nearly all calls from customers' pages, without asking the database."""
        return self._phones.may_be_signed(asked.token_id, asked.client_id)

    async def identify(self, session: AsyncSession, asked: OutgoingCall) -> OutgoingCall:
        """``asked`` with the member's address as its agent, whatever the page says; as it is for everybody else.

        ``session`` sees the members of the token's organization: who is none any more is not vouched for.
        """
        query = (
            sa.select(User.id, User.email)
            .join(Membership, Membership.user_id == User.id)
            .join(EmbedToken, EmbedToken.organization_id == Membership.organization_id)
            .where(EmbedToken.id == asked.token_id, User.disabled_at.is_(None))
        )
        members = {row.id: row.email for row in await session.execute(query)}
        found = self._phones.owner_of(asked.token_id, asked.client_id, members)
        if found is None:
            return asked
        return msgspec.structs.replace(asked, agent=members[found][:MAX_AGENT_CHARACTERS], agent_is_member=True)


CALLER_ATTRIBUTION: AppKey[CallerAttribution] = AppKey("caller_attribution")
