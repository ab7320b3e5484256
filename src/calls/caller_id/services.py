"""Reads and changes an organization's caller id settings: the rules that choose the number that calls show."""

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
    """The rules that can be switched on and off, in the order in which ``phone_numbers.from_numbers`` applies them."""

    sticky: bool = True
    """A contact is called from the number that called it last."""
    match_area_code: bool = False
    """A call shows a number with the called number's area code, where the organization has one."""


class CallerIdService:
    """Caller id settings of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, organization_id: UUID) -> CallerIdSettings:
        """The settings; the defaults until somebody changes them."""
        query = sa.select(CallingRules.sticky, CallingRules.match_area_code).where(
            CallingRules.owned_by(organization_id)
        )
        row = (await self._session.execute(query)).one_or_none()
        return CallerIdSettings() if row is None else CallerIdSettings(*row)

    async def replace(self, organization_id: UUID, settings: CallerIdSettings, *, by: Actor) -> None:
        """Store ``settings``; calls that begin later use them."""
        await OrganizationService(self._session).lock(organization_id)
        before = await self.get(organization_id)
        if settings == before:
            return
        values = msgspec.structs.asdict(settings)
        statement = insert(CallingRules).values(id=uuid7(), organization_id=organization_id, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["organization_id"], set_=values))
        details: dict[str, object] = {"before": msgspec.to_builtins(before), "after": values}
        await record(self._session, by, "caller_id.changed", organization_id=organization_id, details=details)
