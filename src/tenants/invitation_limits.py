"""Limits on invitation mails: for each organization, inviter and recipient, and after reports by recipients."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.rate_limit import hit_or_raise
from kit.errors import TooMany
from tenants.errors import InvitationsDeclined, InvitationsPaused
from tenants.models import InvitationReport, Organization
from tenants.plans import WIDGET_PLANS

MAX_INVITATIONS_PER_DAY = 50
"""For one organization, and for one inviter; an organization's limits may differ (``invitations_per_day``)."""
MAX_INVITATIONS_OF_NEW_ACCOUNTS_PER_DAY = 5
"""The limit for plans without widgets, until the inviter's account is ``NEW_ACCOUNT_AGE`` old."""
NEW_ACCOUNT_AGE = timedelta(days=14)
TOO_MANY_INVITATIONS = "Too many invitations for today. Try again tomorrow"
MAX_INVITATIONS_PER_RECIPIENT_PER_DAY = 3
"""From all organizations together, so that no mailbox is flooded."""


async def ensure_may_send_invitation(
    database: Database, organization_id: UUID, email: str, inviter_id: UUID | None
) -> None:
    """Count one invitation mail in a separate transaction, which a later refusal does not undo.

    ``inviter_id`` is None for staff.

    Raises:
        InvitationsPaused: recipients reported many invitations of the organization.
        InvitationsDeclined: the recipient reported one of the organization or of the inviter.
        TooMany: a limit is reached; the sentence does not tell which, because other organizations count too.
    """
    async with database.tenant_session(organization_id, inviter_id) as session:
        await _ensure_not_reported(session, organization_id, email, inviter_id)
        limit = await _invitations_per_day(session, organization_id, inviter_id)
        counters = [(f"invitations:{organization_id}", limit)]
        if inviter_id is not None:
            # For all organizations of the person together, because a person can create many.
            counters.append((f"invitations-by:{inviter_id}", limit))
        counters.append((f"invited:{recipient_digest(email).hex()}", MAX_INVITATIONS_PER_RECIPIENT_PER_DAY))
        for key, key_limit in counters:
            try:
                await hit_or_raise(session, key, limit=key_limit, window=timedelta(days=1))
            except TooMany as refusal:
                await session.commit()
                raise TooMany(TOO_MANY_INVITATIONS, retry_after=refusal.retry_after) from refusal


async def _invitations_per_day(session: AsyncSession, organization_id: UUID, inviter_id: UUID | None) -> int:
    found = sa.select(Organization.limits, Organization.plan).where(Organization.id == organization_id)
    limits, plan = (await session.execute(found)).one()
    if "invitations_per_day" in (limits or {}):
        return int(limits["invitations_per_day"])
    if plan in WIDGET_PLANS or inviter_id is None:
        return MAX_INVITATIONS_PER_DAY
    created_at = await session.scalar(sa.select(User.created_at).where(User.id == inviter_id))
    is_new = created_at is None or created_at > utc_now() - NEW_ACCOUNT_AGE
    return MAX_INVITATIONS_OF_NEW_ACCOUNTS_PER_DAY if is_new else MAX_INVITATIONS_PER_DAY


async def _ensure_not_reported(
    session: AsyncSession, organization_id: UUID, email: str, inviter_id: UUID | None
) -> None:
    paused_at = sa.select(Organization.invitations_paused_at).where(Organization.id == organization_id)
    if await session.scalar(paused_at) is not None:
        raise InvitationsPaused
    # Row-level security shows reports about this organization, and about this person's invitations in any other one.
    by_sender = InvitationReport.owned_by(organization_id)
    if inviter_id is not None:
        by_sender |= InvitationReport.invited_by == inviter_id
    reported = sa.select(InvitationReport.id).where(InvitationReport.recipient == recipient_digest(email), by_sender)
    if await session.scalar(reported.limit(1)) is not None:
        raise InvitationsDeclined


def recipient_digest(email: str) -> bytes:
    """A digest of the mailbox, the same for each of its ``+`` addresses; reports store it instead of the address."""
    local, _, domain = email.strip().lower().rpartition("@")
    return sha256(f"{local.partition('+')[0]}@{domain}".encode(errors="replace")).digest()
