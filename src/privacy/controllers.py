"""API of the retention period of call data (``…/retention``) and of erasing phone numbers (``…/erasures``)."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from kit.http.app_key import SETTINGS
from privacy.errors import NumberInLiveCall
from privacy.number_erasure import parse_number_to_erase
from privacy.number_erasure_job import NUMBER_ERASURE
from privacy.schemas import (
    ChangeRetention,
    ErasedNumber,
    EraseNumber,
    RetentionInfo,
)
from privacy.services import RetentionService
from tenants.auth import current_member
from tenants.guards import requires_member, requires_role
from tenants.models import Role


class RetentionController(Controller):
    """Retention of call data of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/retention"
    tags = ["Calls"]

    @get(guards=[requires_member], summary="How long call data is kept")
    async def show(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        request: Request[Any, Any, State],
    ) -> RetentionInfo:
        service = RetentionService(db_session, default_months=SETTINGS.get(request.app).call_retention_months)
        return RetentionInfo.of(await service.get(organization_id))

    @put(guards=[requires_member, requires_role(Role.ADMIN)], summary="Change how long call data is kept")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[ChangeRetention],
    ) -> RetentionInfo:
        service = RetentionService(db_session, default_months=SETTINGS.get(request.app).call_retention_months)
        return RetentionInfo.of(await service.update(organization_id, data.months, by=current_member(request).actor))


class ErasureController(Controller):
    """Erasure of phone numbers from the data of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/erasures"
    tags = ["Calls"]

    @post(
        guards=[requires_member, requires_role(Role.ADMIN)],
        summary="Erase a phone number from all calls and their metadata",
        status_code=200,
        refusals=(NumberInLiveCall,),
    )
    async def erase(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[EraseNumber],
    ) -> ErasedNumber:
        member = current_member(request)
        erasure = NUMBER_ERASURE.get(request.app).make_service(db_session)
        number = parse_number_to_erase(data.number, member.country)
        return ErasedNumber.of(
            await erasure.erase(organization_id, number, member.country, by=member.actor, unblock=data.unblock)
        )
