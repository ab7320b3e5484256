"""Makes one row of each kind of record for which the back office has staff actions."""

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
    """A row, and the paths of the staff actions on it."""

    kind: str
    id: UUID

    def path(self, action: str) -> str:
        return f"/admin/{self.kind}/{self.id}/do/{action}"


async def override_of(database: Database, organization_id: UUID) -> LimitOverride:
    """The organization's only limit override."""
    async with database.sessions() as session:
        query = sa.select(LimitOverride).where(LimitOverride.owned_by(organization_id))
        return (await session.scalars(query)).one()


async def make_rows(database: Database, make: Factory) -> Mapping[str, Row]:
    """A row of each kind, in a state to which as many of its actions apply as one row allows."""
    full_tenant: FullTenant = await make_full_tenant(database, make)
    ids, staff = full_tenant.ids, await make_staff(database, StaffRole.SUPPORT)
    async with database.sessions() as session, session.begin():
        live = sa.update(Call).where(Call.id == ids["call_id"]).values(status=CallStatus.IN_PROGRESS)
        await session.execute(live)
        waiting = UpgradeRequest.owned_by(ids["organization_id"])
        request_id = (await session.scalars(sa.select(UpgradeRequest.id).where(waiting))).one()
        is_owned = Alert.owned_by(ids["organization_id"])
        alert_id = (await session.scalars(sa.select(Alert.id).where(is_owned))).one()
        # The application's reconciliation deletes discrepancies that it last saw before its own run.
        tomorrow = utc_now() + dt.timedelta(days=1)
        discrepancy = NumberDiscrepancy(
            e164="+13075550100", carrier_sid=f"PN{uuid4().hex}", reason=UNEXPLAINED, last_seen_at=tomorrow
        )
        await session.execute(sa.delete(NumberDiscrepancy).where(NumberDiscrepancy.e164 == discrepancy.e164))
        session.add(discrepancy)
    override = await override_of(database, ids["organization_id"])
    ids_by_kind = {
        "organization": ids["organization_id"],
        "limit-override": override.id,
        "alert": alert_id,
        "embed-token": ids["token_id"],
        "call": ids["call_id"],
        "phone-number": ids["number_id"],
        "number-difference": discrepancy.id,
        "invitation": ids["invitation_id"],
        "invitation-report": ids["report_id"],
        "user": full_tenant.tenant.owner.id,
        "upgrade-request": request_id,
        "staff": staff.id,
    }
    assert set(ids_by_kind) == set(ACTIONS)
    return {kind: Row(kind, row_id) for kind, row_id in ids_by_kind.items()}
