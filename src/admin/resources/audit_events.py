"""The audit log in the back office: list and detail page, with links to actors and subjects."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from admin.base_view import RecordView
from admin.filters import day_problem, first_id_after_day, first_id_of_day, organization_filter, parse_id
from admin.formatters import EMPTY_VALUE, humanize_name
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.page_helpers import back_office, viewer
from admin.resources.audit_search import ORGANIZATION_VIEWED, describe_organization, describe_person, read_actions
from kit.actor import ActorKind
from kit.audit import AuditEvent
from kit.text import is_valid_text

_VIEW_OF_ACTOR = {ActorKind.USER.value: "user", ActorKind.STAFF.value: "staff"}
_VIEW_OF_SUBJECT = {
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
"""The view of an event's subject, by the part of its action before the dot."""


def _is_on_day(text: str) -> sa.ColumnElement[bool]:
    if day_problem(text):
        return sa.false()
    # Ids begin with their time.
    return sa.and_(AuditEvent.id >= first_id_of_day(text), AuditEvent.id < first_id_after_day(text))


class AuditEventView(RecordView, model=AuditEvent):
    identity = "audit-event"
    name_plural = "Audit log"
    description = (
        "Who did what, when and from where. Entries cannot be changed or deleted; personal data in them can be erased."
    )
    menu_group = MenuGroup.SYSTEM
    icon = "audit"
    empty_text = "Every change appears here."
    is_exportable = True
    list_template = "admin/audit_list.html"
    no_match_text = "No event matches all of these filters. Clear one of them, or choose another day."
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
    extra_columns = ("actor_id", "subject_id")
    filters = {
        "organization_id": organization_filter(AuditEvent),
        "actor_id": lambda text: AuditEvent.actor_id == parse_id(text),
        # Limited to one action, because there is an index of actions and none of subjects.
        "subject_id": lambda text: sa.and_(
            AuditEvent.action == ORGANIZATION_VIEWED, AuditEvent.subject_id == parse_id(text)
        ),
        "action": lambda text: AuditEvent.action == text if is_valid_text(text) else sa.false(),
        "day": _is_on_day,
        # Set when none of the entered filters could be resolved: then the list is empty instead of unfiltered.
        "none": lambda _: sa.false(),
    }

    async def list_context(self, request: Request) -> dict[str, Any]:
        chosen = request.query_params
        actor, organization = chosen.get("actor_id"), chosen.get("organization_id") or chosen.get("subject_id")
        async with back_office(request).staff_database.sessions() as session:
            audit = {
                "person": await describe_person(session, parse_id(actor)) if actor else "",
                "organization": await describe_organization(session, parse_id(organization)) if organization else "",
                "actions": [(action, humanize_name(action)) for action in await read_actions(session)],
                "action": chosen.get("action", ""),
                "day": chosen.get("day", ""),
                "day_problem": day_problem(chosen.get("day", "")),
            }
        return {**await super().list_context(request), "audit": audit}

    def formatters(self) -> Mapping[Any, Any]:
        return {"actor_name": _format_actor, "subject_name": _format_subject}

    def label(self, key: str) -> str:
        return "When" if key == "created_at" else super().label(key)

    def heading(self, row: Any) -> str:
        return humanize_name(row.action)


def _format_actor(row: Any, _column: str, request: Request) -> str | Markup:
    return _link(request, _VIEW_OF_ACTOR.get(row.actor_kind), row.actor_id, row.actor_name)


def _format_subject(row: Any, _column: str, request: Request) -> str | Markup:
    return _link(request, _VIEW_OF_SUBJECT.get(row.action.partition(".")[0]), row.subject_id, row.subject_name)


def _link(request: Request, identity: str | None, key: UUID | None, name: str) -> str | Markup:
    """``name`` as a link to the record, if the viewer may see it. The page of a deleted record answers 404."""
    is_visible = identity != "staff" or viewer(request).role is StaffRole.ADMIN
    if identity is None or key is None or not is_visible:
        return name or EMPTY_VALUE
    return Markup('<a href="/admin/{}/details/{}"><bdi>{}</bdi></a>').format(identity, key, name or str(key))
