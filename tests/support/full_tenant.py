"""Makes an organization with rows in all tables of tenants, and computes digests of its rows."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from accounts.models import User
from calls.limits.models import (
    Alert,
    AlertKind,
    BlockedNumber,
    CallDestination,
    CallingRules,
    CappedRejection,
    LimitOverride,
    TokenLimits,
    UsageCounter,
    UsageScope,
)
from calls.models import CallEvent
from epoch.models import metadata
from kit.actor import SYSTEM, Actor, ActorKind
from kit.audit import AuditEvent, record
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.model import Base, TenantOwned
from phone_numbers.models import AddressState, RegisteredAddress, RegulatoryBundle
from support.call_factory import add_call
from support.factories import Factory, Tenant
from tenants.api_keys.services import ApiKeyService
from tenants.invitations import InvitationService
from tenants.members import MemberService
from tenants.models import (
    InvitationReport,
    KeyScope,
    Membership,
    NumberPurchase,
    Organization,
    PhoneNumber,
    PurchaseState,
    Role,
    UpgradeRequest,
)
from widget.models import BlockedOrigin

OWNED_TABLES: Mapping[str, sa.Table] = {
    table.name: table
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, (TenantOwned, AuditEvent)) and isinstance(table := mapper.local_table, sa.Table)
}
"""All tables whose rows belong to an organization, by the models."""


class FullTenant(NamedTuple):
    """A tenant, its users and API keys, and one id of each kind by its name in paths."""

    tenant: Tenant
    removed: User
    member: User
    write_key: str
    read_key: str
    ids: Mapping[str, UUID]


async def make_full_tenant(database: Database, make: Factory) -> FullTenant:
    """Make an organization with at least one row in each of ``OWNED_TABLES``, and a removed member."""
    tenant = await make.tenant()
    organization_id = tenant.organization.id
    member, removed = [await make.member(tenant.organization, Role.MEMBER) for _ in range(2)]
    token = await make.token(tenant, allowed_domains=["victim.example"])
    call_id = await add_call(database, tenant, token, to_number="+12125550177")
    address = RegisteredAddress(
        organization_id=organization_id,
        country="DE",
        customer_name="Acme Realty",
        street="Unter den Linden 1",
        city="Berlin",
        region="Berlin",
        postal_code="10117",
        state=AddressState.REGISTERED,
        carrier_sid=f"AD{secrets.token_hex(16)}",
    )
    async with database.sessions() as session, session.begin():
        session.add(address)
        keys = ApiKeyService(session)
        key, write_key = await keys.issue(organization_id, label="Backend", scope=KeyScope.WRITE, by=SYSTEM)
        _, read_key = await keys.issue(organization_id, label="Reports", scope=KeyScope.READ, by=SYSTEM)
        sent = await InvitationService(session).invite(
            organization_id,
            email=f"{secrets.token_hex(6)}@example.com",
            role=Role.MEMBER,
            by=SYSTEM,
            inviter_role=Role.OWNER,
        )
        report = InvitationReport(
            organization_id=organization_id,
            invitation_id=sent.invitation.id,
            invited_by=tenant.owner.id,
            recipient=secrets.token_bytes(32),
            reports_so_far=1,
        )
        session.add_all(
            [
                CallEvent(
                    organization_id=organization_id,
                    call_record_id=call_id,
                    leg_sid=f"CA{secrets.token_hex(16)}",
                    is_child=False,
                    kind="initiated",
                    sequence=0,
                    occurred_at=utc_now(),
                ),
                BlockedOrigin(organization_id=organization_id, token_id=token.id, origin="https://elsewhere.example"),
                CallingRules(organization_id=organization_id, countries=["CA"]),
                BlockedNumber(organization_id=organization_id, number="+12125550188"),
                TokenLimits(organization_id=organization_id, token_id=token.id, live_calls=2),
                LimitOverride(
                    organization_id=organization_id, name="live_calls", value=9, ends_at=utc_now(), set_by="staff"
                ),
                UsageCounter(
                    organization_id=organization_id,
                    scope=UsageScope.ORGANIZATION,
                    key="",
                    minute_start=utc_now(),
                    day=utc_now(),
                    month=utc_now(),
                ),
                CappedRejection(
                    organization_id=organization_id,
                    token_id=token.id,
                    slot=0,
                    carrier_sid=f"CA{secrets.token_hex(16)}",
                    end_reason="emergency_number",
                    rejected_at=utc_now(),
                ),
                CallDestination(
                    organization_id=organization_id,
                    number="+12125550177",
                    is_foreign=False,
                    hour_start=utc_now(),
                    seen_at=utc_now(),
                ),
                Alert(
                    organization_id=organization_id,
                    kind=AlertKind.NEAR_LIMIT,
                    subject="minutes_per_day",
                    window_start=utc_now(),
                ),
                report,
                RegulatoryBundle(organization_id=organization_id, country="GB", carrier_sid="BU" + "0b" * 16),
                UpgradeRequest(organization_id=organization_id, requested_by=tenant.owner.id),
                NumberPurchase(
                    organization_id=organization_id,
                    e164=tenant.number,
                    state=PurchaseState.COMPLETED,
                    finished_at=utc_now() - dt.timedelta(hours=1),
                ),
            ]
        )
        await record(session, SYSTEM, "organization.populated", organization_id=organization_id)
        owner = Actor(ActorKind.USER, tenant.owner.id, tenant.owner.email)
        membership = Membership.owned_by(organization_id), Membership.user_id == removed.id
        removed_id = (await session.scalars(sa.select(Membership.id).where(*membership))).one()
        await MemberService(session).remove(organization_id, removed_id, by=owner)
        number = PhoneNumber.owned_by(organization_id)
        number_id = (await session.scalars(sa.select(PhoneNumber.id).where(number))).one()
        membership = Membership.owned_by(organization_id), Membership.user_id == tenant.owner.id
        member_id = (await session.scalars(sa.select(Membership.id).where(*membership))).one()
    ids = {
        "organization_id": organization_id,
        "token_id": token.id,
        "call_id": call_id,
        "key_id": key.id,
        "invitation_id": sent.invitation.id,
        "report_id": report.id,
        "number_id": number_id,
        "address_id": address.id,
        "member_id": member_id,
    }
    return FullTenant(tenant, removed, member, write_key, read_key, ids)


async def fingerprints(database: Database, organization_id: UUID) -> dict[str, str | None]:
    """A digest of an organization's rows for each table; None for a table without rows of it.

    The column ``last_used_at`` is left out, because it is written in the background some time after the use.
    """

    def digest(table: sa.Table, mine: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
        row = sa.cast(sa.func.to_jsonb(sa.literal_column(f'"{table.name}"')).op("-")("last_used_at"), sa.Text)
        return sa.select(sa.func.md5(sa.func.string_agg(row, sa.text("'|' ORDER BY id")))).where(mine).scalar_subquery()

    found = {name: digest(table, table.c.organization_id == organization_id) for name, table in OWNED_TABLES.items()}
    organization = metadata.tables[Organization.__tablename__]
    found[organization.name] = digest(organization, organization.c.id == organization_id)
    async with database.sessions() as session:
        row = (await session.execute(sa.select(*(column.label(name) for name, column in found.items())))).one()
        return dict(row._mapping)
