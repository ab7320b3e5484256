"""Creates, lists, changes and deletes webhook endpoints, and rotates their secrets."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from events.event_types import EventType
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.encryption import Encryptor
from kit.errors import NotFound, ValidationFailed
from tenants.models import Organization
from webhooks.errors import TooManyWebhooks
from webhooks.models import MAX_ENDPOINTS, WebhookEndpoint
from webhooks.signatures import new_secret
from widget.models import EmbedToken

ROTATION_PERIOD = dt.timedelta(hours=24)
"""The time that deliveries are also signed with the previous secret."""


class WebhookService:
    """Endpoints of one organization at a time. ``ReceiverCheck`` must have checked their URLs."""

    class Repository(SQLAlchemyAsyncRepository[WebhookEndpoint]):
        model_type = WebhookEndpoint

    def __init__(self, session: AsyncSession, encryptor: Encryptor) -> None:
        self._session = session
        self._encryptor = encryptor
        self._endpoints = self.Repository(session=session)

    async def create(
        self, organization_id: UUID, *, url: str, events: Sequence[str], token_id: UUID | None, by: Actor
    ) -> tuple[WebhookEndpoint, str]:
        """Create an endpoint; return it with its secret, which is shown once.

        Raises:
            ValidationFailed: an unknown type of event, none at all, or an embed token that is not the organization's.
            TooManyWebhooks: the organization has as many endpoints as it may.
        """
        chosen = parse_events(events)
        await self._ensure_own_token(organization_id, token_id)
        # Locks the organization's row, so that two endpoints created at once cannot both be the last one allowed.
        limits = await self._session.scalar(
            sa.select(Organization.limits).where(Organization.id == organization_id).with_for_update(key_share=True)
        )
        count = await self._endpoints.count(WebhookEndpoint.owned_by(organization_id))
        if count >= int((limits or {}).get("webhooks", MAX_ENDPOINTS)):
            raise TooManyWebhooks
        secret = new_secret()
        endpoint = await self._endpoints.add(
            WebhookEndpoint(
                organization_id=organization_id,
                url=url,
                events=chosen,
                token_id=token_id,
                secret=self._encryptor.encrypt(secret.encode()),
            ),
            auto_refresh=True,
        )
        await self._record(endpoint, by, "webhook.created", {"events": chosen})
        return endpoint, secret

    async def find_errors(
        self, organization_id: UUID, *, events: Sequence[str], token_id: UUID | None
    ) -> Sequence[tuple[str, str]]:
        """All errors of a new endpoint; ``create`` raises only the first of them."""
        errors = []
        try:
            parse_events(events)
        except ValidationFailed as error:
            errors += error.errors
        try:
            await self._ensure_own_token(organization_id, token_id)
        except ValidationFailed as error:
            errors += error.errors
        return errors

    async def list(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[WebhookEndpoint]:
        """``limit`` + 1 endpoints, newest first."""
        query = sa.select(WebhookEndpoint).where(WebhookEndpoint.owned_by(organization_id))
        if after is not None:
            query = query.where(WebhookEndpoint.id < after)
        rows: Sequence[WebhookEndpoint] = (
            await self._session.scalars(query.order_by(WebhookEndpoint.id.desc()).limit(limit + 1))
        ).all()
        return rows

    async def get(self, organization_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
        """One endpoint. Raises: NotFound."""
        return await self._find(organization_id, endpoint_id)

    async def update(
        self,
        organization_id: UUID,
        endpoint_id: UUID,
        *,
        by: Actor,
        url: str | None = None,
        events: Sequence[str] | None = None,
        is_paused: bool | None = None,
    ) -> WebhookEndpoint:
        """Change the fields that are given; the waiting deliveries of a resumed endpoint are sent.

        Raises: NotFound, ValidationFailed.
        """
        endpoint = await self._find(organization_id, endpoint_id, locked=True)
        chosen = None if events is None else parse_events(events)
        if url is not None and url != endpoint.url:
            # Failures and requested waits of the former receiver do not count for the new one.
            endpoint.url, endpoint.failures, endpoint.failing_since = url, 0, None
            _end_requested_wait(endpoint)
        if chosen is not None:
            endpoint.events = chosen
        if is_paused is True and endpoint.paused_at is None:
            endpoint.paused_at = utc_now()
        elif is_paused is False and endpoint.paused_at is not None:
            endpoint.paused_at, endpoint.failures, endpoint.failing_since = None, 0, None
            endpoint.due_at = utc_now()
            _end_requested_wait(endpoint)
        details = {"events": endpoint.events, "paused": endpoint.paused_at is not None, "new_address": url is not None}
        await self._record(endpoint, by, "webhook.changed", details)
        return endpoint

    async def rotate_secret(
        self, organization_id: UUID, endpoint_id: UUID, *, by: Actor
    ) -> tuple[WebhookEndpoint, str]:
        """Create a new secret, shown once; the present one also signs for ``ROTATION_PERIOD``. Raises: NotFound."""
        endpoint, secret = await self._find(organization_id, endpoint_id, locked=True), new_secret()
        endpoint.previous_secret, endpoint.previous_secret_until = endpoint.secret, utc_now() + ROTATION_PERIOD
        endpoint.secret = self._encryptor.encrypt(secret.encode())
        await self._record(endpoint, by, "webhook.secret_rotated")
        return endpoint, secret

    async def delete(self, organization_id: UUID, endpoint_id: UUID, *, by: Actor) -> None:
        """Delete an endpoint with its deliveries. Raises: NotFound."""
        endpoint = await self._find(organization_id, endpoint_id)
        await self._record(endpoint, by, "webhook.deleted")
        await self._session.execute(
            sa.delete(WebhookEndpoint).where(
                WebhookEndpoint.owned_by(organization_id), WebhookEndpoint.id == endpoint_id
            )
        )

    async def _find(self, organization_id: UUID, endpoint_id: UUID, *, locked: bool = False) -> WebhookEndpoint:
        query = sa.select(WebhookEndpoint).where(
            WebhookEndpoint.owned_by(organization_id), WebhookEndpoint.id == endpoint_id
        )
        found: WebhookEndpoint | None = await self._session.scalar(query.with_for_update() if locked else query)
        if found is None:
            raise NotFound
        return found

    async def _ensure_own_token(self, organization_id: UUID, token_id: UUID | None) -> None:
        if token_id is None:
            return
        own = EmbedToken.owned_by(organization_id), EmbedToken.id == token_id, EmbedToken.revoked_at.is_(None)
        if await self._session.scalar(sa.select(EmbedToken.id).where(*own)) is None:
            raise ValidationFailed([("token_id", "There is no such active embed token")])

    async def _record(
        self, endpoint: WebhookEndpoint, by: Actor, action: str, details: dict[str, object] | None = None
    ) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=endpoint.organization_id,
            subject_id=endpoint.id,
            subject_name=host_of(endpoint.url),
            details=details,
        )


def parse_events(events: Sequence[str]) -> list[str]:
    """The types in the order of ``EventType``, each once. Raises: ValidationFailed."""
    known = [event.value for event in EventType]
    if unknown := [event for event in events if event not in known]:
        messages = [f"“{event[:40]}” is not a type of event" for event in unknown]
        messages[-1] += f". There are: {', '.join(known)}"
        raise ValidationFailed([("events", message) for message in messages])
    if not events:
        raise ValidationFailed([("events", "Choose at least one type of event")])
    return [event for event in known if event in events]


def _end_requested_wait(endpoint: WebhookEndpoint) -> None:
    if endpoint.leased_by is None:
        endpoint.leased_until = None


def host_of(url: str) -> str:
    """Host and port of a URL, for logs and mails; the rest of the URL may be secret."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0]
