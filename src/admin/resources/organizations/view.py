"""Organizations in the back office: list, search and detail page."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from accounts.models import User
from admin.actions.staff_action import StaffAction
from admin.base_view import RecordView, Section
from admin.filters import equals_enum, number_prefixes, starts_with
from admin.formatters import PLAN_OPTIONS, humanize_name
from admin.menu import MenuGroup
from admin.page_helpers import back_office
from admin.resources.organizations.actions import ORGANIZATION_ACTIONS
from admin.resources.organizations.details import organization_sections
from admin.resources.organizations.limit_actions import end_new_account_rule
from calls.limits.services import CallingRulesService
from tenants.models import Membership, Organization, PhoneNumber

MAX_SEARCH_MATCHES = 1000
"""For each searched column: two letters match too many organizations, in an order that no index has."""


def _has_status(text: str) -> sa.ColumnElement[bool]:
    columns = {"suspended": Organization.suspended_at, "invitations_paused": Organization.invitations_paused_at}
    return columns[text].is_not(None) if text in columns else sa.false()


class OrganizationView(RecordView, model=Organization):
    identity = "organization"
    name_plural = "Organizations"
    description = f"All customers' organizations. A search shows the first {MAX_SEARCH_MATCHES:,} matches."
    menu_group = MenuGroup.CUSTOMERS
    icon = "organization"
    empty_text = "Organizations appear here when customers create them."
    is_exportable = True
    is_view_audited = True
    search_label = "Name, slug, member’s e-mail, phone number or ID"
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
    column_details_list = (*column_list, "invitations_paused_at")
    extra_columns = ("limits", "invitations_paused_at")
    column_sortable_list = ("slug",)
    filters = {
        "plan": lambda text: equals_enum(Organization.plan, text),
        "status": _has_status,
    }
    filter_options = {
        "plan": PLAN_OPTIONS,
        "status": [("suspended", "Suspended"), ("invitations_paused", "Invitations paused")],
    }
    staff_actions = ORGANIZATION_ACTIONS

    def search(self, term: str) -> sa.ColumnElement[bool]:
        text = term.lower()
        matches = [
            sa.select(Organization.id).where(starts_with(sa.func.lower(Organization.name), text)),
            sa.select(Organization.id).where(starts_with(Organization.slug, text)),
        ]
        if prefixes := number_prefixes(term):
            is_number = sa.or_(*(starts_with(PhoneNumber.e164, start) for start in prefixes))
            matches.append(sa.select(PhoneNumber.organization_id).where(is_number))
        if "@" in text:
            members = sa.select(Membership.organization_id).join(User, User.id == Membership.user_id)
            matches.append(members.where(starts_with(User.email, text)))
        # Subqueries, so that each limit applies to its part and not to the union.
        limited = (sa.select(part.limit(MAX_SEARCH_MATCHES).subquery()) for part in matches)
        return Organization.id.in_(sa.union(*limited))

    def links(self, row: Any) -> Sequence[tuple[str, str]]:
        return [(f"/admin/refusals?organization={row.id}", "Why was this refused")]

    def heading(self, row: Any) -> str:
        return str(row.name)

    def confirmation_facts(self, row: Any) -> Sequence[tuple[str, Any]]:
        return (("Plan now", humanize_name(row.plan)),)

    async def actions_for(self, request: Request, row: Any) -> Sequence[StaffAction]:
        actions = await super().actions_for(request, row)
        if end_new_account_rule not in actions:
            return actions
        # An override, which is stored in another table, may have ended the organization's new-account rule.
        async with back_office(request).database.tenant_session(row.id) as session:
            rules = await CallingRulesService(session).get(row.id)
        return (
            actions if rules.limits.new_until else [action for action in actions if action is not end_new_account_rule]
        )

    def record_state(self, row: Any) -> str:
        return f"{row.plan.value} {row.suspended_at or ''} {row.invitations_paused_at or ''}"

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        return await organization_sections(self, request, row)
