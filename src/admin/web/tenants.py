"""Organizations and their people, as lists and details.

Every column is named: none appears by being added to a table.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from accounts.models import User
from admin.web.actions import actions_for
from admin.web.cells import ALERTS, limit_name, moment
from admin.web.conditions import is_one, latest, numbers_like, of_organization
from admin.web.listing import Listing, Section, prefix, uuid_of
from kit.audit import AuditEvent
from kit.clock import utc_now
from tenants.models import Invitation, Membership, Organization, PhoneNumber, UpgradeRequest
from tenants.plans import Plan
from voice.calling.models import Alert, LimitOverride
from voice.models import Call
from voice.tallies import Tally, began_since, tally_columns
from widget.models import EmbedToken


class OrganizationView(Listing, model=Organization):
    name_plural = "Organizations"
    exports = True
    about = "Every tenant. Changes are made from an organization's own page."
    symbol = "overview"
    hint = "Name, slug, phone number or id"
    column_list = (
        "name",
        "slug",
        "plan",
        "country",
        "suspended_at",
        "deleted_at",
        "created_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "limits",
    )
    column_sortable_list = ("slug",)
    exact = {
        "plan": lambda typed: is_one(Organization.plan, typed),
        "status": lambda typed: Organization.suspended_at.is_not(None) if typed == "suspended" else sa.false(),
    }
    choices = {"plan": [(plan.value, plan.value.capitalize()) for plan in Plan], "status": [("suspended", "Suspended")]}
    is_personal = True

    def search(self, term: str) -> sa.ColumnElement[bool]:
        typed = term.lower()
        found = [
            sa.select(Organization.id).where(prefix(sa.func.lower(Organization.name), typed)),
            sa.select(Organization.id).where(prefix(Organization.slug, typed)),
            *(
                sa.select(PhoneNumber.organization_id).where(prefix(PhoneNumber.e164, start))
                for start in numbers_like(term)
            ),
        ]
        return Organization.id.in_(sa.union(*found))

    def heading(self, row: Any) -> str:
        return str(row.name)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        own, query = f"organization_id={row.id}", self._run_arbitrary_query
        numbers = sa.select(PhoneNumber.id, PhoneNumber.e164, PhoneNumber.released_at).where(
            PhoneNumber.owned_by(row.id)
        )
        tokens = sa.select(EmbedToken.id, EmbedToken.label, EmbedToken.prefix, EmbedToken.revoked_at).where(
            EmbedToken.owned_by(row.id)
        )
        members = (
            sa.select(User.id, User.email, Membership.role)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.owned_by(row.id))
        )
        calls = sa.select(Call.id, Call.to_number, Call.status).where(Call.owned_by(row.id))
        asks = sa.select(
            UpgradeRequest.id, UpgradeRequest.created_at, UpgradeRequest.outcome, UpgradeRequest.resolved_at
        ).where(UpgradeRequest.owned_by(row.id))
        events = sa.select(AuditEvent.id, AuditEvent.action, AuditEvent.actor_name).where(
            AuditEvent.organization_id == row.id
        )
        raised = sa.select(LimitOverride.id, LimitOverride.name, LimitOverride.value, LimitOverride.ends_at).where(
            LimitOverride.owned_by(row.id), LimitOverride.ends_at > utc_now()
        )
        alerts = sa.select(Alert.id, Alert.kind, Alert.created_at).where(
            Alert.owned_by(row.id), Alert.resolved_at.is_(None)
        )
        month = utc_now().date().replace(day=1)
        used = Tally(*(await query(sa.select(*tally_columns()).where(*began_since(row.id, month))))[0])
        return [
            Section(
                "Used this month",
                [("", f"Calls: {used.calls:,}, answered: {used.answered:,}", f"Minutes: {used.minutes:,}")],
            ),
            Section(
                "Open alerts",
                [
                    (f"/admin/alert/details/{r.id}", ALERTS[r.kind], moment(r.created_at))
                    for r in await query(latest(alerts, Alert))
                ],
                f"/admin/alert/list?{own}",
            ),
            Section(
                "Raised limits",
                [
                    (
                        f"/admin/limit-override/details/{r.id}",
                        f"{limit_name(r.name)}: {r.value:,}",
                        Markup("until {}").format(moment(r.ends_at)),
                    )
                    for r in await query(latest(raised, LimitOverride))
                ],
                f"/admin/limit-override/list?{own}",
            ),
            Section(
                "Upgrade requests",
                [
                    (f"/admin/upgrade-request/details/{r.id}", r.outcome or "Waits for an answer", moment(r.created_at))
                    for r in await query(latest(asks, UpgradeRequest))
                ],
                f"/admin/upgrade-request/list?{own}",
            ),
            Section(
                "Phone numbers",
                [
                    (f"/admin/phone-number/details/{r.id}", r.e164, "released" if r.released_at else "held")
                    for r in await query(latest(numbers, PhoneNumber))
                ],
                f"/admin/phone-number/list?{own}",
            ),
            Section(
                "Embed tokens",
                [
                    (
                        f"/admin/embed-token/details/{r.id}",
                        r.label or f"{r.prefix}…",
                        "revoked" if r.revoked_at else "active",
                    )
                    for r in await query(latest(tokens, EmbedToken))
                ],
                f"/admin/embed-token/list?{own}",
            ),
            Section(
                "Members",
                [
                    (f"/admin/user/details/{r.id}", r.email, r.role.value)
                    for r in await query(latest(members, Membership))
                ],
                f"/admin/membership/list?{own}",
            ),
            Section(
                "Latest calls",
                [
                    (f"/admin/call/details/{r.id}", r.to_number, r.status.value)
                    for r in await query(latest(calls, Call))
                ],
                f"/admin/call/list?{own}",
            ),
            Section(
                "Audit trail",
                [
                    (f"/admin/audit-event/details/{r.id}", r.action, r.actor_name)
                    for r in await query(latest(events, AuditEvent))
                ],
                f"/admin/audit-event/list?{own}",
            ),
        ]


class UserView(Listing, model=User):
    name_plural = "Users"
    exports = True
    about = "Customers' people. Staff are not among them."
    symbol = "account"
    hint = "Beginning of an e-mail address, or id"
    column_list = (
        "email",
        "name",
        "email_verified_at",
        "totp_enabled_at",
        "disabled_at",
        "created_at",
        "id",
    )
    column_details_list = column_list
    column_sortable_list = ("email",)
    is_personal = True

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return prefix(User.email, term.lower())

    def heading(self, row: Any) -> str:
        return str(row.email)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        places = (
            sa.select(Organization.id, Organization.name, Membership.role)
            .join(Membership, Membership.organization_id == Organization.id)
            .where(Membership.user_id == row.id)
        )
        found = await self._run_arbitrary_query(latest(places, Membership))
        return [
            Section(
                "Organizations",
                [(f"/admin/organization/details/{r.id}", r.name, r.role.value) for r in found],
                f"/admin/membership/list?user_id={row.id}",
            )
        ]


class MembershipView(Listing, model=Membership):
    name_plural = "Members"
    about = "Who belongs to which organization."
    symbol = "account"
    column_list = (
        "organization_id",
        "user_id",
        "role",
        "created_at",
        "id",
    )
    column_details_list = column_list
    exact = {
        "organization_id": of_organization(Membership),
        "user_id": lambda typed: Membership.user_id == uuid_of(typed),
    }


class UpgradeRequestView(Listing, model=UpgradeRequest):
    name_plural = "Upgrade requests"
    about = "Owners ask for a bigger plan. They get a mail with the answer."
    symbol = "usage"
    column_list = (
        "organization_id",
        "requested_by",
        "created_at",
        "outcome",
        "resolved_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "note",
    )
    exact = {
        "organization_id": of_organization(UpgradeRequest),
        "status": lambda typed: UpgradeRequest.resolved_at.is_(None) if typed == "waiting" else sa.false(),
    }
    choices = {"status": [("waiting", "Waiting")]}

    def heading(self, row: Any) -> str:
        return "Upgrade request"

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)


class InvitationView(Listing, model=Invitation):
    name_plural = "Invitations"
    about = "Mailed invitations into organizations."
    symbol = "docs"
    column_list = (
        "email",
        "organization_id",
        "role",
        "expires_at",
        "accepted_at",
        "revoked_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "invited_by",
        "created_at",
    )
    exact = {"organization_id": of_organization(Invitation)}

    def heading(self, row: Any) -> str:
        return str(row.email)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)
