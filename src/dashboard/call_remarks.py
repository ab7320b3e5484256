"""``POST /dashboard/<slug>/calls/<id>``: saves outcome, note and tags of one call."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.outcomes.errors import CallErased, RemarksChanged
from calls.outcomes.services import Author, RemarkService
from calls.services import CallService
from dashboard.call_remarks_form import (
    FORM_FIELDS,
    edited_fields,
    remarks_form,
    remarks_of,
    saved_message,
    shown_fingerprints,
)
from dashboard.calls import call_context
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from kit.errors import ValidationFailed
from kit.http.forms import read_form
from tenants.auth import current_member


@post("/dashboard/{slug:str}/calls/{call_id:uuid}", guards=[requires_membership])
async def change_remarks(
    request: Request[Any, Any, State],
    db_session: NamedDependency[AsyncSession],
    slug: FromPath[str],
    call_id: FromPath[UUID],
) -> Response[str]:
    """Save the edited fields; 409 if somebody else changed one of them after the page was opened."""
    form, member = await read_form(request, *FORM_FIELDS), current_member(request)
    try:
        async with db_session.begin_nested():
            call = await RemarkService(db_session).change(
                member.organization_id,
                call_id,
                remarks_of(form),
                Author.of(member.actor),
                shown=shown_fingerprints(form),
            )
    except (ValidationFailed, CallErased) as refusal:
        context = await call_context(request, db_session, call_id, form.refused(refusal))
        return render(request, "calls/show.html", status=400, **context)
    except RemarksChanged as conflict:
        stored = await CallService(db_session).get(member.organization_id, call_id)
        edited = remarks_form(stored, edited_fields(form))
        context = await call_context(request, db_session, call_id, edited, conflict.fields)
        return render(request, "calls/show.html", status=409, **context)
    return redirect(request, f"/dashboard/{slug}/calls/{call_id}", saved_message(call))
