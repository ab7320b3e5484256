"""``…/api-keys``: admins create, list and revoke the organization's keys."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.paging import PageQuery
from kit.schemas import Page
from tenants.api_keys.errors import TooManyKeys
from tenants.api_keys.schemas import ApiKeyInfo, ApiKeyIssued, CreateApiKey
from tenants.api_keys.services import ApiKeyService
from tenants.auth import current_member
from tenants.guards import rejects_api_keys, requires_member, requires_role
from tenants.models import Role


class ApiKeyController(Controller):
    """API keys of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/api-keys"
    tags = ["API keys"]
    guards = [requires_member, rejects_api_keys, requires_role(Role.ADMIN)]

    @get(summary="API keys")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[ApiKeyInfo]:
        rows = await ApiKeyService(db_session).list_active(
            organization_id, after=page_query.after, limit=page_query.limit
        )
        return page_query.to_page(rows, ApiKeyInfo.of)

    @post(summary="Create an API key", refusals=(TooManyKeys,))
    async def create(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[CreateApiKey],
    ) -> ApiKeyIssued:
        key, raw = await ApiKeyService(db_session).issue(
            organization_id, label=data.label, scope=data.scope, by=current_member(request).actor
        )
        return ApiKeyIssued.of(key, raw)

    @get("/{key_id:uuid}", summary="One API key")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], key_id: FromPath[UUID]
    ) -> ApiKeyInfo:
        return ApiKeyInfo.of(await ApiKeyService(db_session).get_active(organization_id, key_id))

    @delete("/{key_id:uuid}", summary="Revoke an API key", status_code=204)
    async def revoke(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        key_id: FromPath[UUID],
    ) -> None:
        await ApiKeyService(db_session).revoke(organization_id, key_id, by=current_member(request).actor)
