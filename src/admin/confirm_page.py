"""The page that asks first, and the form behind it: what will happen, why, and then it is done."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import load_only
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.action_handlers import Deed
from admin.action_registry import KINDS, Action, Kind
from admin.back_office import BackOffice
from admin.base_view import uuid_of
from admin.errors import Stale
from admin.formatters import ALERTS
from admin.pages import (
    again,
    office,
    read_form,
    redirect,
    render,
    viewer,
)
from admin.rules import REASON_CHARACTERS, ensure_staff_role, read_reason
from calls.limits.models import Alert
from kit.errors import Conflict, NotFound, TooMany, Unavailable, ValidationFailed
from kit.http.forms import ensure_valid_text

OPERATIONS, FROM_OPERATIONS = "/admin/operations", "operations"
_SHOWN_AGAIN = (ValidationFailed, Conflict, TooMany, Unavailable)


class Asked(NamedTuple):
    """What is to be done to what."""

    kind: Kind
    action: Action
    row: Any
    back: str


async def ask(request: Request) -> Response:
    """Raises: HTTPException, StaffRoleTooLow."""
    asked = await _asked(request)
    if not asked.action.applies(asked.row):
        return redirect(request, asked.back, Stale.message, is_problem=True)
    suggested = await _suggested(request, asked)
    return await render(request, "office/confirm.html", form=None, suggested=suggested, **_shown(asked))


async def act(request: Request) -> Response:
    """Raises: HTTPException, StaffRoleTooLow."""
    asked = await _asked(request)
    fields = [field.name for field in asked.action.fields]
    form = await read_form(request, "reason", "seen", "looked_at", *fields)
    typed = "|".join(form[name] for name in fields)
    try:
        ensure_valid_text(form)
        reason = read_reason(form["reason"])
        by = msgspec.structs.replace(viewer(request).actor, reason=reason)
        if asked.action.look is not None and form["looked_at"] != typed:
            found = await asked.action.look(Deed(office(request), asked.row, form, by))
            return await render(
                request, "office/confirm.html", form=form, found=found, looked_at=typed, **_shown(asked)
            )
        async with alone_with(office(request), [asked.row.id]):
            # As it is now: the same form may have been sent twice.
            asked = await _asked(request)
            if form["seen"] != asked.kind.state(asked.row) or not asked.action.applies(asked.row):
                raise Stale
            done = await asked.action.work(Deed(office(request), asked.row, form, by))
    except NotFound:
        return redirect(request, asked.back, Stale.message, is_problem=True)
    except _SHOWN_AGAIN as refusal:
        return await again(request, "office/confirm.html", form, refusal, **_shown(asked))
    return redirect(request, asked.back, done)


@asynccontextmanager
async def alone_with(office: BackOffice, rows: Iterable[UUID]) -> AsyncIterator[None]:
    """Nobody of the staff changes ``rows`` but what is inside, on any worker. Raises: Stale, when somebody does."""
    keys = sa.func.unnest(sa.cast([f"admin.acts.{row}" for row in rows], ARRAY(sa.Text))).column_valued("key")
    taken = sa.select(sa.func.bool_and(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(keys))))
    async with office.reading.sessions() as session, session.begin():
        if not await session.scalar(taken):
            raise Stale
        yield


ROUTES = tuple(
    Route("/admin/{kind}/{row_id:uuid}/do/{action}", endpoint, methods=[method])
    for endpoint, method in ((ask, "GET"), (act, "POST"))
)


async def _asked(request: Request) -> Asked:
    """The role is asked for before the row: nobody learns by an action that is not theirs what there is."""
    name, slug, row_id = (request.path_params[key] for key in ("kind", "action", "row_id"))
    kind = KINDS.get(name)
    action = None if kind is None else next((action for action in kind.actions if action.slug == slug), None)
    if kind is None or action is None:
        raise HTTPException(404)
    ensure_staff_role(viewer(request).role, action.at_least)
    async with office(request).reading.sessions() as session:
        only = load_only(*kind.columns, raiseload=True)
        row = await session.get(kind.model, row_id, options=[only])
    if row is None:
        raise HTTPException(404)
    is_from_operations = request.query_params.get("from") == FROM_OPERATIONS
    return Asked(kind, action, row, OPERATIONS if is_from_operations else f"/admin/{name}/details/{row_id}")


async def _suggested(request: Request, asked: Asked) -> str:
    """The reason that an alert gives for what is done to its organization."""
    given = request.query_params.get("alert")
    if not given:
        return ""
    mine = Alert.id == uuid_of(given), Alert.organization_id == asked.row.id
    async with office(request).reading.sessions() as session:
        kind = await session.scalar(sa.select(Alert.kind).where(*mine))
    return "" if kind is None else f"Alert: {ALERTS[kind].lower()}"


def _shown(asked: Asked) -> dict[str, Any]:
    return {
        "title": f"{asked.action.label}: {asked.kind.name(asked.row)}",
        "action": asked.action,
        "back": asked.back,
        "seen": asked.kind.state(asked.row),
        "reason_characters": REASON_CHARACTERS,
    }
