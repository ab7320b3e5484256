"""``/dashboard/<slug>/calls``: the list, filtered by query parameters, and one call with its timeline."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.list_filters import END_REASONS, parse_end_reason_filter, parse_name_filter, parse_number_filter
from calls.listing import CallFilters, CallListService
from calls.models import Call, CallEvent, CallStatus
from calls.refusal_help import FIXED_BY_NAMES, explain_call, refusal_facts
from calls.services import CallService
from carrier.error_codes import UNKNOWN_CODE_MESSAGE, error_message
from dashboard.date_filters import read_days
from dashboard.guards import requires_membership
from dashboard.pages import current_membership, fragment, render
from kit.db.paging import read_cursor, split_page
from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.schemas import rfc3339
from tenants.auth import current_member
from widget.services import EmbedTokenService

CALLS_PAGE_ROWS = 25
CALL_FILTER_FIELDS = ("since", "until", "status", "end_reason", "token", "number", "name")
STATUS_LABELS: Mapping[str, str] = {
    "initiated": "Starting",
    "ringing": "Ringing",
    "in-progress": "In progress",
    "completed": "Completed",
    "busy": "Busy",
    "no-answer": "No answer",
    "failed": "Failed",
    "canceled": "Canceled",
    "refused": "Refused",
}
STATUS_BADGES: Mapping[str, str] = {"completed": "ok", "in-progress": "ok", "failed": "danger", "refused": "danger"}
_EVENT_LABELS: Mapping[str, str] = {
    "initiated": "Started",
    "ringing": "Ringing",
    "in-progress": "Answered",
    "answered": "Answered",
    "completed": "Ended",
    "busy": "Busy",
    "no-answer": "Not answered",
    "failed": "Failed",
    "canceled": "Canceled",
}


class TimelineStep(msgspec.Struct, frozen=True):
    """One entry of a call's timeline."""

    at: dt.datetime
    text: str
    who: str


class CallPages(Controller):
    """Pages of the organization's calls."""

    path = "/dashboard/{slug:str}/calls"

    @get(guards=[requires_membership])
    async def index(
        self, request: Request[Any, Any, State], db_session: NamedDependency[AsyncSession]
    ) -> Response[str]:
        organization_id, form = current_member(request).organization_id, _filter_form(request)
        try:
            filters = read_filters(form, current_member(request).zone, current_member(request).country)
        except ValidationFailed as refusal:
            form, filters = form.refused(refusal), None
        after = read_cursor(request.query_params.get("after"))
        service = CallListService(db_session)
        rows = (
            () if filters is None else await service.page(organization_id, filters, after=after, limit=CALLS_PAGE_ROWS)
        )
        page, next_cursor = split_page(rows, CALLS_PAGE_ROWS)
        tokens = await EmbedTokenService(db_session).list_names(organization_id)
        kept = {name: text for name, text in form.values.items() if text}
        return render(
            request,
            "calls/index.html",
            status=200 if filters is not None else 400,
            form=form,
            calls=page,
            tokens=tokens,
            named=[(str(token_id), name) for token_id, name in tokens.items()],
            is_filtered=bool(kept),
            older=f"?{urlencode({**kept, 'after': next_cursor})}" if next_cursor else "",
            newest=f"?{urlencode(kept)}" if after is not None else "",
            export=_export_url(organization_id, filters or CallFilters()),
            words=STATUS_LABELS,
            reasons=END_REASONS,
            kinds=STATUS_BADGES,
        )

    @get("/{call_id:uuid}", guards=[requires_membership])
    async def show(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        call_id: FromPath[UUID],
    ) -> Response[str]:
        """Page of one call; a fragment of it for the list's side panel."""
        organization_id, service = current_member(request).organization_id, CallService(db_session)
        call = await service.get(organization_id, call_id)
        membership = current_membership(request)
        why = explain_call(call, membership.name if membership else "", current_member(request).zone)
        not_dialled = error_message(call.carrier_error)
        has_unknown_code = not_dialled is None and call.carrier_error is not None and call.status is CallStatus.FAILED
        context: dict[str, Any] = {
            "call": call,
            "steps": timeline(call, await service.visible_events(organization_id, call.id)),
            "token": await EmbedTokenService(db_session).get_name(organization_id, call.token_id),
            "why": why,
            "why_link": None if why is None else why.refusal.link(membership.slug if membership else ""),
            "why_facts": [] if why is None else refusal_facts(why),
            "fixed_by": None if why is None else FIXED_BY_NAMES[why.fixed_by],
            "carrier_reason": not_dialled,
            "failure": UNKNOWN_CODE_MESSAGE if has_unknown_code else None,
            "words": STATUS_LABELS,
            "kinds": STATUS_BADGES,
        }
        if request.headers.get("hx-request") == "true":
            return fragment(request, "calls/_call.html", **context)
        return render(request, "calls/show.html", **context)


def read_filters(form: Form, zone: dt.tzinfo, country: str) -> CallFilters:
    """Parse the filter bar: days are those of ``zone``, national numbers those of ``country``.

    Raises: ValidationFailed, with every wrong field.
    """
    wrong: list[tuple[str, str]] = []

    def read(field: str, parse: Any) -> Any:
        try:
            return parse(form[field]) if form[field] else None
        except ValidationFailed as error:
            wrong.extend(error.errors)
        except ValueError:
            wrong.append((field, "Not one of the choices"))
        return None

    filters = {
        "status": read("status", CallStatus),
        "token_id": read("token", UUID),
        "number": read("number", lambda typed: parse_number_filter(typed, country)),
        "name": read("name", parse_name_filter),
        "end_reason": read("end_reason", parse_end_reason_filter),
    }
    since = until = None
    try:
        since, until = read_days(form, zone)
    except ValidationFailed as error:
        wrong.extend(error.errors)
    if wrong:
        raise ValidationFailed(wrong)
    return CallFilters(**filters, since=since, until=until)


def timeline(call: Call, events: Sequence[CallEvent]) -> list[TimelineStep]:
    """Timeline entries for people, each fact once."""
    steps = [TimelineStep(call.started_at, "Call placed in the browser", "Caller")]
    if call.status is CallStatus.REFUSED:
        steps.append(TimelineStep(call.ended_at or call.started_at, "Refused before it was dialled", "Epoch Voice"))
    dialled = any(event.is_child for event in events)
    for event in events:
        # Of the caller's leg show only what the dialled leg does not: that it was hung up before dialling.
        if event.kind in _EVENT_LABELS and (event.is_child or not (dialled or event.kind == "initiated")):
            text = "Dialling" if event.kind == "initiated" else _EVENT_LABELS[event.kind]
            steps.append(TimelineStep(event.occurred_at, text, "Called number" if event.is_child else "Caller"))
    return steps


def _filter_form(request: Request[Any, Any, State]) -> Form:
    return Form({field: request.query_params.get(field, "").strip() for field in CALL_FILTER_FIELDS})


def _export_url(organization_id: UUID, filters: CallFilters) -> str:
    parameters = {
        "status": filters.status.value if filters.status else None,
        "number": filters.number.typed if filters.number else None,
        "name": filters.name,
        "token_id": filters.token_id,
        "since": rfc3339(filters.since),
        "until": rfc3339(filters.until),
        "end_reason": filters.end_reason,
    }
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"/api/organizations/{organization_id}/calls/export.csv" + (f"?{query}" if query else "")
