"""Confirmation page of a staff action on several records selected in a list; runs the action on each record."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.actions.confirm_page import action_lock
from admin.actions.staff_action import ActionContext, StaffAction
from admin.base_view import RecordView, find_view
from admin.errors import StaleForm
from admin.filters import parse_id
from admin.list_view import PAGE_ROWS
from admin.page_helpers import back_office, read_form, redirect, render, render_form_errors, viewer
from admin.rules import ensure_staff_role, read_reason
from kit.errors import Conflict, DomainError, MalformedRequest, ValidationFailed
from kit.http.forms import Form, ensure_valid_text
from kit.parsing import parse_uuid

NONE_SELECTED = "Select at least one row. Nothing was changed."
NONE_APPLIES = "This does not apply to any of the selected rows. Nothing was changed."
_PATH = "/admin/{kind}/many/{action}"
_TEMPLATE = "admin/confirm_bulk.html"


class BulkAction(NamedTuple):
    """A bulk action and the view of the records that it changes."""

    view: RecordView
    action: StaffAction

    @property
    def return_path(self) -> str:
        return f"/admin/{self.view.identity}/list"


async def show(request: Request) -> Response:
    """The page for the selected rows. Raises: HTTPException, StaffRoleTooLow."""
    bulk = _bulk_action(request)
    selected = list(dict.fromkeys(parse_id(text) for text in request.query_params.getlist("row")))
    if not selected or len(selected) > PAGE_ROWS:
        return redirect(request, bulk.return_path, NONE_SELECTED, is_problem=True)
    records = await _records(request, bulk.view, selected)
    if not any(bulk.action.applies(record) for record in records):
        return redirect(request, bulk.return_path, NONE_APPLIES, is_problem=True)
    return await render(request, _TEMPLATE, form=None, **_page_context(bulk, records))


async def submit(request: Request) -> Response:
    """Run the action on the confirmed records. Raises: HTTPException, StaffRoleTooLow, MalformedRequest."""
    bulk, form = _bulk_action(request), await read_form(request, "reason", "seen")
    states = _parse_states(form["seen"])
    try:
        ensure_valid_text(form)
        reason = read_reason(form["reason"])
        async with action_lock(back_office(request).database, map(str, states)):
            succeeded, refusals = await _run(request, bulk, states, reason)
    except (ValidationFailed, Conflict) as refusal:
        records = await _records(request, bulk.view, list(states))
        return await render_form_errors(request, _TEMPLATE, form, refusal, **_page_context(bulk, records))
    notice = f"{succeeded} of {len(states)} {'is' if succeeded == 1 else 'are'} {bulk.action.bulk_result} now."
    return redirect(request, bulk.return_path, " ".join([notice, *refusals]), is_problem=bool(refusals))


async def _run(
    request: Request, bulk: BulkAction, states: Mapping[UUID, str], reason: str
) -> tuple[int, Sequence[str]]:
    """Run the action on each record; return the number of successes and a sentence for each refusal.

    Raises: StaleForm, before the first run, when a record was deleted or is not in the state that the form showed.
    """
    view, action = bulk
    records = await _records(request, view, list(states))
    if len(records) < len(states) or not all(
        states[record.id] == view.record_state(record) and action.applies(record) for record in records
    ):
        raise StaleForm
    by = msgspec.structs.replace(viewer(request).actor, reason=reason)
    succeeded, refusals = 0, []
    for record in records:
        # One transaction for each record, because the records belong to different organizations.
        try:
            await action.run(ActionContext(back_office(request), record, Form(), by))
            succeeded += 1
        except DomainError as refusal:
            refusals.append(f"{view.confirmation_name(record)}: {refusal.message}.")
    return succeeded, refusals


ROUTES = (Route(_PATH, show, methods=["GET"]), Route(_PATH, submit, methods=["POST"]))


def _bulk_action(request: Request) -> BulkAction:
    view = find_view(request, request.path_params["kind"])
    action = None if view is None else view.find_action(request.path_params["action"])
    if view is None or action is None or not action.is_bulk:
        raise HTTPException(404)
    ensure_staff_role(viewer(request).role, action.role)
    return BulkAction(view, action)


async def _records(request: Request, view: RecordView, ids: Sequence[UUID]) -> Sequence[Any]:
    """The records that exist, in the order of ``ids``."""
    async with back_office(request).staff_database.sessions() as session:
        found = {record.id: record for record in await session.scalars(view.select_details(ids))}
    return [found[key] for key in ids if key in found]


def _parse_states(text: str) -> dict[UUID, str]:
    """Each record's id and the state that the form showed. Raises: MalformedRequest."""
    try:
        states = {parse_uuid(key): state for key, _, state in (line.partition("=") for line in text.splitlines())}
    except ValueError as error:
        raise MalformedRequest("The form could not be read") from error
    if not 0 < len(states) <= PAGE_ROWS:
        raise MalformedRequest("The form could not be read")
    return states


def _page_context(bulk: BulkAction, records: Sequence[Any]) -> dict[str, Any]:
    view, action = bulk
    applicable = [record for record in records if action.applies(record)]
    return {
        "title": f"{action.label}: {len(applicable)} of {len(records)}",
        "action": action,
        "return_path": bulk.return_path,
        "names": [view.confirmation_name(record) for record in applicable],
        "left_out": [view.confirmation_name(record) for record in records if record not in applicable],
        "seen": "\n".join(f"{record.id}={view.record_state(record)}" for record in applicable),
    }
