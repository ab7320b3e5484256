"""Sections of an organization's detail page: usage, limits and related records."""

from collections.abc import Sequence
from datetime import UTC

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from accounts.models import User
from admin.base_view import RecordView, Section, newest_rows
from admin.formatters import (
    ALERT_NAMES,
    EMPTY_VALUE,
    call_status_name,
    format_limit,
    format_number,
    format_time,
    humanize_name,
    limit_name,
    name_in,
)
from admin.resources.organizations.limits_section import limits_section
from calls.aggregates import CallTotals, outgoing_since, totals_columns
from calls.limits.models import Alert, LimitOverride
from calls.models import Call
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.text import format_duration
from kit.time_zones import start_of_day
from tenants.models import InvitationReport, Membership, Organization, PhoneNumber, UpgradeRequest
from widget.models import EmbedToken


async def organization_sections(view: RecordView, request: Request, organization: Organization) -> Sequence[Section]:
    """All sections, in their order on the page."""
    return [
        await limits_section(view, request, organization),
        await _usage(view, organization),
        await _alerts(view, organization),
        await _limit_overrides(view, organization),
        await _upgrade_requests(view, organization),
        await _invitation_reports(view, organization),
        await _phone_numbers(view, organization),
        await _embed_tokens(view, organization),
        await _members(view, organization),
        await _calls(view, organization),
        await _audit_events(view, organization),
    ]


async def _usage(view: RecordView, organization: Organization) -> Section:
    month = start_of_day(utc_now().date().replace(day=1), UTC)
    query = sa.select(*totals_columns()).where(*outgoing_since(organization.id, month))
    used = CallTotals(*(await view.fetch(query))[0])
    summary = f"Calls: {used.calls:,}, answered: {used.answered:,}"
    time = f"Minutes: {used.minutes:,} billed, talk time: {format_duration(used.seconds)}"
    return Section("Used this month (UTC)", [("", summary, time)])


async def _alerts(view: RecordView, organization: Organization) -> Section:
    query = sa.select(Alert.id, Alert.kind, Alert.created_at).where(
        Alert.owned_by(organization.id), Alert.resolved_at.is_(None)
    )
    items = [
        (f"/admin/alert/details/{row.id}", name_in(ALERT_NAMES, row.kind), format_time(row.created_at))
        for row in await view.fetch(newest_rows(query, Alert))
    ]
    return Section("Open alerts", items, _list_of("alert", organization))


async def _limit_overrides(view: RecordView, organization: Organization) -> Section:
    query = sa.select(LimitOverride.id, LimitOverride.name, LimitOverride.value, LimitOverride.ends_at).where(
        LimitOverride.owned_by(organization.id), LimitOverride.ends_at > utc_now()
    )
    items = [
        (
            f"/admin/limit-override/details/{row.id}",
            f"{limit_name(row.name)}: {format_limit(row.name, row.value)}",
            Markup("until {}").format(format_time(row.ends_at)),
        )
        for row in await view.fetch(newest_rows(query, LimitOverride))
    ]
    return Section("Limit overrides", items, _list_of("limit-override", organization))


async def _upgrade_requests(view: RecordView, organization: Organization) -> Section:
    query = sa.select(UpgradeRequest.id, UpgradeRequest.created_at, UpgradeRequest.outcome).where(
        UpgradeRequest.owned_by(organization.id)
    )
    items = [
        (
            f"/admin/upgrade-request/details/{row.id}",
            humanize_name(row.outcome or "open"),
            format_time(row.created_at),
        )
        for row in await view.fetch(newest_rows(query, UpgradeRequest))
    ]
    return Section("Upgrade requests", items, _list_of("upgrade-request", organization))


async def _invitation_reports(view: RecordView, organization: Organization) -> Section:
    query = (
        sa.select(InvitationReport.id, InvitationReport.created_at, User.email)
        .outerjoin(User, User.id == InvitationReport.invited_by)
        .where(InvitationReport.owned_by(organization.id))
    )
    items = [
        (
            f"/admin/invitation-report/details/{row.id}",
            f"Invited by {row.email or EMPTY_VALUE}",
            format_time(row.created_at),
        )
        for row in await view.fetch(newest_rows(query, InvitationReport))
    ]
    return Section("Reported invitations", items, _list_of("invitation-report", organization))


async def _phone_numbers(view: RecordView, organization: Organization) -> Section:
    query = sa.select(PhoneNumber.id, PhoneNumber.e164, PhoneNumber.released_at).where(
        PhoneNumber.owned_by(organization.id)
    )
    items = [
        (
            f"/admin/phone-number/details/{row.id}",
            format_number(row.e164),
            "Released" if row.released_at else "In use",
        )
        for row in await view.fetch(newest_rows(query, PhoneNumber))
    ]
    return Section("Phone numbers", items, _list_of("phone-number", organization))


async def _embed_tokens(view: RecordView, organization: Organization) -> Section:
    query = sa.select(EmbedToken.id, EmbedToken.label, EmbedToken.prefix, EmbedToken.revoked_at).where(
        EmbedToken.owned_by(organization.id)
    )
    items = [
        (
            f"/admin/embed-token/details/{row.id}",
            row.label or f"{row.prefix}…",
            "Revoked" if row.revoked_at else "Active",
        )
        for row in await view.fetch(newest_rows(query, EmbedToken))
    ]
    return Section("Embed tokens", items, _list_of("embed-token", organization))


async def _members(view: RecordView, organization: Organization) -> Section:
    query = (
        sa.select(User.id, User.email, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.owned_by(organization.id))
    )
    items = [
        (f"/admin/user/details/{row.id}", row.email, humanize_name(row.role))
        for row in await view.fetch(newest_rows(query, Membership))
    ]
    return Section("Members", items, _list_of("membership", organization))


async def _calls(view: RecordView, organization: Organization) -> Section:
    query = sa.select(Call.id, Call.to_number, Call.status).where(Call.owned_by(organization.id))
    items = [
        (f"/admin/call/details/{row.id}", format_number(row.to_number), call_status_name(row.status))
        for row in await view.fetch(newest_rows(query, Call))
    ]
    return Section("Latest calls", items, _list_of("call", organization))


async def _audit_events(view: RecordView, organization: Organization) -> Section:
    query = sa.select(AuditEvent.id, AuditEvent.action, AuditEvent.actor_name).where(
        AuditEvent.organization_id == organization.id
    )
    items = [
        (f"/admin/audit-event/details/{row.id}", humanize_name(row.action), row.actor_name)
        for row in await view.fetch(newest_rows(query, AuditEvent))
    ]
    return Section("Audit log", items, _list_of("audit-event", organization))


def _list_of(identity: str, organization: Organization) -> str:
    return f"/admin/{identity}/list?organization_id={organization.id}"
