"""Makes an organization with rows in all tables that organizations own, and computes digests of its rows."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from accounts.models import User
from calls.event_data import call_info_of_row
from calls.greetings.models import GreetingAudio, VoicemailGreeting
from calls.incoming.models import IncomingCaller, IncomingCallSettings, IncomingUsage, Voicemail
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
from calls.models import Call, CallEvent
from calls.outcomes.models import CallChange
from crm.models import CrmCallState, FailureReason, HubSpotCall, HubSpotConnection
from epoch.models import metadata
from events.event_types import EventType
from events.models import EVENT_OUTBOX, OrganizationEvent
from events.sequencer import EventSequencer
from kit.actor import SYSTEM, Actor, ActorKind
from kit.audit import AuditEvent, record
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.model import Base, TenantOwned
from phone_numbers.models import AddressState, RegisteredAddress, RegulatoryBundle
from support.call_factory import add_call
from support.factories import Factory, Tenant
from support.waiting import wait_until
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
    VerificationState,
    VerifiedNumber,
)
from webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from widget.models import BlockedOrigin

OWNED_TABLES: Mapping[str, sa.Table] = {
    table.name: table
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, (TenantOwned, AuditEvent)) and isinstance(table := mapper.local_table, sa.Table)
}
"""All tables of the models whose rows belong to an organization, by name."""


class FullTenant(NamedTuple):
    """A tenant, its users and API keys, and one id of each kind by the name of its path parameter."""

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
    voicemail = Voicemail(
        organization_id=organization_id,
        call_record_id=call_id,
        recording_sid=f"RE{secrets.token_hex(16)}",
        seconds=5,
    )
    greeting_audio = GreetingAudio(organization_id=organization_id, name="Christmas", seconds=1, wav=b"RIFF")
    # Not verified, because the reconciliation changes numbers that the carrier does not list.
    verified = VerifiedNumber(
        organization_id=organization_id, e164="+12125550133", state=VerificationState.FAILED, requested_at=utc_now()
    )
    greeting = VoicemailGreeting(organization_id=organization_id, name="Call me back", seconds=1, wav=b"RIFF")
    async with database.sessions() as session, session.begin():
        session.add_all([address, greeting_audio, verified, greeting])
        session.add(voicemail)
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
        event = OrganizationEvent(
            organization_id=organization_id, sequence=0, type=EventType.CALL_ENDED, subject_id=call_id, body="{}"
        )
        webhook = WebhookEndpoint(
            organization_id=organization_id,
            url="https://victim.example/",
            events=[EventType.CALL_ENDED.value],
            secret="sealed",
            paused_at=utc_now(),
        )
        hubspot = HubSpotConnection(
            organization_id=organization_id, access_token="sealed", portal_id="2519445", broken_at=utc_now()
        )
        session.add_all([event, webhook, hubspot])
        await session.flush()
        delivery = WebhookDelivery(
            organization_id=organization_id,
            endpoint_id=webhook.id,
            event_id=event.id,
            sequence=0,
            type=event.type.value,
            state=DeliveryState.DELIVERED,
            retry_until=utc_now(),
        )
        failure = HubSpotCall(
            organization_id=organization_id,
            connection_id=hubspot.id,
            call_record_id=call_id,
            state=CrmCallState.FAILED,
            reason=FailureReason.RECORD_MISSING,
        )
        session.add_all(
            [
                delivery,
                failure,
                CallEvent(
                    organization_id=organization_id,
                    call_record_id=call_id,
                    leg_sid=f"CA{secrets.token_hex(16)}",
                    is_child=False,
                    kind="initiated",
                    sequence=0,
                    occurred_at=utc_now(),
                ),
                CallChange(organization_id=organization_id, call_record_id=call_id, source="user", note="Called back"),
                BlockedOrigin(organization_id=organization_id, token_id=token.id, origin="https://elsewhere.example"),
                CallingRules(organization_id=organization_id, countries=["CA"]),
                IncomingCallSettings(organization_id=organization_id, settings={"voicemail": False}),
                IncomingUsage(organization_id=organization_id, day=utc_now()),
                IncomingCaller(organization_id=organization_id, number="+12125550166", hour_start=utc_now()),
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
    await assign_sequence_numbers(database)
    ids = {
        "organization_id": organization_id,
        "token_id": token.id,
        "call_id": call_id,
        "key_id": key.id,
        "invitation_id": sent.invitation.id,
        "report_id": report.id,
        "number_id": number_id,
        "address_id": address.id,
        "voicemail_id": voicemail.id,
        "audio_id": greeting_audio.id,
        "verified_number_id": verified.id,
        "greeting_id": greeting.id,
        "member_id": member_id,
        "webhook_id": webhook.id,
        "delivery_id": delivery.id,
        "failure_id": failure.id,
    }
    return FullTenant(tenant, removed, member, write_key, read_key, ids)


async def assign_sequence_numbers(database: Database) -> None:
    """Assign sequence numbers to all events now; a running application does it in the background."""
    sequencer = EventSequencer(database, {Call.__tablename__: call_info_of_row})

    async def is_outbox_empty() -> bool:
        await sequencer.run_once()
        async with database.sessions() as session:
            return not await session.scalar(sa.select(sa.exists(sa.select(EVENT_OUTBOX.c.id))))

    await wait_until(is_outbox_empty)


BACKGROUND_COLUMNS = ["last_used_at", "calls_without_record"]
"""Columns written in the background: the last use of tokens, and the number of calls that name no HubSpot record."""


async def fingerprints(database: Database, organization_id: UUID) -> dict[str, str | None]:
    """A digest of an organization's rows for each table; None for a table without rows of it.

    ``BACKGROUND_COLUMNS`` and events are left out, because they are written in the background some time later.
    """

    def digest(table: sa.Table, mine: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
        whole = sa.func.to_jsonb(sa.literal_column(f'"{table.name}"'))
        row = sa.cast(whole.op("-")(sa.cast(BACKGROUND_COLUMNS, sa.ARRAY(sa.Text))), sa.Text)
        return sa.select(sa.func.md5(sa.func.string_agg(row, sa.text("'|' ORDER BY id")))).where(mine).scalar_subquery()

    found = {
        name: digest(table, table.c.organization_id == organization_id)
        for name, table in OWNED_TABLES.items()
        if name != OrganizationEvent.__tablename__
    }
    organization = metadata.tables[Organization.__tablename__]
    found[organization.name] = digest(organization, organization.c.id == organization_id)
    async with database.sessions() as session:
        row = (await session.execute(sa.select(*(column.label(name) for name, column in found.items())))).one()
        return dict(row._mapping)
