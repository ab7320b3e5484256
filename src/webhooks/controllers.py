"""API routes ``…/webhooks``: admins manage the endpoints that events are sent to, and read the log of deliveries."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.paging import PageQuery, read_moment
from kit.encryption import Encryptor
from kit.errors import ValidationFailed
from kit.http.app_key import AppKey
from kit.http.json_body import check_every_field
from kit.schemas import Page, rfc3339
from tenants.auth import current_member
from tenants.guards import requires_member, requires_role
from tenants.models import Role
from webhooks.deliveries import DeliveryService
from webhooks.errors import TooManyWebhooks, WebhookPaused
from webhooks.receiver_check import RECEIVER_CHECK
from webhooks.schemas import (
    ChangeWebhook,
    CreateWebhook,
    DeliveryInfo,
    ResendSince,
    Resent,
    WebhookInfo,
    WebhookIssued,
)
from webhooks.services import WebhookService

WEBHOOK_ENCRYPTOR: AppKey[Encryptor] = AppKey("webhook_encryptor")
"""Encrypts the secrets of webhooks."""
WebhookRequest = Request[Any, Any, State]


def webhook_service(request: WebhookRequest, session: AsyncSession) -> WebhookService:
    """The service for one request."""
    return WebhookService(session, WEBHOOK_ENCRYPTOR.get(request.app))


class WebhookController(Controller):
    """Webhooks of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/webhooks"
    tags = ["Webhooks"]
    guards = [requires_member, requires_role(Role.ADMIN)]

    @get(summary="Webhooks, newest first")
    async def index(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[WebhookInfo]:
        service = webhook_service(request, db_session)
        rows = await service.list(organization_id, after=page_query.after, limit=page_query.limit)
        return page_query.to_page(rows, WebhookInfo.of)

    @post(
        summary="Add a webhook; its secret is shown once",
        refusals=(TooManyWebhooks,),
        before_request=check_every_field(CreateWebhook),
    )
    async def create(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[CreateWebhook],
    ) -> Response[WebhookIssued]:
        service = webhook_service(request, db_session)
        errors = await RECEIVER_CHECK.get(request.app).find_errors(data.url)
        errors += await service.find_errors(organization_id, events=data.events, token_id=data.token_id)
        if errors:
            raise ValidationFailed(errors)
        endpoint, secret = await service.create(
            organization_id,
            url=data.url,
            events=data.events,
            token_id=data.token_id,
            by=current_member(request).actor,
        )
        return Response(
            WebhookIssued.with_secret(endpoint, secret), status_code=201, headers={"Cache-Control": "no-store"}
        )

    @get("/{webhook_id:uuid}", summary="One webhook")
    async def show(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
    ) -> WebhookInfo:
        return WebhookInfo.of(await webhook_service(request, db_session).get(organization_id, webhook_id))

    @patch("/{webhook_id:uuid}", summary="Change, pause or resume a webhook")
    async def change(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
        data: JSONBody[ChangeWebhook],
    ) -> WebhookInfo:
        url = None if isinstance(data.url, UnsetType) else data.url
        if url is not None:
            await RECEIVER_CHECK.get(request.app).ensure_allowed(url)
        endpoint = await webhook_service(request, db_session).update(
            organization_id,
            webhook_id,
            by=current_member(request).actor,
            url=url,
            events=None if isinstance(data.events, UnsetType) else data.events,
            is_paused=None if isinstance(data.paused, UnsetType) else data.paused,
        )
        return WebhookInfo.of(endpoint)

    @delete("/{webhook_id:uuid}", summary="Delete a webhook and its log", status_code=204)
    async def remove(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
    ) -> None:
        service = webhook_service(request, db_session)
        await service.delete(organization_id, webhook_id, by=current_member(request).actor)

    @post(
        "/{webhook_id:uuid}/rotate-secret",
        summary="Make a new secret; the present one signs too for 24 hours, an earlier one stops",
        status_code=200,
    )
    async def rotate_secret(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
    ) -> Response[WebhookIssued]:
        service = webhook_service(request, db_session)
        endpoint, secret = await service.rotate_secret(organization_id, webhook_id, by=current_member(request).actor)
        return Response(WebhookIssued.with_secret(endpoint, secret), headers={"Cache-Control": "no-store"})

    @post("/{webhook_id:uuid}/test", summary="Send a test event", status_code=202, refusals=(WebhookPaused,))
    async def send_test(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
    ) -> DeliveryInfo:
        endpoint = await webhook_service(request, db_session).get(organization_id, webhook_id)
        return DeliveryInfo.of(await DeliveryService(db_session).send_test(endpoint))

    @post(
        "/{webhook_id:uuid}/resend-since",
        summary="Send the events since a time again",
        status_code=202,
        refusals=(WebhookPaused,),
    )
    async def resend_since(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
        data: JSONBody[ResendSince],
    ) -> Resent:
        since = read_moment("since", data.since)
        if since is None:
            raise ValidationFailed([("since", "Must be a time")])
        endpoint = await webhook_service(request, db_session).get(organization_id, webhook_id)
        count, next_since = await DeliveryService(db_session).resend_since(endpoint, since)
        return Resent(deliveries=count, next_since=rfc3339(next_since))

    @get("/{webhook_id:uuid}/deliveries", summary="Deliveries of a webhook, newest first")
    async def deliveries(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[DeliveryInfo]:
        endpoint = await webhook_service(request, db_session).get(organization_id, webhook_id)
        rows = await DeliveryService(db_session).list(endpoint, after=page_query.after, limit=page_query.limit)
        return page_query.to_page(rows, DeliveryInfo.of)

    @post(
        "/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/resend",
        summary="Send one delivery again, with the same id and body",
        status_code=202,
        refusals=(WebhookPaused,),
    )
    async def resend(
        self,
        request: WebhookRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        webhook_id: FromPath[UUID],
        delivery_id: FromPath[UUID],
    ) -> DeliveryInfo:
        endpoint = await webhook_service(request, db_session).get(organization_id, webhook_id)
        return DeliveryInfo.of(await DeliveryService(db_session).resend(endpoint, delivery_id))
