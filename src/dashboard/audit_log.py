"""``/dashboard/<slug>/audit``: the organization's audit log for its admins, filtered by query parameters."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from calls.incoming.audit_texts import SETTING_LABELS, setting_text
from calls.limits.audit_texts import detail_text, limit_title
from dashboard.date_filters import read_days
from dashboard.guards import requires_membership
from dashboard.pages import render
from kit.audit import AuditEvent
from kit.db.paging import read_cursor, split_page
from kit.db.reading_session import ReadingSession
from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.schemas import rfc3339
from tenants.audit_log.services import (
    AuditFilters,
    AuditLogService,
    parse_filters,
)
from tenants.auth import current_member
from tenants.guards import requires_role
from tenants.models import Role

AUDIT_PAGE_ROWS = 50
AUDIT_FILTER_FIELDS = ("actor", "action", "since", "until")
ACTOR_KIND_LABELS: Mapping[str, str] = {"user": "", "api_key": "API key", "staff": "Staff", "system": "Automatic"}


class DetailRow(msgspec.Struct, frozen=True):
    """One detail of an event; ``previous_value`` is None where the event is not a change."""

    name: str
    previous_value: str | None
    value: str


@get("/dashboard/{slug:str}/audit", guards=[requires_membership, requires_role(Role.ADMIN)])
async def audit_log(
    request: Request[Any, Any, State], reading_session: NamedDependency[ReadingSession]
) -> Response[str]:
    organization_id = current_member(request).organization_id
    form = Form({field: request.query_params.get(field, "").strip() for field in AUDIT_FILTER_FIELDS})
    try:
        since, until = read_days(form, current_member(request).zone)
        filters = parse_filters(form["action"], form["actor"], since, until)
    except ValidationFailed as refusal:
        form, filters = form.refused(refusal), None
    after = read_cursor(request.query_params.get("after"))
    rows: Sequence[AuditEvent] = ()
    if filters is not None:
        rows = await AuditLogService(reading_session).list_events(
            organization_id, filters, after=after, limit=AUDIT_PAGE_ROWS
        )
    page, next_cursor = split_page(rows, AUDIT_PAGE_ROWS)
    filter_values = {name: text for name, text in form.values.items() if text}
    actions = {*await AuditLogService(reading_session).list_actions(organization_id), *filter(None, [form["action"]])}
    return render(
        request,
        "audit/index.html",
        status=200 if filters is not None else 400,
        form=form,
        events=[(event, detail_rows(event.details)) for event in page],
        actions=[(action, action_label(action)) for action in sorted(actions)],
        action_label=action_label,
        actor_kind_labels=ACTOR_KIND_LABELS,
        is_filtered=bool(filter_values),
        older_url=f"?{urlencode({**filter_values, 'after': next_cursor})}" if next_cursor else "",
        newest_url=f"?{urlencode(filter_values)}" if after is not None else "",
        export_url=_export_url(organization_id, filters or AuditFilters()),
    )


def action_label(action: str) -> str:
    """``embed_token.created`` as ``Embed token created``."""
    text = action.replace("_", " ").replace(".", " ")
    return (text[:1].upper() + text[1:]).replace("Api ", "API ")


def detail_rows(details: Mapping[str, Any] | None) -> list[DetailRow]:
    """Rows of an event's details; for a change only the fields that differ."""
    if not details:
        return []
    before, after = details.get("before"), details.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        # Of some changed settings the event has the name but no values.
        without_values = [name for name in details.get("changed", ()) if name not in after]
        names_row = DetailRow(
            "Also changed" if after else "Changed", None, ", ".join(map(_field_label, without_values))
        )
        return [*_changed_rows(before, after), *([names_row] if without_values else ())]
    limit = details.get("limit")
    return [DetailRow(_field_label(name), None, _field_text(name, value, limit)) for name, value in details.items()]


def _changed_rows(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[DetailRow]:
    rows = []
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict) and setting_text(name, new) is None:
            rows += _changed_rows(old, new)
        elif old != new:
            rows.append(DetailRow(_field_label(name), _field_text(name, old), _field_text(name, new)))
    return rows


def _field_label(name: str) -> str:
    return limit_title(name) or SETTING_LABELS.get(name) or name.replace("_", " ").capitalize()


def _field_text(name: str, value: Any, limit: object = None) -> str:
    if (text := setting_text(name, value)) is not None:
        return text
    if name == "changed" and isinstance(value, list):
        return ", ".join(_field_label(str(item)) for item in value) or "–"
    if isinstance(value, list):
        return ", ".join(_field_text(name, item) for item in value) or "–"
    if value is None or value == "":
        return "–"
    if (text := detail_text(name, value, limit=limit)) is not None:
        return text
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _export_url(organization_id: UUID, filters: AuditFilters) -> str:
    parameters = {
        "action": filters.action,
        "actor": filters.actor,
        "since": rfc3339(filters.since),
        "until": rfc3339(filters.until),
    }
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"/api/organizations/{organization_id}/audit/export.csv" + (f"?{query}" if query else "")
