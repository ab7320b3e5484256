"""Marks a HubSpot connection as broken, because HubSpot refuses its token, and mails the organization's owners."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from crm.models import HubSpotConnection
from kit.actor import SYSTEM
from kit.audit import record
from kit.clock import utc_now
from kit.mail import Mail
from tenants.members import MemberService
from tenants.models import Organization
from tenants.settings_paths import SettingsSection, settings_path


class BrokenConnectionNotifier:
    """Marks connections as broken, and notifies the owners. Made once at start."""

    def __init__(self, send: Callable[[AsyncSession, Mail], Awaitable[None]], public_url: str) -> None:
        """``send`` sends a mail after the commit; the link in the mail begins with ``public_url``."""
        self._send = send
        self._public_url = public_url

    async def mark_broken(self, session: AsyncSession, connection: HubSpotConnection) -> None:
        """Mark ``connection`` in the session's transaction: its token is not used any more."""
        connection.broken_at, connection.due_at = utc_now(), None
        organization = await session.scalar(
            sa.select(Organization).where(Organization.id == connection.organization_id)
        )
        if organization is None:
            return
        account = f"HubSpot account {connection.portal_id}"
        await record(
            session,
            SYSTEM,
            "hubspot.broken",
            organization_id=organization.id,
            subject_id=connection.id,
            subject_name=account,
        )
        path = settings_path(organization.slug, SettingsSection.HUBSPOT)
        for owner in await MemberService(session).list_owners(organization.id):
            await self._send(
                session,
                Mail(
                    to=owner.email,
                    subject="Calls are no longer written into HubSpot",
                    paragraphs=(
                        f"HubSpot refuses the token of {organization.name} for the {account}.",
                        "It was revoked, rotated or deleted in HubSpot.",
                        "No call is lost: Epoch Voice keeps all calls, and calls that end from now on wait.",
                        "Create a new token in HubSpot and connect it: the waiting calls are then written.",
                    ),
                    action=("Connect a token", f"{self._public_url}{path}"),
                ),
            )
