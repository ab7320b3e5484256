"""What the product does and who runs it, as lists and details; and all the views in their order."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from admin.models import Staff, StaffRole
from admin.web.actions import actions_for
from admin.web.compared import CarrierDayView, CarrierDifferenceView
from admin.web.conditions import of_organization
from admin.web.limits import AlertView, LimitOverrideView
from admin.web.listing import Listing, prefix, uuid_of
from admin.web.phones import CallView, EmbedTokenView, PhoneNumberView
from admin.web.tenants import (
    InvitationView,
    MembershipView,
    OrganizationView,
    UpgradeRequestView,
    UserView,
)
from kit.audit import AuditEvent
from kit.outbox import OutboxItem


class AuditEventView(Listing, model=AuditEvent):
    name_plural = "Audit trail"
    exports = True
    about = "Who did what, when and from where. Nobody can change or delete these lines."
    symbol = "audit"
    column_list = (
        "created_at",
        "action",
        "actor_name",
        "actor_kind",
        "organization_id",
        "subject_name",
        "id",
    )
    column_details_list = (
        *column_list,
        "actor_id",
        "subject_id",
        "address",
        "details",
    )
    exact = {
        "organization_id": of_organization(AuditEvent),
        "actor_id": lambda typed: AuditEvent.actor_id == uuid_of(typed),
    }
    hint = "Id of a line"

    def heading(self, row: Any) -> str:
        return str(row.action)


class OutboxItemView(Listing, model=OutboxItem):
    name_plural = "Outbox"
    about = "Work that follows a commit, like mails, until it is done. What it holds is sealed."
    symbol = "leave"
    column_list = (
        "kind",
        "attempts",
        "due_at",
        "given_up_at",
        "failure",
        "created_at",
        "id",
    )
    column_details_list = column_list


class StaffView(Listing, model=Staff):
    name_plural = "Staff"
    about = "Who enters the back office. `epoch staff add EMAIL` makes accounts."
    symbol = "settings"
    at_least = StaffRole.ADMIN
    hint = "Beginning of an e-mail address, or id"
    column_list = (
        "email",
        "role",
        "joined_at",
        "totp_enabled_at",
        "disabled_at",
        "created_at",
        "id",
    )
    column_details_list = column_list

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return prefix(Staff.email, term.lower())

    def heading(self, row: Any) -> str:
        return str(row.email)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)


VIEWS: Sequence[type[Listing]] = (
    OrganizationView,
    UserView,
    PhoneNumberView,
    EmbedTokenView,
    CallView,
    UpgradeRequestView,
    AlertView,
    LimitOverrideView,
    AuditEventView,
    InvitationView,
    MembershipView,
    OutboxItemView,
    CarrierDayView,
    CarrierDifferenceView,
    StaffView,
)
