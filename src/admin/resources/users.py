"""Organizations and their people, as lists and details.

Every column is named: none appears by being added to a table.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from accounts.models import User
from admin.action_registry import actions_for
from admin.base_view import (
    Listing,
    Section,
    prefix,
    uuid_of,
)
from admin.filters import latest, of_organization
from admin.formatters import words
from admin.resources.recent_activity import acts_of
from tenants.models import Invitation, Membership, Organization, UpgradeRequest


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
                [(f"/admin/organization/details/{r.id}", r.name, words(r.role)) for r in found],
                f"/admin/membership/list?user_id={row.id}",
            ),
            await acts_of(self, row.id),
        ]


class MembershipView(Listing, model=Membership):
    name_plural = "Members"
    about = "Who belongs to which organization."
    symbol = "account"
    column_list = (
        "role",
        "user_id",
        "organization_id",
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
        "created_at",
        "organization_id",
        "requested_by",
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
