"""API ``…/integrations/hubspot``: connect or remove a HubSpot account; list and retry calls that were not written."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from crm.errors import HubSpotNotAnswering
from crm.schemas import ConnectHubSpot, HubSpotCallInfo, HubSpotInfo
from crm.services import HubSpotService
from crm.token_check import TOKEN_CHECK
from kit.db.paging import PageQuery
from kit.encryption import Encryptor
from kit.http.app_key import AppKey
from kit.schemas import Page
from tenants.auth import current_member
from tenants.guards import requires_member, requires_role
from tenants.models import Role

HUBSPOT_ENCRYPTOR: AppKey[Encryptor] = AppKey("hubspot_encryptor")
"""Encrypts stored HubSpot tokens."""
HubSpotRequest = Request[Any, Any, State]


def hubspot_service(request: HubSpotRequest, session: AsyncSession) -> HubSpotService:
    """The service for one request."""
    return HubSpotService(session, HUBSPOT_ENCRYPTOR.get(request.app))


class HubSpotController(Controller):
    """The HubSpot account of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/integrations/hubspot"
    tags = ["HubSpot"]
    guards = [requires_member, requires_role(Role.ADMIN)]

    @get(summary="The connection to HubSpot")
    async def show(
        self, request: HubSpotRequest, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]
    ) -> HubSpotInfo:
        service = hubspot_service(request, db_session)
        return HubSpotInfo.of(await service.find(organization_id), await service.count(organization_id))

    @put(summary="Connect a HubSpot account, or replace its token", refusals=(HubSpotNotAnswering,))
    async def connect(
        self,
        request: HubSpotRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[ConnectHubSpot],
    ) -> HubSpotInfo:
        # Before the first database statement, so that no database connection is held while HubSpot responds.
        info = await TOKEN_CHECK.get(request.app).check(data.access_token)
        service = hubspot_service(request, db_session)
        connection = await service.connect(organization_id, data.access_token, info, by=current_member(request).actor)
        return HubSpotInfo.of(connection, await service.count(organization_id))

    @delete(summary="Remove the connection and its token", status_code=204)
    async def remove(
        self, request: HubSpotRequest, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]
    ) -> None:
        await hubspot_service(request, db_session).remove(organization_id, by=current_member(request).actor)

    @get("/failures", summary="Calls that could not be written into HubSpot, newest first")
    async def failures(
        self,
        request: HubSpotRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[HubSpotCallInfo]:
        service = hubspot_service(request, db_session)
        rows = await service.list_failures(organization_id, after=page_query.after, limit=page_query.limit)
        return page_query.to_page(rows, HubSpotCallInfo.of)

    @post("/failures/{failure_id:uuid}/retry", summary="Write a call again", status_code=202)
    async def retry(
        self,
        request: HubSpotRequest,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        failure_id: FromPath[UUID],
    ) -> HubSpotCallInfo:
        return HubSpotCallInfo.of(await hubspot_service(request, db_session).retry(organization_id, failure_id))
