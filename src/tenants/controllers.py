"""``/api/organizations``: the organizations of the person who is signed in."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.auth import requires_user, viewer
from kit.errors import NotFound
from kit.paging import cut, read_cursor, read_limit
from kit.structs import Page
from tenants.auth import member
from tenants.guards import requires_member
from tenants.services import OrganizationService
from tenants.structs import OrganizationInfo


class OrganizationController(Controller):
    """Organizations as their members see them."""

    path = "/organizations"
    tags = ["Organizations"]

    @get(guards=[requires_user], summary="My organizations")
    async def mine(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> Page[OrganizationInfo]:
        size = read_limit(limit)
        found = await OrganizationService(db_session).of_member(
            viewer(request).user_id, after=read_cursor(cursor), limit=size
        )
        roles = {organization.id: role for organization, role in found}
        page, next_cursor = cut([organization for organization, _ in found], size)
        return Page(items=[OrganizationInfo.of(row, roles[row.id]) for row in page], next_cursor=next_cursor)

    @get("/{organization_id:uuid}", guards=[requires_member], summary="One organization")
    async def show(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
    ) -> OrganizationInfo:
        organization = await OrganizationService(db_session).get_one_or_none(id=organization_id)
        if organization is None:
            raise NotFound
        return OrganizationInfo.of(organization, member(request).role)
