"""``/dashboard/<slug>/calls``: the list of calls, filtered by query parameters, and the page of one call."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.auth import current_viewer
from calls.call_state import VOICEMAIL_DROPPED_REASON
from calls.incoming.missed_calls import LaterCall, MissedCallService
from calls.incoming.voicemails import VoicemailService
from calls.list_filters import END_REASONS, parse_end_reason_filter, parse_name_filter, parse_number_filter
from calls.listing import CallFilters, CallListService
from calls.models import Call, CallStatus, Direction
from calls.outcomes.models import ChangeSource
from calls.outcomes.rules import MAX_NOTE_CHARACTERS, Outcome, parse_outcome_filter, parse_tag_filter
from calls.outcomes.services import OutcomeService, RemarkService
from calls.outcomes.shown_values import field_texts
from calls.refusal_help import FIXED_BY_NAMES, explain_call, refusal_facts
from calls.services import CallService
from carrier.error_codes import UNKNOWN_CODE_MESSAGE, error_message
from dashboard.call_remarks_form import REMARK_LABELS, remarks_form
from dashboard.call_timeline import timeline
from dashboard.date_filters import read_days
from dashboard.guards import requires_membership
from dashboard.pages import UNSEEN_MISSED_STATE, current_membership, fragment, render
from dashboard.voicemail_drops import voicemail_greeting_choices
from kit.clock import utc_now
from kit.db.paging import read_cursor, split_page
from kit.db.reading_session import ReadingSession
from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.schemas import rfc3339
from phone_numbers.services import PhoneNumberService
from tenants.auth import current_member
from widget.services import EmbedTokenService

CALLS_PAGE_ROWS = 25
CALL_FILTER_FIELDS = (
    "since",
    "until",
    "direction",
    "status",
    "end_reason",
    "outcome",
    "tag",
    "token",
    "from",
    "number",
    "name",
)
DIRECTION_CHOICES: Mapping[str, str] = {
    "outbound": "Outgoing",
    "inbound": "Incoming",
    "missed": "Missed",
    "not-missed": "Not missed",
}
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
    "voicemail": "Voicemail",
    "abandoned": "Abandoned",
}
STATUS_BADGES: Mapping[str, str] = {"completed": "ok", "in-progress": "ok", "failed": "danger", "refused": "danger"}
_MISSED_CHOICES: Mapping[str, bool] = {"missed": True, "not-missed": False}
"""The choices of the field ``direction`` that filter by missed calls, each with its value of that filter."""
MISSED_CALLS = CallFilters(missed=True, with_refused=True)
"""The filters of the list of missed calls. Opening its first page marks them as seen."""
_SOURCE_LABELS: Mapping[str, str] = {
    ChangeSource.USER: "",
    ChangeSource.API_KEY: " (API key)",
    ChangeSource.PHONE: " (on the phone)",
}


class CallPages(Controller):
    """Pages of the organization's calls."""

    path = "/dashboard/{slug:str}/calls"

    @get(guards=[requires_membership])
    async def index(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        reading_session: NamedDependency[ReadingSession],
    ) -> Response[str]:
        organization_id, form = current_member(request).organization_id, _filter_form(request)
        try:
            filters = read_filters(form, current_member(request).zone, current_member(request).country)
        except ValidationFailed as refusal:
            form, filters = form.refused(refusal), None
        after = read_cursor(request.query_params.get("after"))
        marks_seen = filters == MISSED_CALLS and after is None
        # Use one session for all queries of the page: each session takes a database connection.
        session = db_session if marks_seen else reading_session
        rows: Sequence[Call] = ()
        if filters is not None:
            rows = await CallListService(session).page(organization_id, filters, after=after, limit=CALLS_PAGE_ROWS)
        page, next_cursor = split_page(rows, CALLS_PAGE_ROWS)
        seen_until = await _mark_seen(request, session) if marks_seen else None
        tokens = await EmbedTokenService(session).list_names(organization_id)
        numbers = await PhoneNumberService(session).list_ever_held(organization_id)
        filter_values = {name: text for name, text in form.values.items() if text}
        return render(
            request,
            "calls/index.html",
            status=200 if filters is not None else 400,
            form=form,
            calls=page,
            seen_until=seen_until,
            later_calls=await _later_calls(session, organization_id, page),
            voicemail_ids=await VoicemailService(session).of_calls(organization_id, page),
            tokens=tokens,
            token_options=[(str(token_id), name) for token_id, name in tokens.items()],
            number_options=[(str(number.id), number.label) for number in numbers],
            is_filtered=bool(filter_values),
            older_url=f"?{urlencode({**filter_values, 'after': next_cursor})}" if next_cursor else "",
            newest_url=f"?{urlencode(filter_values)}" if after is not None else "",
            export_url=_export_url(organization_id, filters or CallFilters()),
            status_labels=STATUS_LABELS,
            end_reason_labels=END_REASONS,
            outcome_options=_outcome_options(
                await OutcomeService(session).list_all(organization_id), form["outcome"] or None
            ),
            status_badges=STATUS_BADGES,
            direction_choices=DIRECTION_CHOICES,
        )

    @get("/{call_id:uuid}", guards=[requires_membership])
    async def show(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        call_id: FromPath[UUID],
    ) -> Response[str]:
        """Page of one call; for an htmx request only the fragment that the list's side panel shows."""
        context = await call_context(request, db_session, call_id)
        if request.headers.get("hx-request") == "true":
            return fragment(request, "calls/_call.html", **context)
        return render(request, "calls/show.html", **context)


async def _mark_seen(request: Request[Any, Any, State], session: AsyncSession) -> dt.datetime:
    """Mark the missed calls as seen by the person; return the time since which calls are new to them."""
    member = current_member(request)
    request.scope["state"][UNSEEN_MISSED_STATE] = 0
    return await MissedCallService(session).mark_seen(
        member.organization_id, current_viewer(request).user_id, utc_now()
    )


async def _later_calls(session: AsyncSession, organization_id: UUID, calls: Sequence[Call]) -> Mapping[UUID, LaterCall]:
    """The later call that reached the caller of a missed or refused call, by the id of the missed or refused call."""
    service = MissedCallService(session)
    after_missed = await service.later_calls(organization_id, calls)
    return {**after_missed, **await service.calls_after_refusals(organization_id, calls)}


async def call_context(
    request: Request[Any, Any, State],
    session: AsyncSession,
    call_id: UUID,
    form: Form | None = None,
    overwritten: Sequence[str] = (),
) -> dict[str, Any]:
    """Template context of one call.

    ``form`` is a form that could not be saved; ``overwritten`` are the fields of the call that it would have
    overwritten. Raises: NotFound.
    """
    organization_id, service = current_member(request).organization_id, CallService(session)
    call = await service.get(organization_id, call_id)
    membership = current_membership(request)
    explanation = explain_call(call, membership.name if membership else "", current_member(request).zone)
    carrier_error = error_message(call.carrier_error)
    has_unknown_error = carrier_error is None and call.carrier_error is not None and call.status is CallStatus.FAILED
    outcomes = await OutcomeService(session).list_all(organization_id)
    return {
        "call": call,
        "form": form or remarks_form(call),
        "note_characters": MAX_NOTE_CHARACTERS,
        "overwritten": [(REMARK_LABELS[field], field_texts(call)[field]) for field in overwritten],
        "timeline_steps": timeline(call, await service.visible_events(organization_id, call.id)),
        "token": None
        if call.token_id is None
        else await EmbedTokenService(session).get_name(organization_id, call.token_id),
        "voicemail_ids": await VoicemailService(session).of_calls(organization_id, [call]),
        "later_calls": await _later_calls(session, organization_id, [call]),
        "explanation": explanation,
        "explanation_link": None
        if explanation is None
        else explanation.refusal.link(membership.slug if membership else ""),
        "explanation_facts": [] if explanation is None else refusal_facts(explanation),
        "fixed_by": None if explanation is None else FIXED_BY_NAMES[explanation.fixed_by],
        "carrier_error": carrier_error,
        "unknown_carrier_error": UNKNOWN_CODE_MESSAGE if has_unknown_error else None,
        "voicemail_greetings": await voicemail_greeting_choices(session, current_member(request), call),
        "is_voicemail_dropped": call.end_reason == VOICEMAIL_DROPPED_REASON,
        "status_labels": STATUS_LABELS,
        "status_badges": STATUS_BADGES,
        "outcome_options": [("", "None"), *_outcome_options(outcomes, call.outcome)],
        "remark_changes": await RemarkService(session).history(organization_id, call.id),
        "source_labels": _SOURCE_LABELS,
    }


def _outcome_options(outcomes: Sequence[Outcome], selected: str | None) -> list[tuple[str, str]]:
    """Options of a list of outcomes; ``selected`` is among them even if it was removed from the list."""
    names = [outcome.name for outcome in outcomes]
    if selected is not None and selected not in names:
        names.append(selected)
    return [(name, name) for name in names]


def read_filters(form: Form, zone: dt.tzinfo, country: str) -> CallFilters:
    """Parse the filter bar: days are read in ``zone``, national numbers as numbers of ``country``.

    Raises: ValidationFailed, with every wrong field.
    """
    errors: list[tuple[str, str]] = []

    def read(field: str, parse: Any) -> Any:
        try:
            return parse(form[field]) if form[field] else None
        except ValidationFailed as error:
            errors.extend(error.errors)
        except ValueError:
            errors.append((field, "Not one of the choices"))
        return None

    filters = {
        "status": read("status", CallStatus),
        "token_id": read("token", UUID),
        "from_number_id": read("from", UUID),
        "number": read("number", lambda typed: parse_number_filter(typed, country)),
        "name": read("name", parse_name_filter),
        "end_reason": read("end_reason", parse_end_reason_filter),
        "missed": _MISSED_CHOICES.get(form["direction"]),
        "with_refused": form["direction"] == "missed",
        "direction": None if form["direction"] in _MISSED_CHOICES else read("direction", Direction),
        "outcome": read("outcome", parse_outcome_filter),
        "tag": read("tag", parse_tag_filter),
    }
    since = until = None
    try:
        since, until = read_days(form, zone)
    except ValidationFailed as error:
        errors.extend(error.errors)
    if errors:
        raise ValidationFailed(errors)
    return CallFilters(**filters, since=since, until=until)


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
        "direction": filters.direction.value if filters.direction else None,
        "missed": None if filters.missed is None else str(filters.missed).lower(),
        "with_refused": "true" if filters.with_refused else None,
        "outcome": filters.outcome,
        "tag": filters.tag,
        "from_number_id": filters.from_number_id,
    }
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"/api/organizations/{organization_id}/calls/export.csv" + (f"?{query}" if query else "")
