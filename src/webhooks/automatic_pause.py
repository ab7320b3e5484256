"""Pauses a webhook endpoint that has failed for three days, and mails the organization's owners."""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import SYSTEM
from kit.audit import record
from kit.clock import utc_now
from kit.mail import Mail
from kit.time_zones import short_time, zone_of
from tenants.members import MemberService
from tenants.models import Organization
from tenants.settings_paths import SettingsSection, settings_path
from webhooks.models import WebhookEndpoint
from webhooks.services import host_of


class WebhookPauser:
    """Pauses failing endpoints and mails the owners. Made once at start."""

    def __init__(self, send: Callable[[AsyncSession, Mail], Awaitable[None]], public_url: str) -> None:
        """``send`` sends a mail after the commit; ``public_url`` is the beginning of the link in the mail."""
        self._send = send
        self._public_url = public_url

    async def pause(self, session: AsyncSession, endpoint: WebhookEndpoint, last_answer: str) -> None:
        """Pause the endpoint in the session's transaction; the mail quotes ``last_answer``."""
        organization = await session.scalar(sa.select(Organization).where(Organization.id == endpoint.organization_id))
        if organization is None:
            return
        endpoint.paused_at, host = utc_now(), host_of(endpoint.url)
        await record(
            session,
            SYSTEM,
            "webhook.paused",
            organization_id=organization.id,
            subject_id=endpoint.id,
            subject_name=host,
        )
        zone = zone_of(organization.time_zone, organization.country)
        since = short_time(endpoint.failing_since or endpoint.paused_at, zone, now=endpoint.paused_at)
        path = settings_path(organization.slug, SettingsSection.WEBHOOKS)
        for owner in await MemberService(session).list_owners(organization.id):
            await self._send(
                session,
                Mail(
                    to=owner.email,
                    subject=f"The webhook to {host} is paused",
                    paragraphs=(
                        f"Every delivery of {organization.name} to {host} has failed since {since} ({zone.key}).",
                        f"The last attempt: {last_answer or 'an empty answer'}",
                        "Nothing more is sent. Correct the receiver, then resume the webhook: waiting events are sent.",
                        "Events of the paused time are kept for 30 days: “Send events again since” sends them.",
                    ),
                    action=("See webhooks", f"{self._public_url}{path}"),
                ),
            )
