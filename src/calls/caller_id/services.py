"""Reads and changes the settings by which the number that a call shows is chosen."""

from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits.models import CallingRules
from kit.actor import Actor
from kit.audit import record
from tenants.services import OrganizationService


class CallerIdSettings(msgspec.Struct, frozen=True):
    """The rules that may choose the number, in the order of ``phone_numbers.from_numbers``."""

    sticky: bool = True
    """A contact is called from the number from which it was called last."""
    match_area_code: bool = False
    """A call shows a number with the called one's area code, where there is one."""


class CallerIdService:
    """Settings of one organization."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, organization_id: UUID) -> CallerIdSettings:
        """The settings; the defaults where nobody changed them."""
        query = sa.select(CallingRules.sticky, CallingRules.match_area_code).where(
            CallingRules.owned_by(organization_id)
        )
        row = (await self._session.execute(query)).one_or_none()
        return CallerIdSettings() if row is None else CallerIdSettings(*row)

    async def replace(self, organization_id: UUID, settings: CallerIdSettings, *, by: Actor) -> None:
        """Store ``settings`` for calls that begin afterwards."""
        await OrganizationService(self._session).lock(organization_id)
        before = await self.get(organization_id)
        if settings == before:
            return
        values = msgspec.structs.asdict(settings)
        statement = insert(CallingRules).values(id=uuid7(), organization_id=organization_id, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["organization_id"], set_=values))
        details: dict[str, object] = {"before": msgspec.to_builtins(before), "after": values}
        await record(self._session, by, "caller_id.changed", organization_id=organization_id, details=details)
