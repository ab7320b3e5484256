"""Confirmation page of staff actions: shows the effect, asks for a reason, then runs the action."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.actions.staff_action import ActionContext, StaffAction
from admin.base_view import find_view
from admin.errors import AlreadyDone, StaleForm
from admin.filters import parse_id
from admin.formatters import ALERT_NAMES, name_in
from admin.page_helpers import back_office, read_form, redirect, render, render_form_errors, viewer
from admin.rules import ensure_staff_role, read_reason
from calls.limits.models import Alert
from kit.db.database import Database
from kit.errors import Conflict, NotFound, TooMany, Unavailable, ValidationFailed
from kit.http.forms import Form, ensure_valid_text

_OPERATIONS_PATH, _FROM_OPERATIONS = "/admin/operations", "operations"
_TEMPLATE = "admin/confirm.html"
_REFUSALS_ON_THE_FORM = (ValidationFailed, Conflict, TooMany, Unavailable)


class PendingAction(NamedTuple):
    """An action that waits for its confirmation."""

    action: StaffAction
    record: Any
    title: str
    state: str
    """The record's state; a form that was opened while the record had another state is refused."""
    lock_key: str
    return_path: str
    suggested_reason: str = ""
    facts: Sequence[tuple[str, Any]] = ()
    """Labels and values that the page shows above the fields."""

    def ensure_applies(self) -> None:
        """Check that the action applies to the record. Raises: AlreadyDone, whose message names the record's state."""
        if not self.action.applies(self.record):
            raise AlreadyDone(self.action.already_done_text(self.record))

    @property
    def page_context(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "action": self.action,
            "return_path": self.return_path,
            "seen": self.state,
            "facts": self.facts,
            "initial": self.action.initial_values(self.record),
        }


Loader = Callable[[Request], Awaitable[PendingAction]]
"""Finds the action and its record by the request's path. Raises: HTTPException, StaffRoleTooLow."""


def confirmation_routes(path: str, load: Loader) -> Sequence[Route]:
    """The confirmation page at ``path`` and its form."""

    async def show(request: Request) -> Response:
        pending = await load(request)
        preview: Sequence[str] = ()
        try:
            pending.ensure_applies()
            if pending.action.preview is not None and not pending.action.fields:
                # With nothing to enter, the first page can say what the action changes.
                context = ActionContext(back_office(request), pending.record, Form({}, {}), viewer(request).actor)
                preview = await pending.action.preview(context)
        except AlreadyDone as refusal:
            return redirect(request, pending.return_path, f"{refusal.message}.", is_problem=True)
        return await render(
            request,
            _TEMPLATE,
            form=None,
            preview=preview,
            previewed="",
            suggested_reason=pending.suggested_reason,
            **pending.page_context,
        )

    async def submit(request: Request) -> Response:
        return await _submit(request, load)

    return Route(path, show, methods=["GET"]), Route(path, submit, methods=["POST"])


async def _submit(request: Request, load: Loader) -> Response:
    pending = await load(request)
    fields = [field.name for field in pending.action.fields]
    form = await read_form(request, "reason", "seen", "previewed", *fields)
    entered = "|".join(form[name] for name in fields)
    try:
        ensure_valid_text(form)
        by = msgspec.structs.replace(viewer(request).actor, reason=read_reason(form["reason"]))
        if pending.action.preview is not None and form["previewed"] != entered:
            preview = await pending.action.preview(ActionContext(back_office(request), pending.record, form, by))
            return await render(
                request, _TEMPLATE, form=form, preview=preview, previewed=entered, **pending.page_context
            )
        async with action_lock(back_office(request).database, [pending.lock_key]):
            # Loaded again under the lock: the same form may have been sent twice.
            pending = await load(request)
            pending.ensure_applies()
            if form["seen"] != pending.state:
                raise StaleForm
            notice = await pending.action.run(ActionContext(back_office(request), pending.record, form, by))
    except NotFound:
        return redirect(request, pending.return_path, StaleForm.message, is_problem=True)
    except _REFUSALS_ON_THE_FORM as refusal:
        return await render_form_errors(request, _TEMPLATE, form, refusal, **pending.page_context)
    return redirect(request, pending.return_path, notice)


@asynccontextmanager
async def action_lock(database: Database, keys: Iterable[str]) -> AsyncIterator[None]:
    """Lock ``keys`` against other staff actions of all workers. Raises: StaleForm, when one of them has a key.

    ``database`` is the customers': the lock keeps a connection while the action uses another, and the staff's engine
    may have only one.
    """
    names = sa.func.unnest(sa.cast([f"admin.action.{key}" for key in keys], ARRAY(sa.Text))).column_valued("key")
    locked = sa.select(sa.func.bool_and(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(names))))
    async with database.sessions() as session, session.begin():
        if not await session.scalar(locked):
            raise StaleForm
        yield


async def _load_record_action(request: Request) -> PendingAction:
    """The action named in the path, with its record. Raises: HTTPException, StaffRoleTooLow."""
    identity, slug, record_id = (request.path_params[key] for key in ("kind", "action", "row_id"))
    view = find_view(request, identity)
    action = None if view is None else view.find_action(slug)
    if view is None or action is None:
        raise HTTPException(404)
    # Before the record is read, so that staff without the role cannot find out which records exist.
    ensure_staff_role(viewer(request).role, action.role)
    async with back_office(request).staff_database.sessions() as session:
        record = (await session.scalars(view.select_details([record_id]))).one_or_none()
    if record is None:
        raise HTTPException(404)
    is_from_operations = request.query_params.get("from") == _FROM_OPERATIONS
    return PendingAction(
        action,
        record,
        title=f"{action.label}: {view.confirmation_name(record)}",
        state=view.record_state(record),
        lock_key=str(record_id),
        return_path=_OPERATIONS_PATH if is_from_operations else f"/admin/{identity}/details/{record_id}",
        suggested_reason=await _suggested_reason(request, record),
        facts=view.confirmation_facts(record),
    )


async def _suggested_reason(request: Request, organization: Any) -> str:
    """A reason for an action on an organization that was started from one of its alerts; else empty."""
    alert_id = request.query_params.get("alert")
    if not alert_id or request.method != "GET":
        return ""
    query = sa.select(Alert.kind).where(Alert.id == parse_id(alert_id), Alert.organization_id == organization.id)
    async with back_office(request).staff_database.sessions() as session:
        kind = await session.scalar(query)
    return "" if kind is None else f"Alert: {name_in(ALERT_NAMES, kind).lower()}"


ROUTES = confirmation_routes("/admin/{kind}/{row_id:uuid}/do/{action}", _load_record_action)
