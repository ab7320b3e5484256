"""Makes one row of each kind that has staff actions."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa

from admin.app import VIEWS
from admin.models import StaffRole
from calls.limits.models import Alert, LimitOverride
from calls.models import Call, CallStatus
from kit.clock import utc_now
from kit.db.database import Database
from phone_numbers.models import UNEXPLAINED, NumberDiscrepancy
from support.factories import Factory
from support.full_tenant import FullTenant, make_full_tenant
from support.staff import make_staff
from tenants.models import UpgradeRequest

ACTIONS = {view.identity: view.staff_actions for view in VIEWS if view.staff_actions}
"""Staff actions by the kind of record."""


@dataclass(frozen=True)
class Row:
    """A row, and the addresses of the actions on it."""

    kind: str
    id: UUID

    def path(self, action: str) -> str:
        return f"/admin/{self.kind}/{self.id}/do/{action}"


async def override_of(database: Database, organization_id: UUID) -> LimitOverride:
    async with database.sessions() as session:
        mine = sa.select(LimitOverride).where(LimitOverride.owned_by(organization_id))
        return (await session.scalars(mine)).one()


async def make_rows(database: Database, make: Factory) -> Mapping[str, Row]:
    """A row of each kind, in a state to which as many of its actions apply as one row allows."""
    full_tenant: FullTenant = await make_full_tenant(database, make)
    ids, staff = full_tenant.ids, await make_staff(database, StaffRole.SUPPORT)
    async with database.sessions() as session, session.begin():
        live = sa.update(Call).where(Call.id == ids["call_id"]).values(status=CallStatus.IN_PROGRESS)
        await session.execute(live)
        waiting = UpgradeRequest.owned_by(ids["organization_id"])
        request_id = (await session.scalars(sa.select(UpgradeRequest.id).where(waiting))).one()
        own = Alert.owned_by(ids["organization_id"])
        alert_id = (await session.scalars(sa.select(Alert.id).where(own))).one()
        # The application's own comparison deletes reports that it has not seen again since this time.
        tomorrow = utc_now() + dt.timedelta(days=1)
        reported = NumberDiscrepancy(
            e164="+13075550100", carrier_sid=f"PN{uuid4().hex}", reason=UNEXPLAINED, last_seen_at=tomorrow
        )
        await session.execute(sa.delete(NumberDiscrepancy).where(NumberDiscrepancy.e164 == reported.e164))
        session.add(reported)
    override = await override_of(database, ids["organization_id"])
    found = {
        "organization": ids["organization_id"],
        "limit-override": override.id,
        "alert": alert_id,
        "embed-token": ids["token_id"],
        "call": ids["call_id"],
        "phone-number": ids["number_id"],
        "number-difference": reported.id,
        "invitation": ids["invitation_id"],
        "invitation-report": ids["report_id"],
        "user": full_tenant.tenant.owner.id,
        "upgrade-request": request_id,
        "staff": staff.id,
    }
    assert set(found) == set(ACTIONS)
    return {kind: Row(kind, key) for kind, key in found.items()}
