"""Reports of unwanted invitations: recipients report by a signed link in the mail, without an account; many reports
pause the organization's invitations.
"""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import SYSTEM, Actor
from kit.audit import record
from kit.clock import utc_now
from kit.encryption import Encryptor
from kit.errors import NotFound
from kit.secret_keys import SecretKeys
from kit.text import plain_name
from tenants.audit_log.organization_events import record_organization_event
from tenants.errors import AlreadyApplied, ReportLinkNotUsable
from tenants.invitation_limits import recipient_digest
from tenants.models import Invitation, InvitationReport, Organization

REPORT_LINK_LIFETIME = dt.timedelta(days=90)
REPORTS_ALERT = 3
"""The number of reporting recipients at which a log line alerts the operator."""
REPORTS_PAUSE = 5
"""The number of reporting recipients at which the organization's invitations pause until staff resume them."""
MAX_REPORTS_PER_HOUR = 60
"""The maximum from one network."""
_LINK_BYTES = 32
_REPORTS = Counter("epoch_invitation_reports", "Reports of invitations by their recipients.")
_PAUSES = Counter("epoch_invitation_pauses", "Organizations whose invitations were paused after reports.")
log = structlog.get_logger("epoch.tenants")


class ReportLink(NamedTuple):
    """The ids in a report link."""

    organization_id: UUID
    invitation_id: UUID


class ReportLinks:
    """Signs and reads the tokens of report links."""

    def __init__(self, secrets: SecretKeys) -> None:
        self._encryptor = Encryptor(secrets, "invitation-report")

    def token_for(self, invitation: Invitation) -> str:
        """The token for the mail of ``invitation``."""
        return self._encryptor.encrypt(invitation.organization_id.bytes + invitation.id.bytes)

    def read(self, token: str) -> ReportLink:
        """The ids in ``token``. Raises: ReportLinkNotUsable."""
        content = self._encryptor.decrypt(token, seconds=int(REPORT_LINK_LIFETIME.total_seconds()))
        if content is None or len(content) != _LINK_BYTES:
            raise ReportLinkNotUsable
        return ReportLink(UUID(bytes=content[:16]), UUID(bytes=content[16:]))


class ReportableInvitation(NamedTuple):
    """The data about an invitation that everybody with the report link may see."""

    organization_name: str
    masked_email: str
    sent_at: dt.datetime
    is_reported: bool


class InvitationReportService:
    """Reports about one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def preview(self, link: ReportLink) -> ReportableInvitation:
        """The invitation of ``link``, whatever its state. Raises: ReportLinkNotUsable."""
        invitation, name = await self._find(link)
        return ReportableInvitation(
            plain_name(name, fallback="a team"),
            masked_email(invitation.email),
            invitation.created_at,
            await self._is_reported(invitation),
        )

    async def report(self, link: ReportLink) -> None:
        """Withdraw the open invitations to the recipient, and block further ones. Safe to repeat.

        The report that is ``REPORTS_PAUSE`` since the last resumption pauses the organization's invitations.

        Raises: ReportLinkNotUsable.
        """
        session, organization_id = self._session, link.organization_id
        # Locked, so that of two concurrent reports the second one counts the first.
        locked = sa.select(Organization).where(Organization.id == organization_id).with_for_update()
        organization: Organization | None = await session.scalar(locked)
        if organization is None:
            raise ReportLinkNotUsable
        invitation, _ = await self._find(link)
        if await self._is_reported(invitation):
            return
        is_withdrawn = await self._withdraw_all_to(invitation)
        reports = await self._count(organization) + 1
        session.add(
            InvitationReport(
                organization_id=organization_id,
                invitation_id=invitation.id,
                invited_by=invitation.invited_by,
                recipient=recipient_digest(invitation.email),
                reports_so_far=reports,
            )
        )
        await record(
            session,
            SYSTEM,
            "invitation.reported",
            organization_id=organization_id,
            subject_id=invitation.id,
            subject_name=invitation.email,
            details={"withdrawn": is_withdrawn, "reports": reports},
        )
        _REPORTS.inc()
        if reports == REPORTS_ALERT:
            log.warning("invitations_reported", organization=str(organization_id), reports=reports)
        if reports >= REPORTS_PAUSE and organization.invitations_paused_at is None:
            await self._pause(organization, reports)

    async def resume(self, organization_id: UUID, *, by: Actor) -> None:
        """Resume the organization's invitations; earlier reports do not count any more.

        Raises: NotFound, AlreadyApplied (the invitations are not paused).
        """
        query = sa.select(Organization).where(Organization.id == organization_id).with_for_update()
        organization: Organization | None = await self._session.scalar(query)
        if organization is None:
            raise NotFound
        if organization.invitations_paused_at is None:
            raise AlreadyApplied
        organization.invitations_paused_at, organization.invitations_resumed_at = None, utc_now()
        await record_organization_event(self._session, by, "organization.invitations_resumed", organization)

    async def dismiss(self, organization_id: UUID, report_id: UUID, *, by: Actor) -> None:
        """Delete a report that was made by mistake: the recipient can be invited again. Raises: NotFound."""
        is_report = InvitationReport.owned_by(organization_id), InvitationReport.id == report_id
        deleted = sa.delete(InvitationReport).where(*is_report).returning(InvitationReport.invitation_id)
        row = (await self._session.execute(deleted)).one_or_none()
        if row is None:
            raise NotFound
        await record(
            self._session,
            by,
            "invitation.report_dismissed",
            organization_id=organization_id,
            subject_id=row.invitation_id,
        )

    async def _find(self, link: ReportLink) -> tuple[Invitation, str]:
        query = (
            sa.select(Invitation, Organization.name)
            .join(Organization, Organization.id == Invitation.organization_id)
            .where(Invitation.owned_by(link.organization_id), Invitation.id == link.invitation_id)
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise ReportLinkNotUsable
        return row[0], row[1]

    async def _is_reported(self, invitation: Invitation) -> bool:
        is_by_recipient = (
            InvitationReport.owned_by(invitation.organization_id),
            InvitationReport.recipient == recipient_digest(invitation.email),
        )
        return await self._session.scalar(sa.select(InvitationReport.id).where(*is_by_recipient)) is not None

    async def _withdraw_all_to(self, reported: Invitation) -> bool:
        """Withdraw the organization's open invitations to all addresses of the mailbox; True when there was one."""
        is_open = (
            Invitation.owned_by(reported.organization_id),
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        recipient = recipient_digest(reported.email)
        open_invitations = await self._session.scalars(sa.select(Invitation).where(*is_open))
        withdrawn = [invitation for invitation in open_invitations if recipient_digest(invitation.email) == recipient]
        for invitation in withdrawn:
            invitation.revoked_at = utc_now()
        return bool(withdrawn)

    async def _count(self, organization: Organization) -> int:
        query = sa.select(sa.func.count()).where(InvitationReport.owned_by(organization.id))
        if organization.invitations_resumed_at is not None:
            query = query.where(InvitationReport.created_at > organization.invitations_resumed_at)
        return await self._session.scalar(query) or 0

    async def _pause(self, organization: Organization, reports: int) -> None:
        organization.invitations_paused_at = utc_now()
        _PAUSES.inc()
        log.error("invitations_paused", organization=str(organization.id), reports=reports)
        await record_organization_event(
            self._session, SYSTEM, "organization.invitations_paused", organization, {"reports": reports}
        )


def masked_email(email: str) -> str:
    """The e-mail address with only the first character of its local part."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"
