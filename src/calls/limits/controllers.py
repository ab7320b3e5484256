"""API endpoints ``…/calling-rules``: read and change countries, blocked numbers and limits of an organization."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from calls.limits.rule_input import parse_limits
from calls.limits.schemas import CallingRulesInfo, ChangeCallingRules
from calls.limits.services import CallingRulesService
from kit.errors import ValidationFailed
from kit.schemas import invalid_text_errors
from tenants.auth import current_member
from tenants.guards import requires_member, requires_role
from tenants.models import Role


class CallingRulesController(Controller):
    """Calling rules of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/calling-rules"
    tags = ["Calling rules"]

    @get(guards=[requires_member], summary="Countries, limits and blocked numbers, and what was used")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]
    ) -> CallingRulesInfo:
        return CallingRulesInfo.of(await CallingRulesService(db_session).get(organization_id))

    @put(guards=[requires_member, requires_role(Role.ADMIN)], summary="Change countries, limits and blocked numbers")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[ChangeCallingRules],
    ) -> CallingRulesInfo:
        if errors := invalid_text_errors(data):
            raise ValidationFailed(errors)
        rules = await CallingRulesService(db_session).update(
            organization_id,
            by=current_member(request).actor,
            countries=None if isinstance(data.countries, UnsetType) else data.countries,
            blocked_numbers=None if isinstance(data.blocked_numbers, UnsetType) else data.blocked_numbers,
            limits=None if isinstance(data.limits, UnsetType) else parse_limits(data.limits),
            tokens=None if isinstance(data.tokens, UnsetType) else [token.to_limits() for token in data.tokens],
        )
        return CallingRulesInfo.of(rules)
