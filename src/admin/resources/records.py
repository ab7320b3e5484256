"""What the product does and who runs it, as lists and details; and all the views in their order."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from admin.action_registry import actions_for
from admin.base_view import (
    Listing,
    Section,
    prefix,
    uuid_of,
)
from admin.filters import of_organization
from admin.formatters import MISSING, words
from admin.models import Staff, StaffRole
from admin.pages import viewer
from admin.resources.carrier_comparison import CarrierDayView, CarrierDifferenceView
from admin.resources.limits import AlertView, LimitOverrideView
from admin.resources.organizations import OrganizationView
from admin.resources.phone_numbers import CallView, EmbedTokenView, PhoneNumberView
from admin.resources.recent_activity import acts_of
from admin.resources.users import (
    InvitationView,
    MembershipView,
    UpgradeRequestView,
    UserView,
)
from kit.actor import ActorKind
from kit.audit import AuditEvent
from kit.jobs.queue import OutboxItem


class AuditEventView(Listing, model=AuditEvent):
    name_plural = "Audit trail"
    exports = True
    about = "Who did what, when and from where. Entries cannot be changed or deleted."
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
        "address",
        "details",
    )
    exact = {
        "organization_id": of_organization(AuditEvent),
        "actor_id": lambda typed: AuditEvent.actor_id == uuid_of(typed),
    }
    hint = "Id of a line"
    is_dated = True
    also = ("actor_id", "subject_id")

    def own_formatters(self) -> Mapping[Any, Any]:
        return {"actor_name": _actor, "subject_name": _subject}

    def heading(self, row: Any) -> str:
        return words(row.action)


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

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        return [await acts_of(self, row.id)]

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return prefix(Staff.email, term.lower())

    def heading(self, row: Any) -> str:
        return str(row.email)

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        return actions_for(request, self.identity, row)


_ACTORS = {ActorKind.USER.value: "user", ActorKind.STAFF.value: "staff"}
_SUBJECTS = {
    "account": "user",
    "alert": "alert",
    "call": "call",
    "embed_token": "embed-token",
    "invitation": "invitation",
    "organization": "organization",
    "phone_number": "phone-number",
    "staff": "staff",
    "upgrade": "upgrade-request",
    "user": "user",
}
"""Which kind of row an action is about, by what stands before its dot."""


def _actor(row: Any, _column: str, request: Request) -> str | Markup:
    kind = _ACTORS.get(row.actor_kind)
    return _row(request, kind, row.actor_id, row.actor_name)


def _subject(row: Any, _column: str, request: Request) -> str | Markup:
    kind = _SUBJECTS.get(row.action.partition(".")[0])
    return _row(request, kind, row.subject_id, row.subject_name)


def _row(request: Request, kind: str | None, key: UUID | None, name: str) -> str | Markup:
    """``name`` as a link to the row, for whoever may see its kind; a row that is gone says so itself."""
    is_open = kind != "staff" or viewer(request).role is StaffRole.ADMIN
    if kind is None or key is None or not is_open:
        return name or MISSING
    return Markup('<a href="/admin/{}/details/{}"><bdi>{}</bdi></a>').format(kind, key, name or str(key))


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
