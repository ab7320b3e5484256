"""API endpoints ``…/caller-id``: the settings that choose which number an outgoing call shows."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from calls.caller_id.schemas import CallerIdInfo, ReplaceCallerId
from calls.caller_id.services import CallerIdService, CallerIdSettings
from tenants.auth import current_member
from tenants.guards import requires_member, requires_role
from tenants.models import Role

_MEMBER = (requires_member,)
_ADMIN = (requires_member, requires_role(Role.ADMIN))


class CallerIdController(Controller):
    """Settings of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/caller-id"
    tags = ("Phone numbers",)

    @get(guards=_MEMBER, summary="Choice of the number that calls show")
    async def show(self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]) -> CallerIdInfo:
        """The rules that may choose the number.

        A call shows the first that applies: the number that the page or the person chose, the member's own, that of the
        last call to the contact (`sticky`), the first one on the embed token's list, one with the called number's area
        code (`match_area_code`), the default.
        """
        settings = await CallerIdService(db_session).get(organization_id)
        return CallerIdInfo(sticky=settings.sticky, match_area_code=settings.match_area_code)

    @put(guards=_ADMIN, summary="Change the choice of the number that calls show")
    async def replace(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[ReplaceCallerId],
    ) -> CallerIdInfo:
        settings = CallerIdSettings(sticky=data.sticky, match_area_code=data.match_area_code)
        await CallerIdService(db_session).replace(organization_id, settings, by=current_member(request).actor)
        return CallerIdInfo(sticky=data.sticky, match_area_code=data.match_area_code)
