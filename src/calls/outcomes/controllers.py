"""API endpoints ``…/outcomes``: read and replace an organization's list of outcomes."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from calls.outcomes.schemas import OutcomeInfo, OutcomeInput
from calls.outcomes.services import OutcomeService
from tenants.auth import current_member
from tenants.guards import requires_member, requires_role
from tenants.models import Role


class OutcomeController(Controller):
    """The outcomes of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/outcomes"
    tags = ["Outcomes"]

    @get(guards=[requires_member], summary="The outcomes that calls can get, in their order")
    async def index(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]
    ) -> list[OutcomeInfo]:
        return [OutcomeInfo.of(outcome) for outcome in await OutcomeService(db_session).list_all(organization_id)]

    @put(guards=[requires_member, requires_role(Role.ADMIN)], summary="Replace the list of outcomes")
    async def replace(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[list[OutcomeInput]],
    ) -> list[OutcomeInfo]:
        """Replace the whole list, at most 30 of them; calls keep the outcome that they have."""
        outcomes = await OutcomeService(db_session).replace(
            organization_id, [item.to_outcome() for item in data], by=current_member(request).actor
        )
        return [OutcomeInfo.of(outcome) for outcome in outcomes]
